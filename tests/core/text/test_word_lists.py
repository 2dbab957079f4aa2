"""Lists of words in sentences."""

import pytest

from core.text.word_lists import join_words


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
