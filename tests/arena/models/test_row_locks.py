"""Row locks: voters and battles that are deleted while another request works on them."""

import pytest
from django.db import transaction
from django.test import Client

from arena.battles import continuation, deletion, feedback, lifecycle, sharing
from arena.identity import voters
from arena.models import Battle, Turn, Voter
from catalog.models import Submission
from core.http.errors import RequestError
from tests import factories as common
from tests.arena import factories
from tests.arena.factories import FAILED
from tests.processes import eventually
from tests.races import at_once, blocked, in_thread

pytestmark = pytest.mark.django_db
with_transactions = pytest.mark.django_db(transaction=True)
CALL = "/api/v1/battles/"
PROPOSAL = {"model": "Arctic-Tern-9B", "organization": "Tern Labs", "why": "Everybody asks for it."}


def create_client(voter):
    client = Client()
    client.cookies[voters.VOTER_COOKIE] = voters.cookie_signer.sign(str(voter.pk))
    return client


def send(client, address, body, **headers):
    token = client.get("/battles/").wsgi_request.META["CSRF_COOKIE"]
    all_headers = {"X-CSRFToken": token, **headers}
    return client.post(address, body, content_type="application/json", headers=all_headers)


STARTS = {
    "call": lambda client: send(client, CALL, {"prompt": "Why?"}),
    "call that may be sent again": lambda client: send(client, CALL, {"prompt": "Why?"}, **{"Idempotency-Key": "k"}),
    "page": lambda client: client.post("/", {"prompt": "Why?"}),
    "submission": lambda client: send(client, "/api/v1/submissions/", {"proposal": PROPOSAL}),
}


@with_transactions
@pytest.mark.parametrize("start", STARTS)
def test_what_is_started_while_all_data_are_deleted_is_refused(two_models, start):
    """The deletion has locked the voter's row when the request arrives, and ends while the request waits."""
    voter = common.voter()
    client = create_client(voter)
    client.get("/battles/")
    answers = []

    with transaction.atomic():
        deletion.delete_voter_data(voter.pk)
        thread = in_thread(lambda: answers.append(STARTS[start](client)))
        assert eventually(blocked, 10)
    thread.join(20)

    assert [answer.status_code for answer in answers] == [409]
    assert "Please try again." in answers[0].content.decode()
    assert not (Battle.objects.exists() or Turn.objects.exists() or Submission.objects.exists())
    assert STARTS[start](client).status_code in (201, 302)


@with_transactions
def test_starts_and_deletions_at_once_are_no_fault_of_ours(two_models):
    voter = common.voter()

    def work(number):
        if number % 3 == 0:
            return deletion.delete_voter_data(voter.pk)
        return create_client(voter).post("/", {"prompt": "Why?"}).status_code

    for _ in range(4):
        results = at_once(6, work)
        assert set(results) <= {None, 302, 409}
        Voter.objects.get_or_create(pk=voter.pk)


ACTS = {
    "share": ("voted", lambda battle: sharing.share_battle(battle, ["here"])),
    "take back": ("voted", sharing.unshare_battle),
    "retry": ("void", lifecycle.retry_answers),
    "stop": ("answering", lifecycle.stop_battle),
    "ask again": ("ready", lambda battle: lifecycle.ask_follow_up(battle, "And?")),
    "vote": ("ready", lambda battle: lifecycle.cast_vote(battle, "a")),
    "opinion": ("voted", lambda battle: feedback.save_feedback(battle, {"a": ["useful"]}, "")),
    "go on": ("voted", continuation.continue_battle),
}


@pytest.mark.parametrize("act", ACTS)
def test_act_on_a_battle_that_was_just_deleted_is_told_so(me, act):
    state, run_act = ACTS[act]
    battle = factories.battle(state, a=FAILED, voter=me)
    loaded = lifecycle.get_battle(me.pk, battle.pk)
    deletion.delete_battle(me.pk, battle.pk)

    with pytest.raises(RequestError) as caught:
        run_act(loaded)

    assert (caught.value.status, caught.value.code) == (404, "not_found")
    assert not Battle.objects.exists()


CALLS = {
    "share": ("voted", {"shared": True}),
    "retry": ("void", {}),
    "turns": ("ready", {"prompt": "And?"}),
    "vote": ("ready", {"winner": "a"}),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("where", ["/battles/", CALL])
def test_request_for_a_battle_that_is_deleted_meanwhile_is_404(client, me, monkeypatch, call, where):
    state, body = CALLS[call]
    battle = factories.battle(state, a=FAILED, voter=me)
    get_battle = lifecycle.get_battle

    def get_and_delete(voter_id, battle_id):
        battle = get_battle(voter_id, battle_id)
        Battle.objects.filter(pk=battle_id).delete()
        return battle

    monkeypatch.setattr(lifecycle, "get_battle", get_and_delete)
    kind = {"content_type": "application/json"} if where == CALL else {}

    assert client.post(f"{where}{battle.pk}/{call}/", body, **kind).status_code == 404
