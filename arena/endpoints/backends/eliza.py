"""A backend that needs no server: ELIZA, the first chatbot, from 1966.

Method: J. Weizenbaum, ELIZA — a computer program for the study of natural language communication between man
and machine, Communications of the ACM 9(1), 1966, https://doi.org/10.1145/365153.365168. The program uses ranked
keywords, decomposition patterns, answers in rotation, reflected pronouns, and a memory of sentences about "my …".
The script (`eliza_script.toml`) was written for Arena.

ELIZA stores nothing between requests. Each request replays the conversation from its first message, so the same
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
from arena.endpoints.backends.protocol import Pause, Request, StreamPart, Timeouts, do_not_pause
from arena.endpoints.backends.word_stream import stream_words

MAX_CLAUSE_WORDS = 40  # further words are ignored
MAX_MEMORIES = 8
CLAUSE_END = re.compile(r"[.,;:!?\n]+|\bbut\b")
WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")


class ElizaBackend:
    """The backend for endpoints of kind `eliza`."""

    required_fields: tuple[str, ...] = ()

    def stream(
        self,
        request: Request,
        session: aiohttp.ClientSession,
        timeouts: Timeouts,
        pause: Pause = do_not_pause,
    ) -> AsyncGenerator[StreamPart]:
        messages = [message.content for message in request.messages if message.role == "user"]
        return stream_words(generate_reply(messages), request, timeouts)


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
                    self._remember(keyword, clause)
                    return self._reassemble(rule, parts)
        if self._memory:
            return self._memory.popleft()
        return self._pick_next_answer(DEFAULT_ANSWERS)

    def _remember(self, keyword: str, clause: list[str]) -> None:
        if keyword == MEMORY_RULE.keyword and (parts := match_pattern(MEMORY_RULE.rule.pattern.split(), clause)):
            self._memory.append(self._reassemble(MEMORY_RULE.rule, parts))

    def _reassemble(self, rule: Rule, parts: list[list[str]]) -> str:
        answer = self._pick_next_answer(rule.answers)
        for number, part in enumerate(parts, 1):
            answer = answer.replace(f"({number})", " ".join(reflect_pronouns(part)))
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
        keywords = rank_keywords(words)
        if keywords and (not best_keywords or KEYWORDS[keywords[0]].rank > KEYWORDS[best_keywords[0]].rank):
            best_words = words
            best_keywords = keywords
    return best_words, best_keywords


def rank_keywords(words: Sequence[str]) -> list[str]:
    """Return the keywords among these words, sorted by rank (highest first) and then by position."""
    keywords = dict.fromkeys(word for word in words if word in KEYWORDS)
    return sorted(keywords, key=lambda word: -KEYWORDS[word].rank)


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
        if head == "*" or (part and matches_element(head, part[0])):
            other_parts = match_pattern(rest, words[length:])
            if other_parts is not None:
                return [part, *other_parts]
    return None


def matches_element(element: str, word: str) -> bool:
    return word in WORD_GROUPS[element[1:]] if element.startswith("/") else word == element


def reflect_pronouns(words: Sequence[str]) -> list[str]:
    """Return the words with first-person and second-person pronouns swapped, such as "my" and "your"."""
    return [REFLECTIONS.get(word, word) for word in words]
