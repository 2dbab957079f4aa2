"""The search for names in a text, in any spelling."""

import pytest

from arena.judging.fuzzy_match import iter_name_matches, squeeze_text, tokenize_text


def find_names(text, *names):
    return {match.name for match in iter_name_matches(tokenize_text(text), names)}


@pytest.mark.parametrize(
    "text",
    [
        *("claude", "CLAUDE", "Claude's", "claudes", "Clauden", "“Claude”", "Claude™", "claude3"),
        *("Cl\u200baude", "Cl\u00adaude", "C\u0301l\u0308aude", "Ｃｌａｕｄｅ", "𝐂𝐥𝐚𝐮𝐝𝐞", "ⒸⓁⒶⓊⒹⒺ", "ᴄʟᴀᴜᴅᴇ", "Сlаudе"),
        *("C l a u d e", "c-l-a-u-d-e", "C.L.A.U.D.E.", "C, l, a, u, d, e", "C\nl\na\nu\nd\ne", "Cla-ude"),
        *("**Cla**ude", "`Cla`ude", "C*l*aude", "~~Cla~~ude", "<b>Cla</b>ude", "[Cla](https://example.org)ude"),
        *("&#67;laude", "[here](https://claude.example)", "我是claude。"),
    ],
)
def test_find_sees_a_name_however_it_is_written(text):
    assert find_names(f"It was {text} again.", "claude") == {"claude"}


@pytest.mark.parametrize(
    "text",
    ["Claudette", "Claudia", "declaude", "Clau. De", "clau, de", "cla (ude)", "a cloud", "", "*", "&#99999999999;"],
)
def test_find_sees_no_name_in_other_words(text):
    assert find_names(text, "claude") == set()


@pytest.mark.parametrize(("text", "expected"), [("o1", {"o1"}), ("o-1", {"o1"}), ("O(1)", set()), ("o 1", set())])
def test_find_wants_short_names_in_one_piece(text, expected):
    assert find_names(text, "o1") == expected


def test_find_gives_every_place_and_says_what_was_spelled_out():
    matches = list(iter_name_matches(tokenize_text("gpt, then g p t - 4 o"), ["gpt", "gpt4o"]))

    assert [(match.name, match.first, match.last, match.is_spelled_out) for match in matches] == [
        ("gpt", 0, 1, False),
        ("gpt", 2, 5, True),
        ("gpt4o", 2, 7, True),
    ]


def test_text_gives_the_words_of_one_sentence_around_a_place():
    text = tokenize_text("One two. Three four *five* six! Seven")

    assert text.words_before(4, 9) == ["three", "four"]
    assert text.words_before(4, 1) == ["four"]
    assert text.words_after(5, 9) == ["six"]
    assert text.words_after(6, 9) == []
    assert text.words_before(0, 9) == []


@pytest.mark.parametrize(
    ("break_", "expected"), [("\n", ["i", "am"]), ("\n> ", ["i", "am"]), ("\n\n", []), ("\n- ", []), ("。", [])]
)
def test_text_goes_on_over_a_wrapped_line_and_no_further(break_, expected):
    assert tokenize_text(f"I am{break_}Claude").words_before(2, 9) == expected


def test_squeeze_keeps_only_letters_and_digits_folded():
    assert squeeze_text("Größe-4.5 (Neu)") == "grosse45neu"
