import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from arena.battles import suggestions
from arena.battles.prompts import check_prompt, detect_prompt_source
from arena.models import Battle, Suggestion
from core.http.errors import RequestError
from tests import factories as common
from tests.arena import factories

NOT_TEXT = "\ud800"
LONGEST = 24_000


@pytest.mark.parametrize("prompt", ["x", " a question ", "y" * LONGEST, "🙂" * (LONGEST // 2)])
def test_prompt_that_can_be_stored_is_taken(prompt):
    check_prompt(prompt)


@pytest.mark.parametrize("prompt", ["", " \n", "a\x00b", NOT_TEXT, "y" * (LONGEST + 1), "🙂" * (LONGEST // 2 + 1)])
def test_prompt_that_cannot_is_refused_by_its_field(prompt):
    with pytest.raises(RequestError) as refusal:
        check_prompt(prompt)
    assert (refusal.value.status, list(refusal.value.extra["fields"])) == (400, ["prompt"])


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("prompt", "expected"),
    [("Why?", "typed"), ("Card?", "suggestion"), (" Card? ", "suggestion"), ("x" * LONGEST, "typed")],
)
def test_source_of_a_question(prompt, expected):
    Suggestion.objects.create(prompt="Card?", category="x")

    assert detect_prompt_source(prompt) == expected


@pytest.mark.django_db
def test_source_knows_shipped_cards_beside_a_teams_own():
    [shipped, *_] = suggestions.draw_cards()
    Suggestion.objects.create(prompt="Card?", category="x")

    assert detect_prompt_source(shipped.prompt) == "suggestion"


@pytest.mark.django_db
def test_source_is_stored_with_a_battle_whoever_starts_it(client, me):
    Suggestion.objects.create(prompt="Card?", category="x")
    for _ in range(2):
        common.endpoint()
    for prompt in ("Why?", "Card?", "Why?"):
        client.post("/", {"prompt": prompt})
        client.post("/api/v1/battles/", {"prompt": prompt}, content_type="application/json")

    stored = Battle.objects.order_by("created_at").values_list("turns__prompt", "prompt_source")

    typed, suggested = [("Why?", "typed")] * 2, [("Card?", "suggestion")] * 2
    assert list(stored) == [*typed, *suggested, *typed]


@pytest.mark.django_db
def test_start_of_a_battle_reads_no_earlier_question(client, me, two_models):
    for number in range(3):
        factories.battle(voter=me, prompt=f"Why {number}?")

    with CaptureQueriesContext(connection) as queries:
        client.post("/api/v1/battles/", {"prompt": "Why 1?"}, content_type="application/json")

    assert Battle.objects.count() == 4
    # What it reads of turns are those of the battle that it answers with.
    assert not [query["sql"] for query in queries if "arena_turn" in query["sql"] and '"prompt" =' in query["sql"]]
    assert not [query["sql"] for query in queries if "btrim" in query["sql"]]
