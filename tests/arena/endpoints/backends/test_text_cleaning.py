import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.endpoints.backends.protocol import Delta, Reasoning
from arena.endpoints.backends.text_cleaning import MAX_OPENING_LENGTH, TextCleaner, ThoughtSplitter, clean_text

# Any str in Python, including surrogates and NUL.
ANYTHING = st.text(st.characters(exclude_categories=()))


@pytest.mark.parametrize(
    ("dirty", "cleaned"),
    [
        ("plain", "plain"),
        ("naïve 🙂 東京", "naïve 🙂 東京"),
        ("a\x00b\x00", "ab"),
        ("\x00", ""),
        ("lone \ud800 half", "lone \ufffd half"),
        ("lone \udc00 half", "lone \ufffd half"),
        ("pair \ud83d\ude00", "pair 😀"),
        ("\ude00\ud83d", "\ufffd\ufffd"),
        ("é\x00\ud83d", "é\ufffd"),
        ("tab\t newline\n bell\x07", "tab\t newline\n bell\x07"),
    ],
)
def test_clean_leaves_only_what_can_be_stored(dirty, cleaned):
    assert clean_text(dirty) == cleaned


@given(ANYTHING)
def test_clean_text_is_valid_and_stays(text):
    cleaned = clean_text(text)
    assert "\x00" not in cleaned
    assert json.loads(json.dumps(cleaned).encode()) == cleaned
    assert cleaned.encode().decode() == cleaned
    assert clean_text(cleaned) == cleaned


def clean_pieces(cleaner: TextCleaner, pieces: list[str]) -> str:
    return "".join([*map(cleaner.feed, pieces), cleaner.end()])


@given(ANYTHING, st.sets(st.integers(1, 30)))
def test_cleaner_does_not_care_how_the_text_is_cut(text, cuts):
    edges = [0, *sorted(cut for cut in cuts if cut < len(text)), len(text)]
    pieces = [text[a:b] for a, b in itertools.pairwise(edges)]
    expected = clean_text(text)
    assert clean_pieces(TextCleaner(), pieces) == expected.lstrip()


def test_cleaner_joins_the_halves_of_an_emoji():
    cleaner = TextCleaner()
    assert cleaner.feed("x \ud83d") == "x "
    assert cleaner.feed("\ude00 y") == "😀 y"


@pytest.mark.parametrize("rest", ["", "x"])
def test_cleaner_drops_a_blank_beginning(rest):
    cleaner = TextCleaner()
    assert [cleaner.feed(" "), cleaner.feed("\n"), cleaner.has_begun] == ["", "", False]
    assert cleaner.feed(rest) == rest
    assert cleaner.has_begun is bool(rest)


def test_cleaner_counts_a_lone_half_as_something():
    cleaner = TextCleaner()
    assert cleaner.feed("\ud83d") == ""
    assert cleaner.end() == "\ufffd"
    assert cleaner.has_begun


def split(pieces: list[str]) -> tuple[str, str]:
    splitter = ThoughtSplitter()
    parts = [part for piece in pieces for part in splitter.feed(piece)] + splitter.end()
    assert all(part.text for part in parts)
    said = "".join(part.text for part in parts if isinstance(part, Delta))
    thought = "".join(part.text for part in parts if isinstance(part, Reasoning))
    return said, thought


@pytest.mark.parametrize(
    ("text", "said", "thought"),
    [
        ("Just an answer", "Just an answer", ""),
        ("<think>Hm.</think>Yes", "Yes", "Hm."),
        ("\n <think>\nHm.\n</think>\n\nYes\n", "\n\nYes\n", "\nHm.\n"),
        ("<thinking>Hm.</thinking>Yes", "Yes", "Hm."),
        ("<thought>Hm.</thought>Yes", "Yes", "Hm."),
        ("[THINK]Hm.[/THINK]Yes", "Yes", "Hm."),
        ("<think></think>Yes", "Yes", ""),
        ("<think>never ends", "", "never ends"),
        ("<think>almost</thin", "", "almost</thin"),
        ("<thi", "<thi", ""),
        ("<this> is no tag", "<this> is no tag", ""),
        ("Use <think>x</think> here", "Use <think>x</think> here", ""),
        ("<think>a</think>b<think>c</think>", "b<think>c</think>", "a"),
        ("", "", ""),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 3, 5, 1000])
def test_thoughts_are_set_apart_however_the_tags_are_cut(text, said, thought, size):
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    assert split(pieces) == (said, thought)


def test_thoughts_wait_for_a_tag_only_so_long():
    splitter = ThoughtSplitter()
    assert any(splitter.feed(" ") for _ in range(MAX_OPENING_LENGTH))


def test_thoughts_come_out_as_they_come_in():
    splitter = ThoughtSplitter()
    assert splitter.feed("<think>One") == [Reasoning("One")]
    assert splitter.feed(" two <") == [Reasoning(" two ")]
    assert splitter.feed("3") == [Reasoning("<3")]
    assert splitter.feed("</think>So") == [Delta("So")]
    assert splitter.feed(" it is") == [Delta(" it is")]
