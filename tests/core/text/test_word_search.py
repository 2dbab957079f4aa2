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


@pytest.mark.parametrize(
    ("names", "text", "is_found"),
    [
        ("StripedHyena-Nous 7B", "nano", False),
        ("StripedHyena-Nous 7B", "hyena", True),
        ("Granite 4.2 Nano", "nano", True),
        ("Grok 4.3 grok-4-3", "grok 3", False),
        ("Grok 4.3 grok-4-3", "grok 4", True),
        ("Grok 4.3 grok-4-3", "grok 4.3", True),
        ("Grok 3 Mini grok-3-mini", "grok 3", True),
        ("Llama 2 13B llama-2-13b", "3b", False),
        ("Llama 2 13B llama-2-13b", "llama 13b", True),
        ("Claude 3.5 Sonnet claude-3-5-sonnet", "claude-3-5", True),
        ("Claude 3.5 Sonnet claude-3-5-sonnet", "claude 5", False),
        ("GPT-4.1 gpt-4.1-2025-04-14", "2025-04-14", True),
        ("GPT-4.1 gpt-4-1", "4-1", True),
        ("GPT-4o (2024-05-13)", "(2024 _", False),
        ("GPT-4o (2024-05-13)", "(2024 05-13", True),
    ],
)
def test_word_matches_where_a_word_or_a_number_begins(names, text, is_found):
    assert contains_words(names, text) is is_found
