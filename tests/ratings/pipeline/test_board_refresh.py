"""Refreshes publish each board completely or not at all, one at a time, whatever fails."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from functools import partial
from itertools import pairwise

import orjson
import pytest
from django.db import connection, transaction
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

from arena.models import LIVE_POOL, LIVE_SLUG, PairWeight, Pool, Standing, Vote
from core.storage.redis_clients import get_redis_client
from ratings.boards import board_events
from ratings.boards.snapshots import METHODS, BoardKey, load_newest_board, unpack_rows
from ratings.models import Board, Outbox, Snapshot, Tally
from ratings.pipeline import board_fits, board_refresh, pool_state, refresh_lease, standings, tallies
from ratings.statistics.likelihood import NotConverged
from tests import factories
from tests.processes import eventually
from tests.races import blocked, database_url, elsewhere, in_thread
from tests.ratings.concurrency import lease_elsewhere

pytestmark = pytest.mark.django_db
at_once = pytest.mark.django_db(transaction=True)


def shown(pool=LIVE_SLUG, category="overall"):
    """{slug: (wins, losses, ties)} of the newest published board."""
    rows = load_newest_board(BoardKey(pool, category, False, "bt"))["rows"]
    return {row["model"]: (row["wins"], row["losses"], row["ties"]) for row in rows}


def get_board_key(snapshot):
    return snapshot.board.pool.slug, snapshot.board.category.slug, snapshot.method


def list_board_keys(published):
    """{(pool, category, method)} of published snapshots."""
    return set(map(get_board_key, published))


def both(pool, *categories):
    """{(pool, category, method)} of boards that are rated by both methods."""
    return {(pool, category, method) for category in categories for method in ("bt", "elo")}


def test_refresh_publishes_the_boards_that_changed():
    x, y, z = (factories.contestant(slug) for slug in "xyz")
    factories.cast(x, y)
    factories.cast(z, x, "tie", pool="api", categories=["coding"])

    published = board_refresh.refresh()

    assert list_board_keys(published) == both(LIVE_SLUG, "overall", "exclude-ties") | both("api", "overall", "coding")
    assert shown() == shown(category="exclude-ties") == {"x": (1, 0, 0), "y": (0, 1, 0)}
    assert shown("api") == shown("api", "coding") == {"x": (0, 0, 1), "z": (0, 0, 1)}
    assert not Outbox.objects.exists()


def test_snapshot_says_what_it_was_made_of(settings):
    x, y = factories.contestant("x"), factories.contestant("y")
    factories.cast(x, y, "tie", multiplicity=4)
    last = factories.cast(x, y, "both_bad")

    board_refresh.refresh()
    snapshot, elo = (Snapshot.objects.get(method=method) for method in ("bt", "elo"))

    assert (snapshot.votes, snapshot.last_vote_id) == (elo.votes, elo.last_vote_id) == (5, last.pk)
    assert snapshot.code_version == settings.VERSION
    assert snapshot.parameters == {"clustered": True, "anchor": None, "provisional": True}
    assert [row["model"] for row in unpack_rows(snapshot.rows)] == ["x", "y"]


@pytest.mark.parametrize(("kind", "interval"), [(Pool.Kind.LIVE, "clustered"), (Pool.Kind.IMPORT, "plain")])
def test_refresh_takes_votes_of_one_person_for_independent_only_if_imported(kind, interval):
    x, y = factories.contestant("x"), factories.contestant("y")
    factories.pool("some", kind=kind)
    for person in range(6):
        for _ in range(3):
            factories.cast(x, y, "ab"[person % 2], pool="some", voter=factories.voter_id(person))

    board_refresh.refresh()

    rows = load_newest_board(BoardKey("some", "overall", False, "bt"))["rows"]
    assert {row["interval"] for row in rows} == {interval}
    assert {row["voters"] for row in rows} == {6}


def test_refresh_tells_the_arena_where_each_model_stands():
    x, y = factories.contestant("x"), factories.contestant("y")
    factories.cast(x, y, categories=["coding"])
    board_refresh.refresh()
    factories.cast(x, y, "b")
    board_refresh.refresh()

    standing = Standing.objects.get()
    assert standing.pool.slug == LIVE_SLUG
    assert standing.ratings["x"] == {
        "rating": 1000.0,
        "ci_low": pytest.approx(1000 - 240.76, abs=0.01),
        "ci_high": pytest.approx(1000 + 240.76, abs=0.01),
        "rank": 1,
        "votes": 2,
        "provisional": True,
    }
    assert standing.ratings.keys() == {"x", "y"}
    assert standing.updated_at == load_newest_board(BoardKey(LIVE_SLUG, "overall", False, "bt"))["computed_at"]


@at_once
def test_refresh_announces_each_new_board_and_those_with_most_votes_first():
    get_redis_client().delete(board_events.STREAM_KEY)
    x, y = factories.contestant("x"), factories.contestant("y")
    for categories in ([], ["coding"], ["coding", "math"]):
        factories.cast(x, y, "tie", categories=categories)
    board_refresh.refresh()
    board_refresh.refresh()

    events = [orjson.loads(hint[b"data"]) for _, hint in get_redis_client().xrange(board_events.STREAM_KEY)]
    assert {(each["pool"], each["category"], each["method"]) for each in events} == both(
        LIVE_SLUG, "overall", "coding", "math"
    )
    votes_by_category = [("overall", 3), ("overall", 3), ("coding", 2), ("coding", 2), ("math", 1), ("math", 1)]
    assert [(each["category"], each["votes"]) for each in events] == votes_by_category


@at_once
def test_boards_are_announced_when_everybody_can_see_them():
    get_redis_client().delete(board_events.STREAM_KEY)
    factories.cast(factories.contestant("x"), factories.contestant("y"))
    with transaction.atomic():
        board_refresh.refresh()
        assert not get_redis_client().xlen(board_events.STREAM_KEY)
    assert get_redis_client().xlen(board_events.STREAM_KEY)


def cast_unfittable_votes(x, y, category, pool=LIVE_SLUG):
    """Cast votes of a board that cannot be fitted: a tally is deleted, so its voters have more votes than it has."""
    for person in range(6):
        winner = "ab"[person % 2 and person // 4]
        factories.cast(x, y, winner, pool=pool, voter=factories.voter_id(person), categories=["coding"])
    board_refresh.refresh()
    Tally.objects.filter(board__pool__slug=pool, board__category__slug=category).update(wins=0)
    pool_state.clear_pool_states()
    factories.cast(x, y, pool=pool, voter=factories.voter_id(7), categories=["coding"])


def test_refresh_publishes_the_others_where_one_board_cannot_be_fitted(caplog):
    cast_unfittable_votes(factories.contestant("x"), factories.contestant("y"), "coding")

    published = board_refresh.refresh()

    assert (LIVE_SLUG, "overall", "bt") in list_board_keys(published)
    assert (LIVE_SLUG, "coding", "bt") not in list_board_keys(published)
    assert [board.category.slug for board in Board.objects.filter(behind=True)] == ["coding"]
    assert shown() == {"x": (6, 1, 0), "y": (1, 6, 0)}
    assert shown(category="coding") == {"x": (5, 1, 0), "y": (1, 5, 0)}
    assert "live/coding could not be fitted; its previous ratings stay published" in caplog.text


@pytest.mark.parametrize("models", [2, 30])
def test_refresh_asks_the_database_as_often_for_many_models_as_for_two(models, django_assert_num_queries):
    contestants = factories.contestants(models)
    for a, b in pairwise(contestants):
        factories.cast(a, b, voter=factories.voter_id(a.pk))
    board_refresh.refresh()
    for a, b in pairwise(contestants):
        factories.cast(b, a, voter=factories.voter_id(a.pk))

    with django_assert_num_queries(24):
        board_refresh.refresh()


def test_refresh_that_failed_leaves_nothing_in_memory_that_is_not_stored():
    x, y = factories.contestant("x"), factories.contestant("y")
    factories.cast(x, y)
    board_refresh.refresh()
    factories.cast(x, y)
    with pytest.raises(ZeroDivisionError), refresh_lease.hold_lease(waits=True), board_refresh._fenced():
        factories.drain_outbox()
        raise ZeroDivisionError

    board_refresh.refresh()

    assert shown() == {"x": (2, 0, 0), "y": (0, 2, 0)}


def test_recompute_empties_a_board_that_has_no_votes_any_more():
    x, y = factories.contestant("x"), factories.contestant("y")
    vote = factories.cast(x, y)
    board_refresh.refresh()
    factories.let_votes_change()
    vote.delete()

    published = board_refresh.recompute_boards([Pool.objects.get(slug=LIVE_SLUG)], from_scratch=True)

    assert {(snapshot.votes, snapshot.last_vote_id) for snapshot in published} == {(0, None)}
    assert shown() == {}
    assert Standing.objects.get().ratings == {}


@at_once
def test_refresh_returns_at_once_while_another_is_at_work():
    factories.cast(factories.contestant("x"), factories.contestant("y"))
    with lease_elsewhere():
        assert board_refresh.refresh() == []
        assert Outbox.objects.count() == 1

    assert board_refresh.refresh()


@at_once
def test_refreshes_at_once_while_votes_arrive_count_each_vote_once():
    x, y = factories.contestant("x"), factories.contestant("y")

    def vote():
        for number in range(25):
            factories.cast(x, y, "ab"[number % 2])

    def refresh():
        for _ in range(15):
            board_refresh.refresh()

    for thread in [in_thread(work) for work in (vote, refresh, vote, refresh)]:
        thread.join()
    board_refresh.refresh()

    assert shown() == {"x": (26, 24, 0), "y": (24, 26, 0)}
    assert not Outbox.objects.exists()


@at_once
def test_board_that_is_folded_and_not_published_is_marked_until_it_is():
    factories.cast(factories.contestant("x"), factories.contestant("y"))
    with elsewhere("LOCK TABLE ratings_snapshot IN SHARE MODE"):
        thread = in_thread(board_refresh.refresh)
        assert eventually(blocked)
        assert (Outbox.objects.count(), Tally.objects.count(), Standing.objects.count()) == (0, 2, 0)
        assert Board.objects.filter(behind=True).count() == 2
    thread.join()

    assert (Board.objects.filter(behind=True).count(), Standing.objects.count()) == (0, 1)
    assert shown() == {"x": (1, 0, 0), "y": (0, 1, 0)}


@at_once
def test_votes_that_come_while_boards_are_published_are_in_those_that_follow():
    x, y = factories.contestant("x"), factories.contestant("y")
    for categories in (["coding", "math"], ["coding", "math"], ["coding"]):
        factories.cast(x, y, categories=categories)
    with elsewhere("LOCK TABLE ratings_snapshot IN SHARE MODE"):
        thread = in_thread(board_refresh.refresh)
        assert eventually(blocked)
        factories.cast(x, y, "b", categories=["math"])
    thread.join()

    assert (shown(), shown(category="math")) == ({"x": (3, 0, 0), "y": (0, 3, 0)}, {"x": (2, 1, 0), "y": (1, 2, 0)})
    assert sorted(Board.objects.filter(behind=True).values_list("category__slug", flat=True)) == [
        "exclude-ties",
        "overall",
    ]

    board_refresh.refresh()
    assert shown() == {"x": (3, 1, 0), "y": (1, 3, 0)}


@at_once
def test_model_whose_first_vote_comes_while_boards_are_published_is_on_those_that_follow():
    x, y, new = (factories.contestant(slug) for slug in ("x", "y", "new"))
    for categories in (["coding", "math"], ["coding", "math"], ["coding"]):
        factories.cast(x, y, categories=categories)
    with elsewhere("LOCK TABLE ratings_snapshot IN SHARE MODE"):
        thread = in_thread(board_refresh.refresh)
        assert eventually(blocked)
        factories.cast(new, x, "tie", categories=["math"])
    thread.join()

    assert shown(category="math") == {"x": (2, 0, 1), "y": (0, 2, 0), "new": (0, 0, 1)}


def count_inserts(queries):
    """The number of statements that have stored snapshots."""
    return sum(query["sql"].startswith('INSERT INTO "ratings_snapshot"') for query in queries)


@pytest.mark.parametrize(
    ("publish", "transactions"), [(board_refresh._publish_one_by_one, 4), (board_refresh._publish_together, 1)]
)
def test_boards_are_published_in_their_order(publish, transactions):
    """A large pool publishes its boards one by one, and a small one publishes them together."""
    factories.cast(*factories.contestants(2), categories=["coding", "math"])
    with refresh_lease.hold_lease(waits=True):
        cutoff, changed = board_refresh._apply_outbox()
        boards = board_refresh._list_due_boards(LIVE_POOL, excluded_ids=())
        state = pool_state.get_pool_state(boards[0].pool)
        fit = partial(board_refresh._fit_board_or_skip, state=state, contestants=board_refresh._load_contestants(state))

        with CaptureQueriesContext(connection) as queries:
            published = publish(boards, fit, cutoff)

    assert changed == {LIVE_POOL}
    assert [(each.board, each.method) for each in published] == [(board, way) for board in boards for way in METHODS]
    assert count_inserts(queries) == transactions
    assert not Board.objects.filter(behind=True).exists()


@at_once
def test_refresh_killed_half_way_is_done_by_the_next_one():
    """The operating system kills the process after it has applied the outbox and before it publishes."""
    factories.cast(factories.contestant("x"), factories.contestant("y"))
    with elsewhere("LOCK TABLE ratings_snapshot IN SHARE MODE"):
        worker = subprocess.Popen(
            [
                sys.executable,
                "-c",
                "import django; django.setup(); from ratings.pipeline.board_refresh import refresh; refresh()",
            ],
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", "DATABASE_URL": database_url()},
        )
        assert eventually(blocked)
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    assert eventually(lambda: not blocked())
    assert (Outbox.objects.count(), Snapshot.objects.count()) == (0, 0)

    assert eventually(board_refresh.refresh)

    assert shown() == {"x": (1, 0, 0), "y": (0, 1, 0)}
    assert not Board.objects.filter(behind=True).exists()


@at_once
def test_computed_at_is_not_before_what_the_board_holds():
    """A vote that committed before the cutoff is in the board, however long its transaction was open."""
    factories.cast(factories.contestant("x"), factories.contestant("y"))
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT now()")
            (begun,) = cursor.fetchone()
        published = board_refresh.refresh()

    assert all(snapshot.computed_at > begun for snapshot in published)


@pytest.fixture
def pair():
    return [factories.fighter(factories.model(slug)) for slug in "xy"]


def test_overall_board_that_cannot_be_fitted_stops_no_pool_behind_it(pair):
    cast_unfittable_votes(*pair, "overall")
    for pool in ("api", "ready"):
        factories.cast(*pair, pool=pool)

    published = board_refresh.refresh()

    assert {("api", "overall", "bt"), ("ready", "overall", "bt"), (LIVE_SLUG, "coding", "bt")} <= list_board_keys(
        published
    )
    assert (LIVE_SLUG, "overall", "bt") not in list_board_keys(published)


@pytest.mark.parametrize("error", [NotConverged("no"), ZeroDivisionError()], ids=repr)
def test_pairs_that_cannot_be_weighed_stop_no_pool_behind_them(pair, monkeypatch, error, caplog):
    real = standings.update_pair_weights

    def weigh(pool, counted):
        if pool.slug == LIVE_SLUG:
            raise error
        real(pool, counted)

    monkeypatch.setattr(standings, "update_pair_weights", weigh)
    for pool in (LIVE_SLUG, "api"):
        factories.cast(*pair, pool=pool)

    published = board_refresh.refresh()

    assert list_board_keys(published) == both(LIVE_SLUG, "overall", "exclude-ties") | both(
        "api", "overall", "exclude-ties"
    )
    assert [each.pool.slug for each in PairWeight.objects.all()] == ["api"]
    [failed] = Board.objects.exclude(failed_at=None)
    assert (failed.pool.slug, failed.category.slug, failed.behind) == (LIVE_SLUG, "overall", True)
    assert "The pair weights of live could not be updated" in caplog.text


def test_board_that_failed_is_tried_again_after_a_minute_and_not_before(pair):
    cast_unfittable_votes(*pair, "coding")
    board_refresh.refresh()
    [failed] = Board.objects.exclude(failed_at=None)
    tallies.recount_tallies(failed.pool)
    Board.objects.exclude(pk=failed.pk).update(behind=False)

    assert board_refresh.refresh() == []
    Board.objects.filter(pk=failed.pk).update(failed_at=Now() - timedelta(seconds=61))
    assert list_board_keys(board_refresh.refresh()) == both(LIVE_SLUG, "coding")
    assert not Board.objects.exclude(failed_at=None, behind=False).exists()


def test_import_is_not_lost_where_a_board_cannot_be_fitted(pair):
    cast_unfittable_votes(*pair, "overall")

    published = board_refresh.recompute_boards([Pool.objects.get(slug=LIVE_SLUG)], from_scratch=False)

    assert (LIVE_SLUG, "coding", "bt") in list_board_keys(published)
    assert [board.category.slug for board in Board.objects.filter(behind=True)] == ["overall"]


def test_style_of_one_board_that_fails_stops_no_other(pair, monkeypatch, caplog):
    real = board_fits.fit_style_board

    def styled(board, counted, models):
        if board.category.slug == "overall":
            raise ZeroDivisionError
        return real(board, counted, models)

    monkeypatch.setattr(board_fits, "fit_style_board", styled)
    features = [1.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0]
    factories.cast(*pair, categories=["coding"], features=features)
    board_refresh.refresh()

    rounds = 0
    while board_refresh.refresh_style_board():
        rounds += 1

    assert rounds == 3
    of_style = Snapshot.objects.filter(board__style_control=True)
    assert {each.board.category.slug for each in of_style} == {"coding", "exclude-ties"}
    assert Board.objects.exclude(failed_at=None).get().style_control
    assert board_refresh.refresh() == []
    assert "live/overall under style control could not be fitted; its previous ratings stay published" in caplog.text


def test_board_of_people_waits_for_one_pool_however_many_there_are(pair, monkeypatch):
    """While six pools are behind, a live vote is cast after each; it is published before the next pool."""
    real = standings.update_pair_weights

    def weigh(pool, counted):
        real(pool, counted)
        if pool.slug != LIVE_SLUG:
            factories.cast(*pair)

    monkeypatch.setattr(standings, "update_pair_weights", weigh)
    factories.cast(*pair)
    for number in range(6):
        factories.cast(*pair, pool=factories.pool(f"pool-{number}").slug)

    published = board_refresh.refresh()

    order = [pool for each in published for pool, *board in [get_board_key(each)] if board == ["overall", "bt"]]
    assert order[::2] == [LIVE_SLUG] * 7
    assert set(order[1::2]) == {f"pool-{number}" for number in range(6)}


def test_newcomer_that_one_voter_made_the_best_has_no_rank():
    """Sixty votes of one voter count as twenty of the hundred that a rank needs."""
    x, y, new = (factories.contestant(slug) for slug in ("x", "y", "new"))
    votes = [(x, y, "ab"[number % 2], factories.voter_id(number % 6)) for number in range(120)]
    votes += [(new, x, "a" if number else "b", factories.voter_id(99)) for number in range(60)]
    factories.cast_at_once(
        Vote(pool_id=LIVE_POOL, contestant_a=a, contestant_b=b, winner=winner, voter=voter)
        for a, b, winner, voter in votes
    )
    board_refresh.refresh()

    for method in ("bt", "elo"):
        board = load_newest_board(BoardKey(LIVE_SLUG, "overall", style_control=False, method=method))
        assert {row["model"] for row in board["rows"] if row["rank"]} == {"x", "y"}
        assert (board["rows"][-1]["model"], board["rows"][-1]["rank"]) == ("new", None)
        assert [row["votes_to_rank"] for row in board["rows"]] == [0, 0, 80]
        assert not board["provisional"]
    assert Standing.objects.get(pool=LIVE_POOL).ratings["new"]["rank"] is None
