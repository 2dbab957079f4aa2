"""The length of a text, by characters and bytes."""

import pytest

from core.text.text_size import TextSize


@pytest.mark.parametrize(
    ("text", "length"),
    [("", 0), ("abc", 3), ("é", 1), ("где", 3), ("你好", 3), ("🙂", 2), ("abcd🙂", 5), ("\u0928\u092e", 3)],
)
def test_length_is_of_characters_or_of_half_bytes(text, length):
    assert TextSize.of(text).length == length
