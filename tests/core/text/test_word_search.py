"""Words of a search in names."""

import pytest

from core.text.word_search import contains_words


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ("gpt4o", True),
        ("GPT-4-o", True),
        ("openai 4o", True),
        ("gpt_4o 2024", True),
        ("", True),
        ("4-o", False),  # a word that begins with a digit is found as it is
        ("gpt5", False),
        ("gpt4o claude", False),
    ],
)
def test_separators_and_case_do_not_matter(text, is_found):
    assert contains_words("GPT-4o (2024-05-13) gpt-4o-2024-05-13 OpenAI", text) is is_found
