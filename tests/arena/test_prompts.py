import pytest

from arena import suggestions
from arena.errors import Refusal
from arena.models import Battle, Suggestion
from arena.prompts import LONGEST_PROMPT, check_prompt, source
from tests import factories as common
from tests.arena import factories

NOT_TEXT = "\ud800"


@pytest.mark.parametrize("prompt", ["x", " a question ", "y" * LONGEST_PROMPT, "🙂" * LONGEST_PROMPT])
def test_prompt_that_can_be_stored_is_taken(prompt):
    check_prompt(prompt)


@pytest.mark.parametrize("prompt", [None, 7, [], "", " \n", "a\x00b", NOT_TEXT, "y" * (LONGEST_PROMPT + 1)])
def test_prompt_that_cannot_is_refused_by_its_field(prompt):
    with pytest.raises(Refusal) as refusal:
        check_prompt(prompt)
    assert (refusal.value.status, list(refusal.value.extra["fields"])) == (400, ["prompt"])


@pytest.fixture
def voter():
    return common.voter()


def asked(voter, prompt, number=1):
    made = factories.battle(voter=voter, prompt=prompt if number == 1 else "Something else?")
    if number > 1:
        factories.turn(made, number, prompt, a=factories.FINISHED, b=factories.FINISHED)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (None, "Why?", "typed"),
        ("Why?", "Why?", "repeated"),
        ("Why?", " Why?\n", "repeated"),
        ("\tWhy?\n", "Why?", "repeated"),
        ("Why?", "Why not?", "typed"),
        ("Card?", "Card?", "suggestion"),
        (None, " Card? ", "suggestion"),
        ("x" * LONGEST_PROMPT, "x" * LONGEST_PROMPT, "repeated"),
    ],
)
def test_source_of_a_question(voter, before, now, expected):
    Suggestion.objects.create(prompt="Card?", category="x")
    if before:
        asked(voter, before)

    assert source(voter, now) == expected


@pytest.mark.django_db
def test_source_knows_shipped_cards_beside_a_teams_own(voter):
    [shipped, *_] = suggestions.some()
    Suggestion.objects.create(prompt="Card?", category="x")

    assert source(voter, shipped.prompt) == "suggestion"


@pytest.mark.django_db
def test_source_heeds_only_first_questions_of_the_same_voter(voter):
    asked(voter, "Why?", number=2)
    asked(common.voter(), "Why?")

    assert source(voter, "Why?") == "typed"


@pytest.mark.django_db
def test_source_is_stored_with_a_battle_whoever_starts_it(client, me):
    Suggestion.objects.create(prompt="Card?", category="x")
    for _ in range(2):
        common.endpoint()
    for prompt in ("Why?", "Card?", "Why?"):
        client.post("/", {"prompt": prompt})
        client.post("/api/v1/battles/", {"prompt": prompt}, content_type="application/json")

    stored = Battle.objects.order_by("created_at").values_list("turns__prompt", "prompt_source")

    assert list(stored) == [
        *[("Why?", "typed"), ("Why?", "repeated")],
        *[("Card?", "suggestion"), ("Card?", "suggestion")],
        *[("Why?", "repeated"), ("Why?", "repeated")],
    ]
