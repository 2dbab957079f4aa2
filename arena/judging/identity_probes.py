"""Whether a question asks who is answering, in plain words or by a code. Pure, linear in the text.

The words, in many languages, stand in `data/probes.toml`. A text that is only to be translated or explained asks
nothing, and "who are you" in a play asks for a part.
"""

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from arena.judging import leak_vocabulary
from arena.judging.fuzzy_match import NameMatch, TokenizedText, iter_name_matches, squeeze_names, tokenize_text
from arena.judging.identity_leaks import has_other_meaning
from arena.judging.model_names import ORDINARY_WORDS, get_families

PROBES_FILE = Path(__file__).parents[1] / "data" / "probes.toml"
END_TOKEN, COLON_TOKEN, NAME_TOKEN, ANY_WORD = ".", ":", "@", "(?:[^ .]+ )"
TOKEN = re.compile(r"[^ ]+ ")
CLAUSE_BREAK = re.compile(r"[!?…:;。،؛؟।]|\.\W")
# Quotation marks of every kind.
QUOTED_TEXT = re.compile(
    r'"[^"\n]{1,300}"|“[^“”]{1,300}”|„[^„“”]{1,300}[“”]|«[^«»]{1,300}»|「[^「」]{1,300}」|『[^『』]{1,300}』|'
    r"(?<!\w)['‘][^'‘’\n]{1,300}['’](?!\w)|`[^`\n]{1,300}`"  # noqa: RUF001  # they are meant
)
# Everyday words that are names beside "are you" and the like.
EVERYDAY_NAMES = leak_vocabulary.SELF_NAMES | squeeze_names("""
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
# German, where they are written with a capital.
POLITE_PRONOUNS = {"sie": "=sie", "ihnen": "=ihnen"} | dict.fromkeys(("ihr", "ihre", "ihren", "ihrem", "ihrer"), "=ihr")
WORDS_NEAR = 7  # words around a name that tell what it means
MAX_LEADING_WORDS, MAX_TRAILING_WORDS, MAX_QUESTION_WORDS = 6, 8, 12


def is_identity_probe(prompt: str) -> bool:
    """Whether an honest answer to the prompt tells who gives it."""
    rules = _load_rules()
    text = PromptWords.of(prompt)
    line = text.line()
    coded = rules.coded.found(line)
    quoting = rules.tasks.found(line) and not coded and not rules.reply.found(line)
    if quoting:
        text = PromptWords.of(QUOTED_TEXT.sub(" … ", prompt))
    lines = [text.line(), *([text.line(newlines=False)] if "\n" in prompt else ())]
    return any(
        _is_probe_line(rules.texts.without(each) if quoting else each, text.makers, coded=coded) for each in lines
    )


def _is_probe_line(line: str, makers: int, *, coded: bool) -> bool:
    rules = _load_rules()
    if rules.asking.found(line) or (makers > 1 and rules.yourself.found(line)):
        return True
    playing = rules.playing.found(line) and not coded
    return not playing and (rules.is_whole_question(line) or rules.knowing.found(line))


@dataclass(frozen=True)
class PromptWords:
    """A text with the known models and makers in it, by the place of their first word."""

    text: TokenizedText
    names: dict[int, NameMatch]

    @classmethod
    def of(cls, prompt: str) -> "PromptWords":
        text = tokenize_text(prompt)
        known: dict[tuple[str, str], bool] = {}
        names = {}
        for spot in iter_name_matches(text, get_families()):
            around = spot.name, text.between(max(spot.first - WORDS_NEAR, 0), spot.last + WORDS_NEAR)
            if around not in known:  # a text may say the same thing ten thousand times
                known[around] = _is_model_name(text, spot)
            if known[around]:
                names[spot.first] = spot
        return cls(text, names)

    @property
    def makers(self) -> int:
        """How many different makers the text names, or models of different makers."""
        return len({get_families()[spot.name] for spot in self.names.values()})

    def line(self, *, newlines: bool = True) -> str:
        """The text as patterns read it: folded words with a blank after each, `@` for a known model or maker, `.` where
        a thought ends, `:` before it where that was a colon. `newlines`: they end a thought too."""
        return "".join(f"{word} " for word in self._words(newlines=newlines))

    def _words(self, *, newlines: bool) -> Iterator[str]:
        before, at = END_TOKEN, 0
        while at < len(self.text.words):
            gap = self.text.gap(at)
            if gap != " " and before != END_TOKEN and (CLAUSE_BREAK.search(gap) or (newlines and "\n" in gap)):
                yield from (COLON_TOKEN, END_TOKEN) if COLON_TOKEN in gap else (END_TOKEN,)
                before = END_TOKEN
            if at in self.names:
                yield (before := NAME_TOKEN)
                at = self.names[at].last
                continue
            word = self.text.words[at]
            polite = word in POLITE_PRONOUNS and before != END_TOKEN and self.text.as_seen(at)[0].isupper()
            yield (before := POLITE_PRONOUNS[word] if polite else _expand_word(word, before))
            at += 1
        yield END_TOKEN


def _expand_word(word: str, before: str) -> str:
    full, after = CONTRACTIONS.get(word, ("", frozenset()))
    return full if before in after else SHORT_FORMS.get(word, word)


def _is_model_name(text: TokenizedText, spot: NameMatch) -> bool:
    """Whether a name stands for a model or its maker beside "are you": no zodiac, no map, no step."""
    if has_other_meaning(text, spot):
        return False
    if spot.name not in ORDINARY_WORDS:
        return True
    article = not leak_vocabulary.ARTICLES.isdisjoint(text.before(spot.first, 1))
    return spot.name in EVERYDAY_NAMES and not (
        article and leak_vocabulary.AI_TERMS.isdisjoint(text.after(spot.last, 1))
    )


class PatternSet:
    """Patterns in the notation of `data/probes.toml`, by the word with which they begin."""

    def __init__(self, lines: str, alternatives: Mapping[str, tuple[str, ...]]) -> None:
        by_word: dict[str, list[str]] = defaultdict(list)
        for line in filter(None, map(str.strip, lines.splitlines())):
            items = [_parse_item(item, alternatives) for item in line.split()]
            for word in _find_first_words(items):
                by_word[word].append("".join(regex for regex, _, _ in items))
        self._sources = {word: "|".join(each) for word, each in by_word.items()}
        self._compiled: dict[str, re.Pattern[str]] = {}

    def found(self, words: str) -> bool:
        return next(self._matches(words), None) is not None

    def without(self, words: str) -> str:
        """The words without each thought from the first match on."""
        kept, at = [], 0
        for match in self._matches(words):
            if match.start() >= at:
                kept.append(words[at : match.start()])
                end = words.find(f"{END_TOKEN} ", match.end())
                at = end if end >= 0 else len(words)
        return "".join((*kept, words[at:]))

    def _matches(self, words: str) -> Iterator[re.Match[str]]:
        if self._sources.keys().isdisjoint(f"{word} " for word in set(words.split())):
            return
        for token in TOKEN.finditer(words):
            if token[0] in self._sources and (match := self._regex(token[0]).match(words, token.start())):
                yield match

    def _regex(self, word: str) -> re.Pattern[str]:
        """Compiled when a text has the word: all of them would take a second."""
        if word not in self._compiled:
            self._compiled[word] = re.compile(self._sources[word])
        return self._compiled[word]


def _find_first_words(items: Iterable[tuple[str, tuple[str, ...], bool]]) -> set[str]:
    """Those with which a pattern can begin: of its items up to the first one that cannot be missing."""
    words: set[str] = set()
    for _, choices, may_be_missing in items:
        words |= {f"{choice.split()[0]} " for choice in choices}
        if not may_be_missing:
            break
    return words


def _parse_item(item: str, groups: Mapping[str, tuple[str, ...]]) -> tuple[str, tuple[str, ...], bool]:
    """An item as a regular expression, with its choices and whether it may be missing."""
    if item[0] == "~":
        return f"{ANY_WORD}{{0,{item[1:]}}}", (), True
    if item == "$":
        return f"(?={_join_alternatives(groups['$'])})", (), True
    if item[0] == "!":
        return f"(?<!{item[1:]} )", (), True
    if item[0] == "-":
        return f"(?!{ANY_WORD}{{0,3}}{_join_alternatives(_parse_choices(item[1:], groups))})", (), True
    name, _, most = item.partition("*")
    choices = _parse_choices(name.rstrip("?"), groups)
    count = f"{{0,{most}}}" if most else "?" if name.endswith("?") else ""
    return f"{_join_alternatives(choices)}{count}", choices, bool(count)


def _join_alternatives(choices: Iterable[str]) -> str:
    return f"(?:{'|'.join(map(re.escape, choices))})"


def _parse_choices(item: str, groups: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Each as it stands in a line."""
    parts = [part for part in re.sub(r"\s", "", item).split("/") if part]
    return tuple(
        choice for part in parts for choice in (groups[part] if part in groups else (_normalize_phrase(part),))
    )


def _normalize_phrase(text: str) -> str:
    return "".join(f"{word} " for part in text.replace("_", " ").split() for word in _fold_words(part))


def _fold_words(word: str) -> Iterable[str]:
    if word in (END_TOKEN, COLON_TOKEN, NAME_TOKEN) or word[0] == "=":
        return (word,)
    return (SHORT_FORMS.get(each, each) for each in tokenize_text(word).words)


class ProbeRules:
    """Everything of `data/probes.toml`, ready to be used."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        groups: dict[str, tuple[str, ...]] = {"$": _parse_choices(data["stops"], {})}
        for name, choices in data["groups"].items():
            groups[f"<{name}>"] = _parse_choices(choices, groups)
        self.asking = PatternSet(data["asking"], groups)
        self.knowing = PatternSet(data["knowing"], groups)
        self.yourself = PatternSet(data["yourself"], groups)
        self.texts = PatternSet(data["texts"], groups)
        self.playing = PatternSet(_join_continuations(data["playing"]), groups)
        self.coded = PatternSet(_join_continuations(data["coded"]), groups)
        self.tasks = PatternSet(_join_continuations(data["tasks"]), groups)
        self.reply = PatternSet(_join_continuations(data["reply"]), groups)
        self.next = PatternSet(data["next"], groups)
        self._questions = {_normalize_phrase(part) for line in data["who"].splitlines() for part in line.split("|")}
        self._lead, self._trail = (frozenset(_normalize_phrase(data[name]).split()) for name in ("lead", "trail"))

    def is_whole_question(self, words: str) -> bool:
        """Whether a thought, without small words around it, is a question of `who`."""
        return any(self._is_question(thought.split()) for thought in self._thoughts(words))

    def _thoughts(self, words: str) -> Iterator[str]:
        for thought in f" {words}".split(f" {END_TOKEN} "):
            yield thought
            yield self.next.without(f"{thought.strip()} ")

    def _is_question(self, thought: list[str]) -> bool:
        begin, end = 0, len(thought)
        while end > 1 and len(thought) - end < MAX_TRAILING_WORDS and thought[end - 1] in self._trail:
            end -= 1
        while begin < end - 1 and begin < MAX_LEADING_WORDS and thought[begin] in self._lead:
            begin += 1
        if end - begin > MAX_QUESTION_WORDS + MAX_LEADING_WORDS + MAX_TRAILING_WORDS:
            return False
        starts, ends = range(begin + 1), range(end, len(thought) + 1)
        return any(_join_words(thought[first:last]) in self._questions for first in starts for last in ends)


def _join_words(words: Iterable[str]) -> str:
    return "".join(f"{word} " for word in words)


def _join_continuations(lines: str) -> str:
    """Lines that end with a slash go on."""
    return lines.replace("/\n", "/")


@cache
def _load_rules() -> ProbeRules:
    return ProbeRules(tomllib.loads(PROBES_FILE.read_text(encoding="utf-8")))
