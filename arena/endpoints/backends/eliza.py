"""A contestant of 1966: ELIZA, the first chatbot. It has no weights and understands nothing.

Method: J. Weizenbaum, ELIZA — a computer program for the study of natural language communication between man
and machine, Communications of the ACM 9(1), 1966, https://doi.org/10.1145/365153.365168: keywords with ranks,
decomposition by patterns, reassembly by turns, pronouns reflected, a memory of what was said about "my …".
The script (`eliza_script`) is our own.

It keeps nothing between requests: the conversation is played again from its first message, so the same
messages always get the same answer.
"""

import re
from collections import Counter, deque
from collections.abc import AsyncGenerator, Sequence

import aiohttp

from arena.endpoints.backends.eliza_script import (
    CONTRACTIONS,
    DEFAULT_ANSWERS,
    KEYWORDS,
    MEMORY_RULE,
    REFLECTIONS,
    WORD_GROUPS,
    Rule,
)
from arena.endpoints.backends.pacing import stream_words
from arena.endpoints.backends.protocol import Request, StreamPart, Timeouts

MAX_CLAUSE_WORDS = 40  # words; what follows is not looked at
MAX_MEMORIES = 8
CLAUSE_END = re.compile(r"[.,;:!?\n]+|\bbut\b")
WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")


class ElizaBackend:
    """Kind `eliza`."""

    def stream(
        self,
        request: Request,
        session: aiohttp.ClientSession,
        timeouts: Timeouts,
    ) -> AsyncGenerator[StreamPart]:
        return stream_words(
            generate_reply([m.content for m in request.messages if m.role == "user"]), request, timeouts
        )


def generate_reply(said: Sequence[str]) -> str:
    """The answer to the last of these messages."""
    conversation = Conversation()
    answer = ""
    for text in said:
        answer = conversation.answer(text)
    return answer


class Conversation:
    """What ELIZA keeps in mind: whose turn it is among the answers of a rule, and what it was told."""

    def __init__(self) -> None:
        self._turns: Counter[tuple[str, ...]] = Counter()
        self._memory: deque[str] = deque(maxlen=MAX_MEMORIES)

    def answer(self, text: str) -> str:
        clause, keywords = find_clause(text)
        for keyword in keywords:
            for rule in KEYWORDS[keyword].rules:
                if (parts := match_pattern(rule.pattern.split(), clause)) is not None:
                    self._remember(keyword, clause)
                    return self._reassemble(rule, parts)
        if self._memory:
            return self._memory.popleft()
        return self._next(DEFAULT_ANSWERS)

    def _remember(self, keyword: str, clause: list[str]) -> None:
        if keyword == MEMORY_RULE.keyword and (parts := match_pattern(MEMORY_RULE.rule.pattern.split(), clause)):
            self._memory.append(self._reassemble(MEMORY_RULE.rule, parts))

    def _reassemble(self, rule: Rule, parts: list[list[str]]) -> str:
        answer = self._next(rule.answers)
        for number, part in enumerate(parts, 1):
            answer = answer.replace(f"({number})", " ".join(reflect_pronouns(part)))
        return re.sub(r"\s+([?.,!])", r"\1", answer)

    def _next(self, answers: tuple[str, ...]) -> str:
        self._turns[answers] += 1
        return answers[(self._turns[answers] - 1) % len(answers)]


def find_clause(text: str) -> tuple[list[str], list[str]]:
    """The words of the clause whose keyword ranks highest, and its keywords, highest rank first."""
    best: tuple[list[str], list[str]] = ([], [])
    for clause in CLAUSE_END.split(text.lower().replace("\u2019", "'")):
        plain = " ".join(CONTRACTIONS.get(word, word) for word in WORD.findall(clause))
        words = plain.split()[:MAX_CLAUSE_WORDS]
        found = sorted({w for w in words if w in KEYWORDS}, key=lambda w: (-KEYWORDS[w].rank, words.index(w)))
        if found and (not best[1] or KEYWORDS[found[0]].rank > KEYWORDS[best[1][0]].rank):
            best = (words, found)
    return best


def match_pattern(pattern: Sequence[str], words: Sequence[str]) -> list[list[str]] | None:
    """The words that each element of the pattern stands for, or None.

    An element is a word, `*` for any number of words (the fewest that fit), or `/group` for one word of it.
    """
    if not pattern:
        return None if words else []
    head, rest = pattern[0], pattern[1:]
    lengths = range(len(words) + 1) if head == "*" else (1,)
    for length in lengths:
        taken = list(words[:length])
        if head == "*" or (taken and is_element_match(head, taken[0])):
            tail = match_pattern(rest, words[length:])
            if tail is not None:
                return [taken, *tail]
    return None


def is_element_match(element: str, word: str) -> bool:
    return word in WORD_GROUPS[element[1:]] if element.startswith("/") else word == element


def reflect_pronouns(words: Sequence[str]) -> list[str]:
    """The words as the other one would say them: my → your."""
    return [REFLECTIONS.get(word, word) for word in words]
