"""What write calls and forms ask for is checked by the schema that describes it."""

import pytest

from arena.battles import feedback
from arena.battles.requests import (
    FeedbackSchema,
    NewBattleSchema,
    NewJudgmentSchema,
    NewTurnSchema,
    NewVoteSchema,
    SharingSchema,
)
from core.http.errors import RequestError

EVERY_WORD = [*feedback.PRAISE, *feedback.BLAME]
NOT_TEXT = "\ud800"
WORDS = (
    "Send the reasons as an object with the lists “a” and “b”. Allowed reasons: useful, complete, well_written, "
    "well_formatted, correct, wrong, shallow, instructions, too_long, refused."
)
LENGTH = "Send the comment as text of at most 4,000 characters."
WINNER = "Set “winner” to one of: a, b, tie, both_bad"
FEEDBACK = [
    *({"reasons": reasons} for reasons in (5, "useful", ["useful"], {"c": ["useful"]}, {"a": "useful"}, {"a": None})),
    *({"reasons": {"a": words}} for words in (["brilliant"], ["useful\x00"], ["useful"] * 21, [5], [["useful"]])),
    *({"comment": comment} for comment in ("x" * 4_001, "x" * 4_000 + " ", "NUL \x00", NOT_TEXT, 5, True, [])),
]
NO_WINNER = [None, "", "A", "c", "model_a", "tie (bothbad)", 1, True, ["a"], {"a": 1}, "a\x00"]


def refuse(schema, **fields):
    """Return the field and the sentence of the error, which has the shape of all errors in a field."""
    with pytest.raises(RequestError) as refusal:
        schema.check(**fields)
    error = refusal.value
    [(field, [sentence])] = error.extra["fields"].items()
    assert (error.status, error.code, error.detail) == (400, "invalid", sentence)
    return field, sentence


@pytest.mark.parametrize("fields", FEEDBACK, ids=lambda fields: repr(fields)[:40])
def test_feedback_that_cannot_be_is_refused_with_a_vote_and_after_it(fields):
    expected = {"reasons": WORDS, "comment": LENGTH}

    for schema, vote in ((FeedbackSchema, {}), (NewVoteSchema, {"winner": "a"}), (NewJudgmentSchema, {"winner": "a"})):
        field, sentence = refuse(schema, **vote, **fields)
        assert (field, sentence) == (next(iter(fields)), expected[field])


def test_feedback_takes_every_word_and_the_longest_comment():
    fields = {"reasons": {"a": EVERY_WORD, "b": []}, "comment": " y" * 2_000}

    assert NewVoteSchema.check(winner="a", **fields) == {"winner": "a"} | fields
    assert FeedbackSchema.check(reasons=None, comment=None) == {}


@pytest.mark.parametrize("winner", NO_WINNER, ids=repr)
def test_vote_for_nobody_is_refused(winner):
    assert refuse(NewVoteSchema, winner=winner) == ("winner", f"{WINNER}, skip.")
    assert refuse(NewJudgmentSchema, winner=winner) == ("winner", f"{WINNER}.")


def test_only_battles_can_be_skipped():
    assert NewVoteSchema.check(winner="skip") == {"winner": "skip"}
    assert refuse(NewJudgmentSchema, winner="skip")[0] == "winner"


@pytest.mark.parametrize(
    ("prompt", "sentence"),
    [(None, "Write a question first."), ("", "Write a question first.")]
    + [(prompt, "Send the question as text.") for prompt in (7, True, ["Why?"], {"a": 1})],
)
def test_question_that_is_no_text_is_refused(prompt, sentence):
    for schema in (NewTurnSchema, NewBattleSchema):
        assert refuse(schema, prompt=prompt) == ("prompt", sentence)


def test_question_is_taken_as_it_is():
    assert NewTurnSchema.check(prompt=" Why\x00\n") == {"prompt": " Why\x00\n"}


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [("mode", mode, "Set “mode” to “anonymous” or “side_by_side”.") for mode in ("", "blind", 1, ["anonymous"])]
    + [("models", models, "Send the models as a list of slugs.") for models in ("a", {"a": 1}, [1], [None], ["\x00"])],
)
def test_battle_that_cannot_be_is_refused(field, value, sentence):
    assert refuse(NewBattleSchema, prompt="Why?", **{field: value}) == (field, sentence)


def test_battle_is_anonymous_between_all_models_if_nothing_else_is_said():
    assert NewBattleSchema.check(prompt="Why?", mode=None, models=None) == {"prompt": "Why?", "mode": "anonymous"}


@pytest.mark.parametrize("value", ["true", 1, 0, "", [], None])
def test_sharing_is_yes_or_no(value):
    assert refuse(SharingSchema, shared=value) == ("shared", "“shared” must be true or false.")
    if value is not None:
        assert refuse(SharingSchema, shared=True, hide_names=value)[0] == "hide_names"


def test_first_field_that_is_wrong_is_named():
    assert refuse(NewVoteSchema, winner="x", comment=5)[0] == "winner"
