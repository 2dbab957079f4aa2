import time

import pytest

from arena.endpoints.backends.eliza import (
    DEFAULT_ANSWERS,
    KEYWORDS,
    MAX_CLAUSE_WORDS,
    MEMORY_RULE,
    WORD_GROUPS,
    find_clause,
    generate_reply,
    match_pattern,
)
from arena.endpoints.backends.protocol import Message

FAST = {"first_token_s": 0, "tokens_per_second": 10_000}


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("Hello!", "Hello. What is on your mind?"),
        ("I am sad.", "I am sorry to hear that you are sad."),
        ("I'm very unhappy today", "I am sorry to hear that you are unhappy."),
        ("I need a holiday", "What would it mean to you to have a holiday?"),
        ("My mother hates me", "Tell me more about your family."),
        ("my car is broken", "Your car is broken?"),
        ("You are not very helpful", "What makes you think that I am not very helpful?"),
        ("Can you help me?", "You would like me to be able to help you?"),
        ("I can't sleep", "What would happen if you could sleep?"),
        ("I don't like my job", "Your job?"),
        ("Do machines think?", "Do machines trouble you?"),
        ("They are all alike", "In what way?"),
        ("I would like a cat", "You say that you would like a cat?"),
        ("What is a monad?", "Why do you ask?"),
        ("Everybody is against me", "Surely not everyone. Whom are you thinking of?"),
        ("I remember the war", "Do you often think of the war?"),
        ("It is late, but I want tea", "What would it mean to you to have tea?"),
        ("I\u2019m here", "How long have you been here?"),
        ("I need your mother near me", "What would it mean to you to have my mother near you?"),
        ("Xyzzy.", DEFAULT_ANSWERS[0]),
        ("🙂", DEFAULT_ANSWERS[0]),
        ("", DEFAULT_ANSWERS[0]),
    ],
)
def test_reply_knows_its_script(said, answer):
    assert generate_reply([said]) == answer


def test_reply_takes_turns():
    answers = [generate_reply(["Xyzzy"] * n) for n in range(1, len(DEFAULT_ANSWERS) + 2)]
    assert answers == [*DEFAULT_ANSWERS, DEFAULT_ANSWERS[0]]


def test_reply_comes_back_to_what_was_said():
    said = ["My dog is ill", "Xyzzy"]
    assert generate_reply(said) == "Earlier you spoke of your dog is ill. Shall we come back to it?"
    assert generate_reply([*said, "Xyzzy"]) == DEFAULT_ANSWERS[0]


def test_reply_depends_only_on_the_messages():
    said = ["My dog is ill", "I am sad", "Xyzzy", "Why?", "I need help"]
    assert len({generate_reply(said) for _ in range(5)}) == 1


@pytest.mark.slow
@pytest.mark.parametrize("said", ["i " * 16_000, "my " * 10_000, "i am i am " * 3000, ". " * 16_000, "a" * 32_000])
def test_reply_is_quick_whatever_is_said(said):
    start = time.process_time()
    assert generate_reply([said] * 20)
    assert time.process_time() - start < 2


@pytest.mark.parametrize(
    ("pattern", "words", "parts"),
    [
        ("*", "a b", [["a", "b"]]),
        ("*", "", [[]]),
        ("* my *", "this is my dog", [["this", "is"], ["my"], ["dog"]]),
        ("* my *", "my dog", [[], ["my"], ["dog"]]),
        ("* my *", "your dog", None),
        ("* /be *", "all are one", [["all"], ["are"], ["one"]]),
        ("i * you", "i love you", [["i"], ["love"], ["you"]]),
        ("i * you", "i love you too", None),
        ("a b", "a", None),
    ],
)
def test_match_takes_the_words_apart(pattern, words, parts):
    assert match_pattern(pattern.split(), words.split()) == parts


def test_find_clause_takes_the_one_with_the_highest_keyword():
    words, keywords = find_clause("Yes. I think computers are fine, because I like you.")
    assert words == ["i", "think", "computers", "are", "fine"]
    assert keywords == ["computers", "i"]


def test_find_clause_looks_only_so_far():
    words, _ = find_clause("i " + "x " * 100)
    assert len(words) == MAX_CLAUSE_WORDS


def test_script_refers_only_to_what_its_patterns_hold():
    rules = [*(rule for entry in KEYWORDS.values() for rule in entry.rules), MEMORY_RULE]
    for rule in rules:
        elements = rule.pattern.split()
        assert rule.answers
        assert all(element[1:] in WORD_GROUPS for element in elements if element.startswith("/"))
        for answer in rule.answers:
            assert all(f"({n})" not in answer for n in range(len(elements) + 1, 10)), answer


async def test_eliza_streams_its_answer(ask):
    messages = (Message("user", "Hello"), Message("assistant", "Hello."), Message("user", "I am sad."))
    result = await ask("eliza", "", messages=messages, parameters=FAST)
    assert result.text == "I am sorry to hear that you are sad."
    assert len(result.parts) == 10
