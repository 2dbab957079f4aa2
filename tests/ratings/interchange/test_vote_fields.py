"""Categories of a vote from the fields of a file."""

import pytest

from ratings.interchange.vote_fields import list_assistant_messages, parse_category_tags, parse_language

SEVEN = (
    "complexity",
    "creativity",
    "domain_knowledge",
    "problem_solving",
    "real_world",
    "specificity",
    "technical_accuracy",
)


@pytest.mark.parametrize(
    ("value", "slugs"),
    [
        ("English", ("english",)),
        ("en", ("english",)),
        ("zh", ("chinese",)),
        ("Scots Gaelic", ("scots-gaelic",)),
        ("Norwegian Bokmål", ("norwegian-bokmal",)),
        ("unknown", ()),
        ("Unknown", ()),
        ("und", ()),
    ],
)
def test_language_is_named_in_english(value, slugs):
    assert parse_language(value) == slugs


@pytest.mark.parametrize("value", ["中文", "-", "x" * 41])
def test_language_that_cannot_be_a_category_is_refused(value):
    with pytest.raises(ValueError, match="must be the name of a language"):
        parse_language(value)


@pytest.mark.parametrize(
    ("value", "slugs"),
    [
        ({}, ()),
        ({"criteria_v0.1": dict.fromkeys(SEVEN, True)}, ("hard-prompts",)),
        ({"criteria_v0.1": dict.fromkeys(SEVEN[1:], True)}, ("hard-prompts",)),
        ({"criteria_v0.1": dict.fromkeys(SEVEN[2:], True)}, ()),
        ({"creative_writing_v0.1": {"creative_writing": True}}, ("creative-writing",)),
        ({"creative_writing_v0.2": {"creative_writing": False}}, ()),
        ({"if_v0.1": {"if": True, "score": 4}, "math_v0.1": {"math": True}}, ("instruction-following", "math")),
        ({"if_v0.1": {"if": False, "score": 4}}, ()),
        ({"weather_v0.1": {"weather": True}}, ()),
    ],
)
def test_tags_of_the_public_data_make_categories(value, slugs):
    assert parse_category_tags(value) == slugs


@pytest.mark.parametrize(
    ("message", "texts"),
    [
        ({"role": "assistant", "content": "hello"}, ["hello"]),
        ({"role": "user", "content": "hi"}, []),
        ({"role": "assistant", "content": [{"type": "text", "text": "a"}, {"type": "image"}, {"text": "b"}]}, ["a\nb"]),
        ({"role": "assistant", "content": None}, [""]),
        ({"role": "assistant"}, [""]),
        ({}, []),
    ],
)
def test_assistant_texts_are_read_from_texts_and_parts(message, texts):
    assert list_assistant_messages([message]) == texts
