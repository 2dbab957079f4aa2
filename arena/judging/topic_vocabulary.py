# ruff: noqa: RUF001  # letters of many scripts
"""The words and patterns that `arena.judging.topics` uses to recognize topics.

Precision matters more than recall. A word with other common meanings counts only if its sentence contains another word
of the topic.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from arena.judging.style_features import CHARACTER_COUNTED_SCRIPTS, strip_marks
from arena.judging.word_lists import load_lists

WORD = re.compile(rf"\d++|[^\W\d_{CHARACTER_COUNTED_SCRIPTS}]++(?:\+\+|#)?")
CHARACTER_COUNTED_AS_WORD = re.compile(rf"[{CHARACTER_COUNTED_SCRIPTS}]")
PHRASE_SIZES = range(1, 4)


def split_words(text: str) -> list[str]:
    return WORD.findall(strip_marks(text).casefold())


@dataclass(frozen=True)
class Sentence:
    """A sentence with its words and all of its phrases of up to three words."""

    text: str

    @cached_property
    def words(self) -> list[str]:
        return split_words(self.text)

    @cached_property
    def phrases(self) -> frozenset[str]:
        words = self.words
        return frozenset(
            " ".join(words[start : start + size]) for size in PHRASE_SIZES for start in range(len(words) - size + 1)
        )


class Vocabulary:
    """A set of words and short phrases, which are separated by bars or line breaks.

    A sentence is `in` the vocabulary if it contains one of them.
    """

    def __init__(self, lines: str) -> None:
        terms = {term.strip() for term in lines.replace("\n", "|").split("|") if term.strip()}
        unspaced = {term for term in terms if CHARACTER_COUNTED_AS_WORD.search(term)}
        self.phrases = frozenset(" ".join(split_words(term)) for term in terms - unspaced)
        self._unspaced = re.compile("|".join(sorted(map(re.escape, unspaced)))) if unspaced else None

    def __contains__(self, sentence: Sentence) -> bool:
        if not self.phrases.isdisjoint(sentence.phrases):
            return True
        return bool(self._unspaced and not sentence.text.isascii() and self._unspaced.search(sentence.text))


def build_alternation(patterns: str | Sequence[str]) -> str:
    """Return a pattern that matches any of these patterns. A string contains patterns separated by whitespace."""
    alternatives = patterns.split() if isinstance(patterns, str) else patterns
    return f"(?:{'|'.join(alternatives)})"


def compile_alternation(*patterns: str) -> re.Pattern[str]:
    return re.compile(build_alternation(patterns))


_lists = load_lists("topics")


def _get_words(name: str) -> frozenset[str]:
    return frozenset(split_words(_lists[name]))


# --- coding
CODE_LANGUAGES = _get_words("code_languages")
_CODE_AT_START = (
    r"(?:async )?def \w+\(",
    r"class \w+(?:\(\w*\))?:\s*$",
    r"from [\w.]+ import\b",
    r"import [\w.]+(?: as \w+|;)",
    r"for \w+ in .{1,80}:\s*$",
    r"at [\w.$<>]{3,200}\([\w.]{1,100}:\d+\)",
)
_CODE_AT_WORD = (
    r"public (?:static|class|void|int)\b",
    r"function\s{0,3}\w{0,40}\([^()\n]{0,200}\)\s{0,3}\{",
    r"console\.log\(|System\.out\.print",
    r"(?:print|printf|println|echo|len|range|malloc|sizeof)\([\w\"'&]",
    r"SELECT\b.{1,200}\bFROM\b|INSERT INTO\b|CREATE TABLE\b",
    r"git (?:pull|push|rebase|commit|merge|clone|checkout|stash|reset)\b",
    r"(?:npm (?:install|run)|pip install|docker (?:run|build|compose)|kubectl|apt-get|sudo \w+)\b",
    r"[A-Z]\w{1,40}(?:Error|Exception)\b|undefined is not\b|[Ss]egmentation fault\b",
    r"(?:for|while|if|switch) ?\([^()\n]{1,200}\) ?\{",
    r"(?:const|let|var) \w+ ?= ?\S|(?:int|float|char|string|double|void|bool)\*? \w+ ?(?:=|\(|\[)",
)
CODE_PATTERN = re.compile(
    rf"^\s{{0,40}}{build_alternation(_CODE_AT_START)}|\b{build_alternation(_CODE_AT_WORD)}"
    r"|#include\s{0,3}[<\"]|Traceback \(most recent call last\)"
    r"|</(?:div|span|p|a|ul|li|html|body|head|script|table|td|h\d)>"
    r"|<(?:div|span|html|script|input|button|form|img)(?:\s[^<>\n]{0,200})?>"
)
CODE_HINT = re.compile(
    r"[;{}]\s*$|^\s*\w[\w.\[\]]{0,60} ?(?:[-+*/|&]?=|:=) ?[^=\s]|(?:==|!=|&&|\|\||->|=>|::)|^\s*(?://|/\*|#!)"
)
TOOLS = Vocabulary(_lists["tools"])
WORDLIKE_TOOLS = Vocabulary(_lists["wordlike_tools"])
TOOL_PREPOSITIONS = _get_words("tool_prepositions")
CODE_TERMS = Vocabulary(_lists["code_terms"])
CODING_VERBS = Vocabulary(_lists["coding_verbs"])
PROGRAM_TERMS = Vocabulary(_lists["program_terms"])
UNAMBIGUOUS_CODE = Vocabulary(_lists["unambiguous_code"])

# --- math
FORMULA = compile_alternation(
    r"\\(?:frac|int|iint|sum|sqrt|lim|prod|infty|partial|nabla|mathbb|binom|cdot|leq|geq|begin\{[bpv]?matrix\})(?![a-z])",
    r"[∫∑∏√∂∇∮∀∃∈∉⊂⊆≡≅]",
    r"(?<![\w.'])\d{0,9}[a-ln-z] ?(?:\^ ?[({-]?\w|[²³])",
    r"(?<![\w.])\d{0,9}[a-z] ?[-+*−] ?\d{0,9}[a-z]? ?= ?[-\da-z]",
    r"(?<![\w.])\d{1,9}[a-z] ?(?:[-+*−] ?\d{1,9}[a-z]? ?)?= ?-?\d",
    r"\b[fgh]\([xyt]\) ?=",
    r"(?<![\w.\])])\(\d{1,9}[a-z] ?[-+−] ?\d",
    r"(?<![\w.])(?:sqrt|log|ln|sin|cos|tan)\d{0,2}\(\d",
    r"\d ?% ?(?:of|von|de|del|di|от) \$?\d",
)  # fmt: skip
DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}")
ARITHMETIC_ONLY = re.compile(
    r"[\d\s().,]*\d\s?\)?(?:\s?[+*×÷^]\s?|\s[-/]\s|[-/](?=[\d\s]*=))\(?\d[\d\s+\-*/×÷^().,=?]*"
)
ARITHMETIC = re.compile(r"\d\s?[*+×÷^]\s?\d|\d\s[-−/x]\s\d|\d\s?(?:plus|minus|times|mal|fois|por|divided by)\s\d")
CALCULATION_REQUESTS = Vocabulary(_lists["calculation_requests"])
MATH_TASKS = Vocabulary(_lists["math_tasks"])
MATH_OBJECTS = Vocabulary(_lists["math_objects"])
UNAMBIGUOUS_MATH = Vocabulary(_lists["unambiguous_math"])
NUMERIC_TOPICS = Vocabulary(_lists["numeric_topics"])
CHANCE_OBJECTS = Vocabulary(_lists["chance_objects"])
AMOUNT_QUESTIONS = Vocabulary(_lists["amount_questions"])
QUANTITY = re.compile(
    rf"\d(?:[.,]\d+)?\s?(?:%|(?!(?:and|or|und|oder|et|ou|y|o|to|bis)\b)[^\W\d_A-Z]{{2,}}|[{CHARACTER_COUNTED_SCRIPTS}])|[$€£]\d"
)
SUPPOSITION_WORDS = Vocabulary(_lists["supposition_words"])

# --- creative writing
WRITING_VERBS = _get_words("writing_verbs")
CREATIVE_FORMS = _get_words("creative_forms")
CREATIVE_PHRASES = Vocabulary(_lists["creative_phrases"])
BLOCKING_WORDS = _get_words("blocking_words")
MAX_GAP = 5
WORDS_NEAR = 4
MODAL_VERBS = _get_words("modal_verbs")
OPENING_WORDS = _get_words("opening_words")
ABOUT_WORDS = _get_words("about_words")
COMPOUND_HEADS = _get_words("compound_heads")
DEFINITE_ARTICLES = _get_words("definite_articles")
OF_PREPOSITIONS = _get_words("of_prepositions")
ROLE_PLAY = Vocabulary(_lists["role_play"])
HOW_WORDS = _get_words("how_words")
CREATIVE_UNSPACED = compile_alternation(
    r"(?:写|寫|创作|創作|讲|講|编)[^。\n]{0,20}(?:诗|詩|故事|小说|小說|歌词|歌詞|剧本|童话|笑话)",
    r"(?:詩|物語|小説|俳句|歌詞|童話|脚本)[^。\n]{0,10}(?:書い|作っ|考え)",
    r"(?:시|소설|이야기|동화|가사)[를을]?[^.\n]{0,10}(?:써|지어|만들어|들려)",
)
ANALYSIS_PHRASES = Vocabulary(_lists["analysis_phrases"])
