"""A backend that needs no server: ELIZA, the first chatbot, from 1966.

Method: J. Weizenbaum, ELIZA — a computer program for the study of natural language communication between man
and machine, Communications of the ACM 9(1), 1966, https://doi.org/10.1145/365153.365168. The program uses ranked
keywords, decomposition patterns, answers in rotation, reflected pronouns, and a memory of sentences about "my …".
The script (`eliza_script.toml`) was written for Arena.

ELIZA stores nothing between requests. Each request replays the conversation from its first message, so the same
messages always get the same answer.
"""

import re
import tomllib
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from arena.endpoints.backends.protocol import Message
from arena.endpoints.backends.word_stream import LocalBackend

MAX_CLAUSE_WORDS = 40  # further words are ignored
MAX_MEMORIES = 8
CLAUSE_END = re.compile(r"[.,;:!?\n]+|\bbut\b")
WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")


@dataclass(frozen=True, slots=True)
class Rule:
    """A pattern (see `match_pattern`) and its answers.

    `(2)` in an answer is replaced with the words that the pattern's second element matched.
    """

    pattern: str
    answers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Keyword:
    """A keyword's rules. ELIZA tries the keyword with the highest rank first."""

    rank: int
    rules: tuple[Rule, ...]


def _parse_rule(table: Mapping[str, Any]) -> Rule:
    return Rule(table["pattern"], tuple(table["answers"]))


_script = tomllib.loads(Path(__file__).with_name("eliza_script.toml").read_text(encoding="utf-8"))
CONTRACTIONS: dict[str, str] = _script["contractions"]
REFLECTIONS: dict[str, str] = _script["reflections"]
DEFAULT_ANSWERS: tuple[str, ...] = tuple(_script["default_answers"])
WORD_GROUPS = {name: frozenset(words.split()) for name, words in _script["word_groups"].items()}
# Each time the memory's keyword produces an answer, its rule stores an extra answer for later.
MEMORY_KEYWORD: str = _script["memory"]["keyword"]
MEMORY_RULE = _parse_rule(_script["memory"])
KEYWORDS = {
    word: Keyword(table["rank"], tuple(map(_parse_rule, table["rules"])))
    for table in _script["keywords"]
    for word in table["words"].split()
}


class ElizaBackend(LocalBackend):
    """The backend for endpoints of kind `eliza`."""

    def build_answer(self, messages: Sequence[Message]) -> str:
        return generate_reply([message.content for message in messages if message.role == "user"])


def generate_reply(messages: Sequence[str]) -> str:
    """Return ELIZA's answer to the last message in a conversation."""
    conversation = Conversation()
    answer = ""
    for message in messages:
        answer = conversation.answer(message)
    return answer


class Conversation:
    """The state of a conversation: how often each list of answers has been used, and the answers stored for later."""

    def __init__(self) -> None:
        self._use_counts: Counter[tuple[str, ...]] = Counter()
        self._memory: deque[str] = deque(maxlen=MAX_MEMORIES)

    def answer(self, message: str) -> str:
        """Return the answer to the next message."""
        clause, keywords = find_clause(message)
        for keyword in keywords:
            for rule in KEYWORDS[keyword].rules:
                if (parts := match_pattern(rule.pattern.split(), clause)) is not None:
                    if keyword == MEMORY_KEYWORD and (memory := match_pattern(MEMORY_RULE.pattern.split(), clause)):
                        self._memory.append(self._reassemble(MEMORY_RULE, memory))
                    return self._reassemble(rule, parts)
        if self._memory:
            return self._memory.popleft()
        return self._pick_next_answer(DEFAULT_ANSWERS)

    def _reassemble(self, rule: Rule, parts: list[list[str]]) -> str:
        answer = self._pick_next_answer(rule.answers)
        for number, part in enumerate(parts, 1):
            reflected = (REFLECTIONS.get(word, word) for word in part)  # "my" becomes "your", and so on
            answer = answer.replace(f"({number})", " ".join(reflected))
        return re.sub(r"\s+([?.,!])", r"\1", answer)

    def _pick_next_answer(self, answers: tuple[str, ...]) -> str:
        answer = answers[self._use_counts[answers] % len(answers)]
        self._use_counts[answers] += 1
        return answer


def find_clause(text: str) -> tuple[list[str], list[str]]:
    """Return the words of the clause with the highest-ranked keyword, and the clause's keywords, highest rank first."""
    best_words: list[str] = []
    best_keywords: list[str] = []
    for clause in CLAUSE_END.split(text.lower().replace("\u2019", "'")):
        expanded = " ".join(CONTRACTIONS.get(word, word) for word in WORD.findall(clause))
        words = expanded.split()[:MAX_CLAUSE_WORDS]
        # The highest rank comes first, and then the first in the clause.
        keywords = sorted(dict.fromkeys(filter(KEYWORDS.__contains__, words)), key=lambda word: -KEYWORDS[word].rank)
        if keywords and (not best_keywords or KEYWORDS[keywords[0]].rank > KEYWORDS[best_keywords[0]].rank):
            best_words = words
            best_keywords = keywords
    return best_words, best_keywords


def match_pattern(pattern: Sequence[str], words: Sequence[str]) -> list[list[str]] | None:
    """Return the words that each pattern element matches, or None if the pattern does not match all words.

    An element is a word, `*` for any number of words (as few as possible), or `/group` for one word in the group.
    """
    if not pattern:
        return None if words else []
    head, *rest = pattern
    lengths = range(len(words) + 1) if head == "*" else (1,)
    for length in lengths:
        part = list(words[:length])
        group = WORD_GROUPS[head[1:]] if head.startswith("/") else {head}
        if head == "*" or not group.isdisjoint(part):
            other_parts = match_pattern(rest, words[length:])
            if other_parts is not None:
                return [part, *other_parts]
    return None
