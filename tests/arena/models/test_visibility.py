"""What may be seen of a battle, as one table, and that all readers follow it."""

import pytest
from django.test import Client

from arena.battles import history
from arena.identity import voters
from arena.models import NAMES_KNOWN, Answer, Battle, Visibility
from arena.web.battle_views import build_battle_context
from tests import factories as common
from tests.arena import factories
from tests.arena.factories import FAILED, FINISHED

NOTHING = Visibility(names=False, reasoning=False, failures=False, ratings=False)
KNOWN = Visibility(names=True, reasoning=True, failures=True, ratings=False)
ALL = Visibility(names=True, reasoning=True, failures=True, ratings=True)
READ = Visibility(names=True, reasoning=False, failures=False, ratings=True)
VOTER = {
    ("anonymous", "answering"): NOTHING,
    ("anonymous", "ready"): NOTHING,
    ("anonymous", "void"): NOTHING,
    ("anonymous", "skipped"): NOTHING,
    ("anonymous", "expired"): NOTHING,
    ("anonymous", "voted"): ALL,
    ("side_by_side", "answering"): KNOWN,
    ("side_by_side", "ready"): KNOWN,
    ("side_by_side", "void"): KNOWN,
    ("side_by_side", "skipped"): KNOWN,
    ("side_by_side", "expired"): KNOWN,
    ("side_by_side", "voted"): ALL,
}
FAILURES = {"timeout", "unavailable", "refused", "too_long", "empty"}


def test_table_of_the_voter_has_each_mode_and_state():
    seen = {key: Visibility.of_voter(*key) for key in VOTER}

    assert seen == VOTER
    assert set(VOTER) == {(mode, state) for mode in Battle.Mode.values for state in Battle.State.values}


@pytest.mark.parametrize(
    ("hides_names", "has_judged", "seen"),
    [(False, False, READ), (False, True, READ), (True, False, NOTHING), (True, True, READ)],
)
def test_table_of_readers(hides_names, has_judged, seen):
    assert Visibility.of_reader(hides_names=hides_names, has_judged=has_judged) == seen


@pytest.mark.parametrize("failure", Answer.Failure.values)
def test_failure_is_one_that_readers_know_and_always_the_same_while_hidden(failure):
    assert NOTHING.tell_failure(failure) == "unavailable"
    assert KNOWN.tell_failure(failure) == (failure if failure in FAILURES else "unavailable")


@pytest.mark.django_db
def test_query_page_call_list_and_export_follow_the_table():
    model_a, model_b = common.model("zname-a"), common.model("zname-b")
    for (mode, state), seen in VOTER.items():
        thoughts = FINISHED | {"reasoning": "Thought."}
        battle = factories.battle(state, mode=mode, contestant_a=model_a, contestant_b=model_b, a=thoughts, b=FAILED)
        if state == "voted":
            common.vote(model_a, model_b, battle=battle, voter=battle.voter_id)
        client = Client()
        client.cookies[voters.VOTER_COOKIE] = voters.cookie_signer.sign(str(battle.voter_id))
        call = client.get(f"/api/v1/battles/{battle.pk}/").json()
        [row] = client.get("/api/v1/battles/").json()["results"]
        [record] = history.load_export_batch(battle.voter_id)
        sides = build_battle_context(battle)["turns"][0]["sides"]
        reasons = {call["turns"][0]["answers"][1]["reason"], record["turns"][0]["answers"][1]["failure"]}

        assert Battle.objects.filter(NAMES_KNOWN, pk=battle.pk).exists() == seen.names
        assert {bool(call["models"]), bool(row["models"]), bool(record["models"]), bool(sides[0]["name"])} == {
            seen.names
        }
        assert (sides[0]["reasoning"] == "Thought.") == seen.reasoning
        assert reasons | {sides[1]["reason"]} == {"timeout" if seen.failures else "unavailable"}
        assert (build_battle_context(battle)["reveal"] is not None) == seen.ratings
        assert (b"Zname" in client.get("/battles/?q=Why").content) == seen.names
