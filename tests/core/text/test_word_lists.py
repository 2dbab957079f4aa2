"""Lists of words and counted nouns in sentences."""

import pytest

from core.text.word_lists import count_noun, join_words


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ([], ""),
        (["audio"], "audio"),
        (["audio", "images"], "audio or images"),
        (["audio", "images", "PDFs"], "audio, images, or PDFs"),
    ],
)
def test_words_are_joined(words, text):
    assert join_words(iter(words), "or") == text


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((0, "vote"), "0 votes"),
        ((1, "vote"), "1 vote"),
        ((2, "vote"), "2 votes"),
        ((1, "tally", "tallies"), "1 tally"),
        ((2, "tally", "tallies"), "2 tallies"),
    ],
)
def test_noun_has_the_form_for_its_number(arguments, text):
    assert count_noun(*arguments) == text
