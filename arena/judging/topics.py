"""What a battle was about, from the voter's words alone. Pure, linear in the text.

Answers are not looked at: choosing battles by them would choose by the outcome. The names are those of the public
arenas; where they ask a model or an embedding, words and patterns decide here, so that anyone can recompute it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from arena.judging import topic_vocabulary as words
from arena.judging.language_id import LANGUAGES, detect_language
from arena.judging.stated_constraints import SEVERAL, count_constraints, count_steps
from arena.judging.style_features import CODE_SPAN, iter_lines_with_fence, measure_length
from arena.judging.topic_vocabulary import Sentence

LONG_QUERY_LENGTH = 500
MIN_CODE_HINTS = 2
MAX_PROBLEM_LENGTH = 150
SENTENCE_END = re.compile(r"[.!?…](?=\s)|[。！？；\n]")  # noqa: RUF001  # full-width marks end sentences too
CATEGORY_NAMES = {
    "coding": "Coding",
    "math": "Math",
    "creative-writing": "Creative writing",
    "instruction-following": "Instruction following",
    "hard-prompts": "Hard prompts",
    "longer-query": "Longer query",
    "multi-turn": "Multi-turn",
    **{each.lower(): each for each in sorted(set(LANGUAGES.values()))},
}


def classify_prompts(prompts: Sequence[str]) -> list[str]:
    """Slugs of all categories of a conversation, in the order of `CATEGORY_NAMES`; `prompts` are all its prompts, in
    order.

    coding                 code, an error message, or a request for code or about it
    math                   a formula to work on, or a task that has to be calculated or proved
    creative-writing       a poem, story, song, joke, role-play and the like is asked for
    instruction-following  at least one condition on the answer itself that one could check: its length, its shape,
                           what must or must not be in it
    hard-prompts           three or more such conditions and stated steps
    longer-query           a prompt of 500 or more words and punctuation marks (see `style_features`)
    multi-turn             two or more prompts
    english, german, …     the language of a prompt, where it is certain (`arena.judging.language_id.detect_language`)

    A conversation has what any of its prompts has.
    """
    found = {slug for text in prompts for slug in _classify_prompt(text)}
    if len(prompts) > 1:
        found.add("multi-turn")
    return [slug for slug in CATEGORY_NAMES if slug in found]


def _classify_prompt(text: str) -> list[str]:
    prompt = Prompt.of(text)
    stated = count_constraints(prompt.lower)
    rules = {
        "coding": prompt.is_coding(),
        "math": prompt.is_math(),
        "creative-writing": prompt.is_creative(),
        "instruction-following": stated > 0,
        "hard-prompts": stated + count_steps(prompt.lower, prompt.sentences) >= SEVERAL,
        "longer-query": prompt.length >= LONG_QUERY_LENGTH,
        (detect_language(text) or "").lower(): True,
    }
    return [slug for slug, holds in rules.items() if slug and holds]


@dataclass(frozen=True)
class Prompt:
    """A prompt in parts: its length, the prose outside code blocks with its sentences, and the blocks."""

    length: int
    prose: str
    lower: str
    sentences: list[Sentence]
    fences: frozenset[str]
    fenced: list[str]

    @classmethod
    def of(cls, text: str) -> "Prompt":
        lines = list(iter_lines_with_fence(text))
        prose = "\n".join(line for line, fence in lines if fence is None)
        sentences = [Sentence(part) for part in SENTENCE_END.split(prose.casefold()) if part and not part.isspace()]
        fences = frozenset(word for _, fence in lines if fence for word in words.split_words(fence)[:1])
        return cls(
            measure_length(text), prose, prose.lower(), sentences, fences, [line for line, fence in lines if fence]
        )

    def is_coding(self) -> bool:
        if not self.fences.isdisjoint(words.CODE_FENCES) or self._shows_code():
            return True
        return any(map(_is_about_code, self.sentences))

    def _shows_code(self) -> bool:
        lines = [*self.fenced, *self.prose.split("\n")]
        spans = CODE_SPAN.findall(self.prose)
        if any(map(words.CODE_PATTERN.search, lines)) or any(words.CODE_HINT.search(span.strip("`")) for span in spans):
            return True
        return sum(bool(words.CODE_HINT.search(line)) for line in lines) >= MIN_CODE_HINTS and not self._calculates()

    def _calculates(self) -> bool:
        return bool(words.FORMULA.search(self.lower)) or any(map(_is_math_task, self.sentences))

    def is_math(self) -> bool:
        return self._is_arithmetic() or self._calculates() or self._is_word_problem()

    def _is_arithmetic(self) -> bool:
        bare = self.prose.strip()
        return bool(words.ARITHMETIC_ONLY.fullmatch(bare)) and not words.DATE.fullmatch(bare)

    def _is_word_problem(self) -> bool:
        if self.length > MAX_PROBLEM_LENGTH or not any(each in words.AMOUNT_QUESTIONS for each in self.sentences):
            return False
        quantities = sum(1 for _ in words.QUANTITY.finditer(self.prose))
        supposed = any(each in words.SUPPOSITION_WORDS for each in self.sentences)
        return quantities >= (SEVERAL - 1 if supposed else SEVERAL)

    def is_creative(self) -> bool:
        return any(map(_is_fiction_request, self.sentences))


def _is_about_code(sentence: Sentence) -> bool:
    if sentence in words.UNAMBIGUOUS_CODE:
        return True
    if sentence in words.CODING_VERBS and sentence in words.PROGRAM_TERMS:
        return True
    if sentence in words.TOOLS:
        return sentence in words.CODE_TERMS or (sentence in words.CODING_VERBS and _is_in_tool(sentence, words.TOOLS))
    if sentence not in words.WORDLIKE_TOOLS or sentence not in words.CODE_TERMS:
        return False
    return sentence in words.CODING_VERBS or _is_in_tool(sentence, words.WORDLIKE_TOOLS)


def _is_in_tool(sentence: Sentence, tools: words.Vocabulary) -> bool:
    """ "… in Python"."""
    pairs = (phrase.partition(" ") for phrase in sentence.phrases if phrase.count(" ") == 1)
    return any(first in words.TOOL_PREPOSITIONS and second in tools.phrases for first, _, second in pairs)


def _is_math_task(sentence: Sentence) -> bool:
    if sentence in words.UNAMBIGUOUS_MATH or (sentence in words.MATH_TASKS and sentence in words.MATH_OBJECTS):
        return True
    if sentence in words.CALCULATION_REQUESTS and words.ARITHMETIC.search(sentence.text):
        return True
    return sentence in words.NUMERIC_TOPICS and (
        sentence in words.CHANCE_OBJECTS or any(map(str.isdigit, sentence.text))
    )


def _is_fiction_request(sentence: Sentence) -> bool:
    if sentence in words.ANALYSIS_PHRASES:
        return False
    if sentence in words.ROLE_PLAY:
        return True
    if sentence in words.CREATIVE_PHRASES and not words.WRITING_VERBS.isdisjoint(sentence.words):
        return True
    if not sentence.text.isascii() and words.CREATIVE_UNSPACED.search(sentence.text):
        return True
    said = sentence.words
    makers = words.WRITING_VERBS | (words.MODAL_VERBS if said[-1:] and said[-1] in words.WRITING_VERBS else frozenset())
    return _is_fiction_phrase(said) or any(
        _is_fiction_object(said, at) for at, word in enumerate(said) if word in makers
    )


def _is_fiction_phrase(said: list[str]) -> bool:
    """A wish without a verb: "short poem about rain"."""
    at = next((at for at, word in enumerate(said[: words.WORDS_NEAR]) if word not in words.OPENING_WORDS), 0)
    return (
        said[at : at + 1] != []
        and said[at] in words.CREATIVE_FORMS
        and not words.ABOUT_WORDS.isdisjoint(said[at + 1 : at + 2])
    )


def _is_fiction_object(said: list[str], at: int) -> bool:
    """Whether what is made is a piece of fiction: "write me a short poem", but not "write an essay about the poem"."""
    if not words.HOW_WORDS.isdisjoint(said[max(0, at - words.WORDS_NEAR) : at]):
        return False
    for place in range(at + 1, min(len(said), at + 1 + words.MAX_GAP)):
        if said[place] in words.CREATIVE_FORMS:
            return not _is_non_fiction(said[place - 1], said[place + 1 : place + 2])
        if said[place] in words.BLOCKING_WORDS:
            return False
    return False


def _is_non_fiction(before: str, after: list[str]) -> bool:
    """ "A song analysis", "the lyrics of …"."""
    return not words.COMPOUND_HEADS.isdisjoint(after) or (
        before in words.DEFINITE_ARTICLES and not words.OF_PREPOSITIONS.isdisjoint(after)
    )
