import pytest

from arena.errors import Refusal
from arena.prompts import LONGEST_COMMENT, LONGEST_PROMPT, check_opinion, check_prompt

NOT_TEXT = "\ud800"


@pytest.mark.parametrize("prompt", ["x", " a question ", "y" * LONGEST_PROMPT, "🙂" * LONGEST_PROMPT])
def test_prompt_that_can_be_stored_is_taken(prompt):
    check_prompt(prompt)


@pytest.mark.parametrize("prompt", [None, 7, [], "", " \n", "a\x00b", NOT_TEXT, "y" * (LONGEST_PROMPT + 1)])
def test_prompt_that_cannot_is_refused_by_its_field(prompt):
    with pytest.raises(Refusal) as refusal:
        check_prompt(prompt)
    assert (refusal.value.status, list(refusal.value.extra["fields"])) == (400, ["prompt"])


@pytest.mark.parametrize(
    ("reasons", "comment"),
    [(None, None), ({}, ""), ({"a": ["useful"], "b": []}, "Good."), (None, "y" * LONGEST_COMMENT)],
)
def test_opinion_is_optional(reasons, comment):
    check_opinion(reasons, comment)


@pytest.mark.parametrize(
    "reasons",
    [
        5,
        "useful",
        ["useful"],
        {"c": []},
        {"a": "useful"},
        {"a": [5]},
        {"a": ["y" * 41]},
        {"a": ["x"] * 21},
        {"b": ["\x00"]},
    ],
)
def test_reasons_of_another_shape_are_refused(reasons):
    with pytest.raises(Refusal) as refusal:
        check_opinion(reasons, None)
    assert (refusal.value.status, list(refusal.value.extra["fields"])) == (400, ["reasons"])


@pytest.mark.parametrize("comment", [5, [], "y" * (LONGEST_COMMENT + 1), "\x00", NOT_TEXT])
def test_comment_that_is_no_text_is_refused(comment):
    with pytest.raises(Refusal) as refusal:
        check_opinion(None, comment)
    assert (refusal.value.status, list(refusal.value.extra["fields"])) == (400, ["comment"])
