"""Deletion by voters, checked with a word that must not be left in any table."""

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from arena.answers import announcements, failover, leases
from arena.battles import deletion, lifecycle
from arena.identity import voters
from arena.models import Answer, Battle, Pool, Session, Turn, Vote, Voter
from core.http.errors import RequestError
from ratings.boards.snapshots import BoardKey, load_newest_board
from ratings.models import Exclusion
from ratings.pipeline import board_refresh, vote_weights
from tests import factories as common
from tests.arena import factories
from tests.arena.factories import FINISHED, RUNNING
from tests.races import at_once

pytestmark = pytest.mark.django_db
in_earnest = pytest.mark.django_db(transaction=True)
CANARY = "canary-5c1d"


@pytest.fixture
def alpha():
    return common.fighter(common.model("alpha"))


@pytest.fixture
def beta():
    return common.fighter(common.model("beta"))


@pytest.fixture
def fought(voter, alpha, beta):
    """Creates a voted battle with the voter's own words in every field."""

    def make(winner="a", of=voter, **fields):
        battle = factories.battle(
            "ready", prompt=f"What is {CANARY}?", voter=of, contestant_a=alpha, contestant_b=beta, **fields
        )
        Answer.objects.filter(turn__battle=battle).update(text=f"It is {CANARY}.")
        vote = lifecycle.cast_vote(battle, winner, {"a": ["useful"]}, f"So says {CANARY}")
        # Like votes from before reasons came from the list.
        Vote.objects.filter(pk=vote.pk).update(reasons={"a": ["useful", CANARY], "b": [CANARY]})
        return battle, vote

    return make


def places_of(text):
    """The tables that contain a text in any column."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        counts = {}
        for table in tables:
            count = f'SELECT count(*) FROM "{table}" AS t WHERE to_jsonb(t)::text LIKE %s'  # noqa: S608
            cursor.execute(count, [f"%{text}%"])
            counts[table] = cursor.fetchone()[0]
    return {table for table, count in counts.items() if count}


def board():
    return load_newest_board(BoardKey("live", "overall", style_control=False, method="bt"))


def test_deleted_battle_leaves_no_word_and_its_vote(fought, voter):
    battle, vote = fought()
    assert places_of(CANARY) == {"arena_turn", "arena_answer", "arena_vote"}

    deletion.delete_battle(voter.pk, battle.pk)

    assert places_of(CANARY) == set()
    assert not (Battle.objects.exists() or Turn.objects.exists() or Answer.objects.exists())
    left = Vote.objects.get(pk=vote.pk)
    assert (left.battle, left.winner, left.counted, left.voter) == (None, "a", vote.counted, voter.pk)
    assert (left.reasons, left.comment, left.prompt_hash) == ({"a": ["useful"], "b": []}, "", vote.prompt_hash)


def test_deletion_of_one_leaves_the_others_alone(fought, voter):
    battle, _ = fought()
    other, vote = fought()

    deletion.delete_battle(voter.pk, battle.pk)

    assert list(Battle.objects.all()) == [other]
    assert Vote.objects.get(pk=vote.pk).comment == f"So says {CANARY}"
    assert Voter.objects.get() == voter


def test_everything_is_deleted_but_the_votes(fought, voter):
    votes = [fought("a")[1], fought("b")[1], fought("tie")[1]]
    deletion.delete_battle(voter.pk, votes[2].battle_id)
    other = common.voter()
    fought("b", other)

    deletion.delete_voter_data(voter.pk)

    assert places_of(str(voter.pk)) == set()
    mine = Vote.objects.filter(pk__in=[vote.pk for vote in votes]).order_by("pk")
    assert [vote.winner for vote in mine] == ["a", "b", "tie"]
    assert {(vote.battle, vote.comment, vote.prompt_hash) for vote in mine} == {(None, "", "")}
    assert len({vote.voter for vote in mine}) == 1
    assert not {vote.voter for vote in mine} & {voter.pk, other.pk, None}
    assert (list(Voter.objects.all()), Battle.objects.count()) == ([other], 1)
    assert CANARY in Vote.objects.get(voter=other.pk).comment


def test_deletion_of_everything_takes_the_account_with_all_its_sessions(fought, client):
    user = User.objects.create_user(CANARY)
    client.force_login(user)
    mine = Voter.objects.get(user=user)
    client.session.save()
    fought(of=mine)
    another = User.objects.create_user("another")
    type(client)().force_login(another)

    deletion.delete_voter_data(mine.pk)

    assert places_of(CANARY) == set()
    assert list(User.objects.all()) == [another]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM arena_session")
        assert cursor.fetchone() == (1,)


def test_deletion_of_an_account_reads_no_session_of_the_arena(client):
    """Earlier versions decoded all sessions within one request."""
    for number in range(5):
        type(client)().force_login(User.objects.create_user(f"other {number}"))
    user = User.objects.create_user("me")
    for _ in range(3):
        type(client)().force_login(user)
    client.get("/")
    client.session.save()

    with CaptureQueriesContext(connection) as queries:
        deletion.delete_voter_data(Voter.objects.get(user=user).pk)

    about_sessions = [query["sql"] for query in queries if "arena_session" in query["sql"]]
    assert [sql.partition(" WHERE ")[0] for sql in about_sessions] == ['DELETE FROM "arena_session"']
    assert Session.objects.filter(user__isnull=False).count() == Session.objects.count() - 1 == 5


def test_deletion_of_a_voter_without_a_row_changes_nothing(fought):
    fought()

    deletion.delete_voter_data(voters.uuid.uuid4())

    assert (Battle.objects.count(), Vote.objects.count(), Voter.objects.count()) == (1, 1, 1)


@in_earnest
def test_boards_are_the_same_after_deletion(fought, voter):
    for number in range(6):
        fought("ab"[number % 2], common.voter())
    battle, _ = fought("b")
    fought("a")
    board_refresh.refresh()
    before = board()

    deletion.delete_battle(voter.pk, battle.pk)
    deletion.delete_voter_data(voter.pk)

    call_command("verify_ratings")
    board_refresh.recompute_boards(list(Pool.objects.all()), from_scratch=True)
    after = board()
    for key in ("model", "votes", "voters", "wins", "rank"):
        assert [row[key] for row in after["rows"]] == [row[key] for row in before["rows"]]
    for key in ("rating", "se", "ci_low"):
        assert [row[key] for row in after["rows"]] == pytest.approx([row[key] for row in before["rows"]])


@in_earnest
def test_deletion_stops_answers_and_their_published_text_expires(valkey, voter):
    battles = [factories.battle("answering", a=RUNNING, voter=voter) for _ in range(3)]
    for battle in battles:
        announcements.announce_events(battle.pk, ["delta", 1, "a", "t", 0, CANARY])

    deletion.delete_battle(voter.pk, battles[0].pk)
    deletion.delete_voter_data(voter.pk)

    assert 0 < valkey.ttl(announcements.EVENT_STREAM) <= 60
    stopped = {fields[b"b"].decode() for _, fields in valkey.xrange(announcements.STOP_STREAM)}
    assert {str(battle.pk) for battle in battles} <= stopped


def test_deletion_does_not_need_the_store(nobody, voter):
    battle = factories.battle("answering", voter=voter)

    deletion.delete_battle(voter.pk, battle.pk)

    assert not Battle.objects.exists()


def test_worker_finds_its_turn_gone_and_writes_nothing(voter):
    battle = factories.battle("answering", a=RUNNING, b=RUNNING, voter=voter)
    turn = battle.turns.get()
    sides = [factories.side(turn, name) for name in "ab"]
    results = tuple(leases.AnswerResult(side.pk, 1, text=CANARY) for side in sides)
    deletion.delete_battle(voter.pk, battle.pk)

    [outcome] = leases.finish_answers([leases.FinishedSides(turn.pk, results)])
    [extension] = leases.extend_leases([[leases.AnswerLease(side.pk, 1, CANARY) for side in sides]])

    assert (outcome.saved_ids, outcome.state, extension.owned_ids) == (frozenset(), None, frozenset())
    assert leases.claim_answers([turn.pk]) == {}
    assert places_of(CANARY) == set()


def test_worker_replaces_no_model_of_a_battle_that_is_gone(voter):
    battle = factories.battle("answering", a=RUNNING, b=RUNNING, voter=voter)
    side = factories.side(battle.turns.get(), "a")
    job = failover.jobs.load_side_job(side.turn_id, side.pk)
    deletion.delete_battle(voter.pk, battle.pk)

    assert failover.replace_contestants([(job, "timeout")]) == [None]


def test_vote_on_a_battle_that_is_gone_is_refused(voter):
    battle = factories.battle(voter=voter)
    loaded = lifecycle.get_battle(voter.pk, battle.pk)
    deletion.delete_battle(voter.pk, battle.pk)

    with pytest.raises(RequestError) as refused:
        lifecycle.cast_vote(loaded, "a")

    assert refused.value.status == 404
    assert not Vote.objects.exists()


@in_earnest
def test_vote_and_deletion_at_once_leave_no_vote_with_words(voter):
    for _ in range(5):
        battle = factories.battle(voter=voter, a=FINISHED, b=FINISHED)
        loaded = lifecycle.get_battle(voter.pk, battle.pk)

        def work(number, loaded=loaded):
            if number:
                return deletion.delete_battle(voter.pk, loaded.pk)
            return lifecycle.cast_vote(loaded, "a", None, CANARY)

        results = at_once(2, work)

        assert not [
            result for result in results if isinstance(result, Exception) and not isinstance(result, RequestError)
        ]
        assert places_of(CANARY) == set()


@in_earnest
def test_deletion_of_everything_at_once_from_two_places(voter, fought):
    fought()

    results = at_once(2, lambda _: deletion.delete_voter_data(voter.pk))

    assert results == [None, None]
    assert not (Battle.objects.exists() or Voter.objects.exists())
    with transaction.atomic():
        assert Vote.objects.get().battle is None


@in_earnest
def test_two_last_operators_who_leave_at_once_leave_one():
    for name in ("alice", "bob"):
        common.voter(user=User.objects.create_superuser(name))
    leaving = list(Voter.objects.values_list("pk", flat=True))

    results = at_once(2, lambda number: deletion.delete_voter_data(leaving[number]))

    [refused] = [result for result in results if result is not None]
    assert (refused.code, refused.status) == ("last_operator", 409)
    assert User.objects.count() == 1


@pytest.mark.parametrize("delete", [deletion.delete_voter_data, lambda key: Battle.objects.filter(voter=key).delete()])
def test_deletion_right_after_the_vote_does_not_hide_the_network_it_came_from(fought, voter, delete):
    """Otherwise, a rigger's votes would be in no alarm, and an operator could not exclude them by network."""
    _, vote = fought(network="a" * 64)
    delete(voter.pk)

    exclusion = Exclusion(pool=common.pool(), network="a" * 64)
    assert list(vote_weights.select_votes(exclusion)) == [vote]
