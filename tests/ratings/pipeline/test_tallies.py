"""Each vote is added to the tallies once, in whatever order votes commit."""

import threading
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from arena.models import LIVE_SLUG, Pool
from ratings.models import Board, Outbox, Tally
from ratings.pipeline import tallies
from tests import factories
from tests.races import elsewhere, in_thread

pytestmark = pytest.mark.django_db
UNKNOWN_POOL = 1_000_000_000


def read_tallies(pool=LIVE_SLUG, category="overall"):
    """{(slug, slug): (wins, losses, ties, both_bad)} of one board, first model first."""
    rows = Tally.objects.filter(board__pool__slug=pool, board__category__slug=category)
    return {
        (t.contestant_a.slug, t.contestant_b.slug): (t.wins, t.losses, t.ties, t.both_bad)
        for t in rows.select_related("contestant_a", "contestant_b")
    }


@pytest.mark.parametrize(
    ("sides", "winner", "tally"),
    [
        ("xy", "a", (1, 0, 0, 0)),
        ("xy", "b", (0, 1, 0, 0)),
        ("yx", "a", (0, 1, 0, 0)),
        ("yx", "b", (1, 0, 0, 0)),
        ("xy", "tie", (0, 0, 1, 0)),
        ("yx", "tie", (0, 0, 1, 0)),
        ("xy", "both_bad", (0, 0, 1, 1)),
        ("yx", "both_bad", (0, 0, 1, 1)),
    ],
)
def test_fold_counts_each_outcome_from_the_view_of_the_smaller_key(sides, winner, tally):
    models = {"x": factories.contestant("x"), "y": factories.contestant("y")}
    factories.cast(*(models[side] for side in sides), winner)

    factories.drain_outbox()

    assert read_tallies() == {("x", "y"): tally}


def test_fold_counts_a_vote_as_often_as_its_multiplicity_says():
    x, y = factories.contestant("x"), factories.contestant("y")
    factories.cast(x, y, "a", multiplicity=1_000_000_000)
    factories.cast(x, y, "a", multiplicity=2_000_000_000)

    factories.drain_outbox()

    assert read_tallies() == {("x", "y"): (3_000_000_000, 0, 0, 0)}


def test_fold_counts_ties_on_all_boards_but_the_one_without_them():
    x, y = factories.contestant("x"), factories.contestant("y")
    for winner in ("a", "tie", "both_bad"):
        factories.cast(x, y, winner, categories=["math"])

    factories.drain_outbox()

    assert read_tallies() == read_tallies(category="math") == {("x", "y"): (1, 0, 2, 1)}
    assert read_tallies(category="exclude-ties") == {("x", "y"): (1, 0, 0, 0)}


def test_fold_says_by_which_votes_and_how_much_each_pool_changed():
    x, y = factories.contestant("x"), factories.contestant("y")
    votes = [factories.cast(x, y, "tie").pk, factories.cast(y, x, "tie", multiplicity=2).pk]
    other = factories.cast(x, y, "tie", pool="api").pk

    changes = {pool.slug: change for pool, change in factories.drain_outbox().items()}
    live, api = changes[LIVE_SLUG], changes["api"]

    assert (sorted(live.votes), api.votes) == (votes, [other])
    assert [count[:7] for count in live.counts] == [("overall", x.pk, y.pk, 0, 0, 3, 0)]


def test_fold_counts_a_vote_on_overall_and_on_each_of_its_categories_once():
    x, y = factories.contestant("x"), factories.contestant("y")
    factories.cast(x, y, categories=["coding", "math", "coding", "overall"])
    factories.cast(x, y, "b", categories=["math"])

    (changes,) = factories.drain_outbox().values()

    assert {category for category, *_ in changes.counts} == {"overall", "exclude-ties", "coding", "math"}
    assert read_tallies() == read_tallies(category="exclude-ties") == {("x", "y"): (1, 1, 0, 0)}
    assert read_tallies(category="coding") == {("x", "y"): (1, 0, 0, 0)}
    assert read_tallies(category="math") == {("x", "y"): (1, 1, 0, 0)}


@pytest.mark.parametrize(("slug", "kind"), [(LIVE_SLUG, "live"), ("api", "api"), ("ready", "ready")])
def test_fold_counts_the_first_vote_of_a_built_in_pool(slug, kind):
    pools = list(Pool.objects.values("slug", "kind"))
    factories.cast(factories.contestant("x"), factories.contestant("y"), pool=slug)

    factories.drain_outbox()

    assert read_tallies(slug) == {("x", "y"): (1, 0, 0, 0)}
    assert {"slug": slug, "kind": kind} in pools
    assert list(Pool.objects.values("slug", "kind")) == pools


def test_fold_makes_no_other_pool():
    """The database does not check the pool of a vote, but it refuses to store a board of an unknown pool."""
    vote = factories.vote(factories.contestant("x"), factories.contestant("y"))
    vote.pk, vote.pool_id, vote.record_key = None, UNKNOWN_POOL, uuid4()
    vote.save()
    Outbox.objects.create(vote=vote)

    with pytest.raises(IntegrityError, match="arena_pool"), transaction.atomic():
        factories.drain_outbox()
        connection.check_constraints()
    assert not Pool.objects.filter(pk=UNKNOWN_POOL).exists()


def test_fold_leaves_uncounted_votes_alone():
    x, y = factories.contestant("x"), factories.contestant("y")
    uncounted = factories.cast(x, y, counted=False, reason="leak")
    assert not Outbox.objects.exists()

    Outbox.objects.create(vote=uncounted)

    assert factories.drain_outbox() == {}
    assert read_tallies() == {}


def test_fold_remembers_the_newest_vote_of_each_board():
    x, y = factories.contestant("x"), factories.contestant("y")
    first = factories.cast(x, y, categories=["coding"])
    second = factories.cast(x, y)

    factories.drain_outbox()

    newest = dict(Board.objects.values_list("category__slug", "last_vote_id"))
    assert newest == {"overall": second.pk, "exclude-ties": second.pk, "coding": first.pk}


def test_fold_does_not_go_back_to_an_older_vote():
    """The newest id stays, although a vote with a smaller id was added after it."""
    x, y = factories.contestant("x"), factories.contestant("y")
    early, late = factories.vote(x, y), factories.vote(x, y)
    for vote in (late, early):
        Outbox.objects.create(vote=vote)
        factories.drain_outbox()

    assert Board.objects.get(category__slug="overall").last_vote_id == late.pk


@pytest.mark.parametrize("votes", [1, 30])
def test_fold_asks_the_database_as_often_for_many_votes_as_for_one(votes, django_assert_num_queries):
    pairs = [factories.contestants(2) for _ in range(votes)]
    factories.cast(*pairs[0])
    factories.drain_outbox()
    for pair in pairs:
        factories.cast(*pair)

    with django_assert_num_queries(4):  # one of them lists the votes
        factories.drain_outbox()


def test_recount_rebuilds_lost_and_wrong_tallies():
    x, y, z = (factories.contestant(slug) for slug in "xyz")
    factories.cast(x, y, categories=["coding"])
    factories.cast(y, z, "tie")
    factories.drain_outbox()
    before = read_tallies(), read_tallies(category="coding")
    Tally.objects.update(wins=7)
    Tally.objects.filter(contestant_b=z).delete()
    Board.objects.filter(category__slug="coding").delete()

    tallies.recount_tallies(Pool.objects.get(slug=LIVE_SLUG))

    assert (read_tallies(), read_tallies(category="coding")) == before


def test_recount_leaves_waiting_votes_to_the_fold():
    x, y = factories.contestant("x"), factories.contestant("y")
    factories.cast(x, y)
    factories.drain_outbox()
    factories.cast(x, y)

    tallies.recount_tallies(Pool.objects.get(slug=LIVE_SLUG))
    assert read_tallies() == {("x", "y"): (1, 0, 0, 0)}

    factories.drain_outbox()
    assert read_tallies() == {("x", "y"): (2, 0, 0, 0)}


def test_recount_forgets_what_has_no_votes_any_more():
    factories.drain_outbox()
    x, y = factories.contestant("x"), factories.contestant("y")
    board = factories.board(last_vote_id=12)
    Tally.objects.create(board=board, contestant_a=x, contestant_b=y, wins=1)

    tallies.recount_tallies(board.pool)

    board.refresh_from_db()
    assert read_tallies() == {}
    assert board.last_vote_id is None


@pytest.mark.django_db(transaction=True)
def test_fold_misses_no_vote_that_commits_after_later_ones():
    """The transaction of a vote stays open while votes with larger ids are cast and added to the tallies."""
    x, y = factories.contestant("x"), factories.contestant("y")
    stored, go_on = threading.Event(), threading.Event()

    def slow_vote():
        with transaction.atomic():
            factories.cast(x, y, "a")
            stored.set()
            assert go_on.wait(30)

    thread = in_thread(slow_vote)
    assert stored.wait(30)
    late = factories.cast(x, y, "b")
    factories.drain_outbox()
    assert read_tallies() == {("x", "y"): (0, 1, 0, 0)}

    go_on.set()
    thread.join()
    factories.drain_outbox()

    assert read_tallies() == {("x", "y"): (1, 1, 0, 0)}
    assert Board.objects.get(category__slug="overall").last_vote_id == late.pk


@pytest.mark.django_db(transaction=True)
def test_fold_that_is_cut_off_leaves_everything_as_it_was():
    factories.cast(factories.contestant("x"), factories.contestant("y"))
    with transaction.atomic():
        factories.drain_outbox()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            (server,) = cursor.fetchone()
        with elsewhere(f"SELECT pg_terminate_backend({server})"):
            connection.close()
        transaction.set_rollback(True)

    assert read_tallies() == {}
    assert Outbox.objects.count() == 1
    factories.drain_outbox()
    assert read_tallies() == {("x", "y"): (1, 0, 0, 0)}
