"""The rules for headers, bold marks, list items and words."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.judging.style_features import compute_features, iter_prose_lines, measure_length

LENGTHS = [
    ("", 0),
    (" \n\t ", 0),
    ("one two three", 3),
    ("Hello, world!", 4),
    ("don't", 1),
    ("don’t", 1),
    ("'quoted'", 3),
    ("3.14", 3),
    ("snake_case", 3),
    ("gpt4o mini", 2),
    ("wait...", 2),
    ("-----", 1),
    ("?!?!", 4),
    ("| a | b |", 5),
    ("你好，世界", 5),
    ("すし", 2),
    ("한국어", 3),
    ("用Python写", 3),
    ("สวัสดี", 4),
    ("हिन्दी भाषा", 2),
    ("café", 1),
    ("cafe\u0301", 1),
    ("zero\u200bwidth", 1),
    ("Привет, мир", 3),
    ("👍👍 🎉", 2),
]
MARKS = [
    # text, headers, bold, list items
    ("# One\n## Two\n###### Six", 3, 0, 0),
    ("####### seven\n#hashtag\n#\n # indented", 1, 0, 0),
    ("    # four spaces", 0, 0, 0),
    ("Title\n=====", 0, 0, 0),
    ("**a** and __b__", 0, 2, 0),
    ("**a\nb**", 0, 0, 0),
    ("2 ** 3 ** 4", 0, 0, 0),
    ("***both***", 0, 1, 0),
    ("*italic* _too_", 0, 0, 0),
    ("snake__case__name", 0, 0, 0),
    ("**one** **two** **three**", 0, 3, 0),
    ("**open", 0, 0, 0),
    ("- a\n* b\n+ c", 0, 0, 3),
    ("1. a\n2) b\n10. c", 0, 0, 3),
    ("  - nested\n\t- nested\n      1. nested", 0, 0, 3),
    ("-a\n1.a\n-\n1.", 0, 0, 0),
    ("---\n***\n* * *\n- - -", 0, 0, 0),
    ("- - a", 0, 0, 1),
    ("2024 was a year. 1. no", 0, 0, 0),
    ("- **bold** item", 0, 1, 1),
    ("```\n# no\n**no**\n- no\n```\n# yes", 1, 0, 0),
    ("~~~md\n# no\n```\n- no\n~~~\n- yes", 0, 0, 1),
    ("````\n```\n# no\n````\n# yes", 1, 0, 0),
    ("1. a\n   ```py\n   # no\n   ```\n2. b", 0, 0, 2),
    ("```\n# never closed", 0, 0, 0),
    ("``` inline ``` is no block\n# yes", 1, 0, 0),
    ("`**no**` and **yes**", 0, 1, 0),
    ("`a` **x** `b`", 0, 1, 0),
    ("# a\r\n- b\r- c", 1, 0, 2),
]


@pytest.mark.parametrize(("text", "expected"), LENGTHS)
def test_length_counts_words_and_marks(text, expected):
    assert measure_length(text) == expected


@pytest.mark.parametrize(("text", "headers", "bold", "items"), MARKS)
def test_features_counts_markdown_outside_code(text, headers, bold, items):
    assert compute_features([text])[1:] == [headers, bold, items]


def test_features_are_summed_over_the_turns():
    assert compute_features([]) == [0, 0, 0, 0]
    assert compute_features(["```\na b c\n```"]) == [5, 0, 0, 0]
    assert compute_features(["# One two", "**a**\n- b"]) == [3 + 5, 1, 1, 1]
    assert compute_features(["```\nnever closed", "# a header of the next turn"])[1] == 1


@given(st.text(), st.text())
def test_length_of_two_texts_is_the_sum_of_both(one, other):
    assert measure_length(f"{one}\n{other}") == measure_length(one) + measure_length(other)


@given(st.text(alphabet="ab \n`~#*_-1."))
def test_features_are_never_negative_and_each_line_is_one_item_at_most(text):
    words, headers, bold, items = compute_features([text])

    assert min(words, headers, bold, items) >= 0
    assert headers + items <= len(text.split("\n"))
    assert len(list(iter_prose_lines(text))) <= len(text.split("\n"))


@pytest.mark.slow
@pytest.mark.parametrize(
    "piece",
    [
        *(
            "*",
            "**a",
            "** a",
            "_",
            "__a",
            "`",
            "`a",
            "```\n",
            "~~~",
            "- ",
            "- * ",
            "1.",
            "#",
            "# ",
            " ",
            "\t",
            "\n",
            "\r",
        ),
        *("a'", "'", "-", "a\u0301\u0327", "\u0301\u0327", "\u200b", "你", "The quick brown fox jumps over the dog. "),
    ],
)
def test_features_takes_linear_time_whatever_the_text(piece):
    began = time.process_time()

    compute_features([piece * (256 * 1024 // len(piece))])

    assert time.process_time() - began < 5
