"""Detects identity probes: prompts that ask which model is answering, openly or in code.

The patterns, in many languages, are in `data/probes.toml`. Quoted text to translate or explain does not count, and
neither does "who are you" in a role-play, which asks for the role.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from arena.judging import leak_vocabulary
from arena.judging.fuzzy_match import NameMatch, TokenizedText, iter_name_matches, squeeze_names, tokenize_text
from arena.judging.identity_leaks import has_other_meaning
from arena.judging.model_names import ORDINARY_WORDS, get_families
from arena.judging.word_lists import load_lists

CLAUSE_END = "."
COLON_MARK = ":"
NAME_MARK = "@"
ANY_WORD = "(?:[^ .]+ )"
TOKEN = re.compile(r"[^ ]+ ")
CLAUSE_BREAK = re.compile(r"[!?…:;。،؛؟।]|\.\W")
# Text in any kind of quotation marks.
QUOTED_TEXT = re.compile(
    r'"[^"\n]{1,300}"|“[^“”]{1,300}”|„[^„“”]{1,300}[“”]|«[^«»]{1,300}»|「[^「」]{1,300}」|『[^『』]{1,300}』|'
    r"(?<!\w)['‘][^'‘’\n]{1,300}['’](?!\w)|`[^`\n]{1,300}`"  # noqa: RUF001  # typographic quotation marks
)
# Members of `ORDINARY_WORDS` that are nevertheless taken as names in questions such as "are you …".
NAMES_IN_QUESTIONS = leak_vocabulary.EVERYDAY_MODEL_NAMES | squeeze_names("""
    google meta microsoft amazon apple nvidia ibm baidu alibaba tencent cohere perplexity yandex moonshot minimax
    谷歌 яндекс 百度 腾讯 阿里巴巴 阿里云 字节跳动
""")
SHORT_FORMS = {
    "wat": "what",
    "u": "you",
    "r": "are",
    "ur": "your",
    "whos": "who is",
    "whats": "what is",
    "youre": "you are",
}
CONTRACTIONS = {
    "s": ("is", {"who", "what", "where", "that", "it", "name", "which"}),
    "re": ("are", {"you"}),
    "m": ("am", {"i"}),
}
# German pronouns that address the reader if they are capitalized. `=` marks their polite meaning in patterns.
POLITE_PRONOUNS = {"sie": "=sie", "ihnen": "=ihnen"} | dict.fromkeys(("ihr", "ihre", "ihren", "ihrem", "ihrer"), "=ihr")
WORDS_NEAR = 7  # the number of words on each side of a name that decide its meaning
MAX_LEADING_WORDS = 6
MAX_TRAILING_WORDS = 8
MAX_QUESTION_WORDS = 12


def is_identity_probe(prompt: str) -> bool:
    """Return whether an honest answer to the prompt would reveal the model."""
    rules = _load_rules()
    words = PromptWords(prompt)
    line = words.build_line()
    is_coded = rules.coded.matches(line)
    is_about_quoted_text = (
        rules.quoted_text_tasks.matches(line) and not is_coded and not rules.reply_requests.matches(line)
    )
    if is_about_quoted_text:
        words = PromptWords(QUOTED_TEXT.sub(" … ", prompt))
    lines = [words.build_line()]
    if "\n" in prompt:
        lines.append(words.build_line(newlines=False))
    if is_about_quoted_text:
        lines = [rules.quoted_text_starts.truncate_clauses(line) for line in lines]
    return any(_is_probe_line(line, words.count_makers(), is_coded=is_coded) for line in lines)


def _is_probe_line(line: str, maker_count: int, *, is_coded: bool) -> bool:
    rules = _load_rules()
    if rules.always_probes.matches(line) or (maker_count > 1 and rules.probes_with_several_makers.matches(line)):
        return True
    if rules.role_play.matches(line) and not is_coded:
        return False
    return rules.is_whole_question(line) or rules.indirect_questions.matches(line)


class PromptWords:
    """Tokenized text, and the names of known models and makers in it, keyed by the index of their first word."""

    def __init__(self, prompt: str) -> None:
        self.text = tokenize_text(prompt)
        self.names: dict[int, NameMatch] = {}
        decisions: dict[tuple[str, str], bool] = {}
        for match in iter_name_matches(self.text, get_families()):
            begin = max(match.first - WORDS_NEAR, 0)
            surroundings = (match.name, self.text.slice_visible(begin, match.last + WORDS_NEAR))
            if surroundings not in decisions:  # the text can repeat the same words many times
                decisions[surroundings] = _is_model_name(self.text, match)
            if decisions[surroundings]:
                self.names[match.first] = match

    def count_makers(self) -> int:
        """Return the number of different makers that the text names, directly or through their models."""
        return len({get_families()[match.name] for match in self.names.values()})

    def build_line(self, *, newlines: bool = True) -> str:
        """Return the text as a line that patterns can match.

        Each folded word is followed by a space. `@` replaces a known model or maker. `.` marks the end of a clause,
        after a `:` if the clause ended with a colon.

        newlines: whether line breaks end a clause
        """
        tokens = [CLAUSE_END]
        index = 0
        while index < len(self.text.words):
            gap = self.text.gap(index)
            has_break = gap != " " and bool(CLAUSE_BREAK.search(gap) or (newlines and "\n" in gap))
            if has_break and tokens[-1] != CLAUSE_END:
                tokens += [COLON_MARK, CLAUSE_END] if COLON_MARK in gap else [CLAUSE_END]
            if index in self.names:
                tokens.append(NAME_MARK)
                index = self.names[index].last
            else:
                tokens.append(self._normalize_word(index, tokens[-1]))
                index += 1
        return _join_words([*tokens[1:], CLAUSE_END])

    def _normalize_word(self, index: int, previous: str) -> str:
        """Return the word, with a short form expanded, and a contraction if the previous word allows it."""
        word = self.text.words[index]
        if word in POLITE_PRONOUNS and previous != CLAUSE_END and self.text.visible_word(index)[0].isupper():
            return POLITE_PRONOUNS[word]
        full_form, previous_words = CONTRACTIONS.get(word, ("", frozenset()))
        return full_form if previous in previous_words else SHORT_FORMS.get(word, word)


def _is_model_name(text: TokenizedText, match: NameMatch) -> bool:
    """Return whether a name in a phrase like "are you …" is the name of a model or its maker."""
    if has_other_meaning(text, match):
        return False
    if match.name not in ORDINARY_WORDS:
        return True
    if match.name not in NAMES_IN_QUESTIONS:
        return False
    has_article = not leak_vocabulary.ARTICLES.isdisjoint(text.words_before(match.first, 1))
    return not has_article or not leak_vocabulary.AI_TERMS.isdisjoint(text.words_after(match.last, 1))


@dataclass(frozen=True)
class PatternItem:
    """One item of a pattern.

    choices: the phrases that the item can match
    is_optional: whether text without the item can match
    """

    regex: str
    choices: tuple[str, ...]
    is_optional: bool


class PatternSet:
    """Patterns in the notation of `data/probes.toml`, indexed by their first word. A slash joins a line to the next."""

    def __init__(self, lines: str, groups: Mapping[str, tuple[str, ...]]) -> None:
        by_word: dict[str, list[str]] = defaultdict(list)
        for line in filter(None, map(str.strip, lines.replace("/\n", "/").splitlines())):
            items = [_parse_item(item, groups) for item in line.split()]
            for item in items:  # text can begin with the words of any item up to the first required one
                for word in {f"{choice.split()[0]} " for choice in item.choices}:
                    by_word[word].append("".join(item.regex for item in items))
                if not item.is_optional:
                    break
        self._sources = {word: "|".join(dict.fromkeys(patterns)) for word, patterns in by_word.items()}

    def matches(self, line: str) -> bool:
        return next(self._iter_matches(line), None) is not None

    def truncate_clauses(self, line: str) -> str:
        """Return the line with each clause cut off at its first match."""
        parts = []
        position = 0
        for match in self._iter_matches(line):
            if match.start() >= position:
                parts.append(line[position : match.start()])
                clause_end = line.find(f"{CLAUSE_END} ", match.end())
                position = clause_end if clause_end >= 0 else len(line)
        parts.append(line[position:])
        return "".join(parts)

    def _iter_matches(self, line: str) -> Iterator[re.Match[str]]:
        if self._sources.keys().isdisjoint(f"{word} " for word in set(line.split())):
            return
        for token in TOKEN.finditer(line):
            if token[0] in self._sources and (match := _compile(self._sources[token[0]]).match(line, token.start())):
                yield match


@cache
def _compile(source: str) -> re.Pattern[str]:
    """Compile a word's patterns on first use, because compiling all takes a second."""
    return re.compile(source)


def _parse_item(item: str, groups: Mapping[str, tuple[str, ...]]) -> PatternItem:
    """Parse an item of a pattern. The comment at the top of `data/probes.toml` explains the notation."""
    if item[0] == "~":
        return PatternItem(f"{ANY_WORD}{{0,{item[1:]}}}", (), is_optional=True)
    if item == "$":
        return PatternItem(f"(?={_join_alternatives(groups['$'])})", (), is_optional=True)
    if item[0] == "!":
        return PatternItem(f"(?<!{item[1:]} )", (), is_optional=True)
    if item[0] == "-":
        alternatives = _join_alternatives(_parse_choices(item[1:], groups))
        return PatternItem(f"(?!{ANY_WORD}{{0,3}}{alternatives})", (), is_optional=True)
    name, _, max_count = item.partition("*")
    choices = _parse_choices(name.rstrip("?"), groups)
    quantifier = "?" if name.endswith("?") else ""
    if max_count:
        quantifier = f"{{0,{max_count}}}"
    return PatternItem(f"{_join_alternatives(choices)}{quantifier}", choices, is_optional=bool(quantifier))


def _join_alternatives(choices: Iterable[str]) -> str:
    return f"(?:{'|'.join(map(re.escape, choices))})"


def _parse_choices(item: str, groups: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return the phrases that an item can match, in the format of `PromptWords.build_line`."""
    choices: list[str] = []
    for part in re.sub(r"\s", "", item).split("/"):
        if part in groups:
            choices += groups[part]
        elif part:
            choices.append(_normalize_phrase(part))
    return tuple(choices)


def _normalize_phrase(text: str) -> str:
    return "".join(f"{word} " for part in text.replace("_", " ").split() for word in _fold_words(part))


def _fold_words(word: str) -> Iterable[str]:
    if word in (CLAUSE_END, COLON_MARK, NAME_MARK) or word[0] == "=":
        return (word,)
    return (SHORT_FORMS.get(part, part) for part in tokenize_text(word).words)


class QuestionRules:
    """The rules of `data/probes.toml`. Each PatternSet is named after its key in that file, which explains it."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        groups: dict[str, tuple[str, ...]] = {"$": _parse_choices(data["stops"], {})}
        for name, choices in data["groups"].items():
            groups[f"<{name}>"] = _parse_choices(choices, groups)
        self.always_probes = PatternSet(data["always_probes"], groups)
        self.indirect_questions = PatternSet(data["indirect_questions"], groups)
        self.probes_with_several_makers = PatternSet(data["probes_with_several_makers"], groups)
        self.quoted_text_starts = PatternSet(data["quoted_text_starts"], groups)
        self.role_play = PatternSet(data["role_play"], groups)
        self.coded = PatternSet(data["coded"], groups)
        self.quoted_text_tasks = PatternSet(data["quoted_text_tasks"], groups)
        self.reply_requests = PatternSet(data["reply_requests"], groups)
        self.next_question_starts = PatternSet(data["next_question_starts"], groups)
        questions = data["whole_questions"].splitlines()
        self._questions = {_normalize_phrase(part) for line in questions for part in line.split("|")}
        self._leading_words = frozenset(_normalize_phrase(data["leading_words"]).split())
        self._trailing_words = frozenset(_normalize_phrase(data["trailing_words"]).split())

    def is_whole_question(self, line: str) -> bool:
        """Return whether a clause is a question in `whole_questions`, ignoring `leading_words` and `trailing_words`."""
        clauses = f" {line}".split(f" {CLAUSE_END} ")
        first_questions = [self.next_question_starts.truncate_clauses(f"{clause.strip()} ") for clause in clauses]
        return any(self._is_question(clause.split()) for clause in clauses + first_questions)

    def _is_question(self, clause: list[str]) -> bool:
        begin = 0
        end = len(clause)
        while end > 1 and len(clause) - end < MAX_TRAILING_WORDS and clause[end - 1] in self._trailing_words:
            end -= 1
        while begin < end - 1 and begin < MAX_LEADING_WORDS and clause[begin] in self._leading_words:
            begin += 1
        if end - begin > MAX_QUESTION_WORDS + MAX_LEADING_WORDS + MAX_TRAILING_WORDS:
            return False
        starts = range(begin + 1)
        ends = range(end, len(clause) + 1)
        return any(_join_words(clause[start:stop]) in self._questions for start in starts for stop in ends)


def _join_words(words: Iterable[str]) -> str:
    return "".join(f"{word} " for word in words)


@cache
def _load_rules() -> QuestionRules:
    return QuestionRules(load_lists("probes"))
