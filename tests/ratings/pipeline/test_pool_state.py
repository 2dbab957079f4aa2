"""What is kept in memory is what the database would say, whatever happened meanwhile."""

from dataclasses import fields
from random import Random

import numpy as np
import pytest

from arena.models import LIVE_POOL
from ratings.models import DECISIVE_CATEGORY, OVERALL_CATEGORY, Outbox, Pool
from ratings.pipeline import pool_state, tallies
from tests import factories

pytestmark = pytest.mark.django_db
CATEGORIES = (OVERALL_CATEGORY, DECISIVE_CATEGORY, "coding", "math")


@pytest.fixture
def models():
    return [factories.model(slug) for slug in ("w", "x", "y", "z")]


def judged(models, random, number=None, **more):
    """How to make some vote, the `number`th in order."""
    a, b = random.sample(models, 2)
    fields = {"voter": factories.voter_id(random.randrange(4)), "categories": random.choice([[], ["coding"], ["math"]])}
    if number is not None:
        fields["id"] = 1000 + number
    return lambda: factories.vote(a, b, random.choice(["a", "b", "tie", "both_bad"]), **fields, **more)


def fold(*votes):
    """Make these votes, fold them and take them in."""
    Outbox.objects.bulk_create([Outbox(vote=make()) for make in votes])
    ((pool, folded),) = tallies.apply_outbox().items()
    return pool_state.get_pool_state(pool, folded)


def fresh(pool=LIVE_POOL):
    """The same pool read from the database."""
    pool_state.clear_pool_states()
    return pool_state.get_pool_state(Pool.objects.get(slug=pool))


def everything(of, models):
    """All that can be asked of it."""
    slugs = {model.pk: model.slug for model in models}
    found = []
    for category in CATEGORIES:
        counts = of.counts(category, slugs)
        ballots = of.ballots(category, counts.models)
        by_voter = ballots.by_voter
        people = len(set(by_voter.voter.tolist()))
        names = [field.name for field in fields(ballots) if field.name != "voter"]
        columns = [getattr(ballots, name).tolist() for name in names]
        tables = counts.comparisons.wins, counts.comparisons.ties, counts.both_bad
        found.append((counts.models, [table.tolist() for table in tables]))
        found.append((columns, people, of.elo_ratings(category)))
    return found


@pytest.mark.parametrize("at_once", [1, 7, 40])
def test_kept_follows_folds_as_if_it_were_read_anew(models, at_once):
    random = Random(at_once)
    votes = [judged(models, random, n, multiplicity=1 + n % 3) for n in range(40)]
    random.shuffle(votes)
    for n in range(0, 40, at_once):
        followed = fold(*votes[n : n + at_once])

    assert everything(followed, models) == everything(fresh(), models)


def test_kept_reads_everything_when_somebody_else_has_folded(models):
    random = Random(1)
    fold(judged(models, random))
    Outbox.objects.create(vote=judged(models, random)())
    tallies.apply_outbox()
    followed = fold(judged(models, random))

    assert len(followed.votes) == 3
    assert everything(followed, models) == everything(fresh(), models)


def test_kept_reads_only_new_votes_otherwise(models, django_assert_num_queries):
    random = Random(2)
    fold(*[judged(models, random) for _ in range(9)])
    Outbox.objects.create(vote=judged(models, random)())
    ((pool, folded),) = tallies.apply_outbox().items()

    with django_assert_num_queries(1):  # and a COPY of that vote
        assert len(pool_state.get_pool_state(pool, folded).votes) == 10


def test_kept_of_counts_without_an_order_keeps_no_votes(models):
    factories.pool("old", kind=Pool.Kind.IMPORT, ordered=False)
    counts = fold(lambda: factories.vote(*models[:2], pool="old", multiplicity=1_000_000))

    assert len(counts.votes) == 0
    assert len(counts.ballots(OVERALL_CATEGORY, []).first) == 0
    assert (
        counts.counts(OVERALL_CATEGORY, {model.pk: model.slug for model in models}).comparisons.votes.sum() == 2_000_000
    )


def test_kept_counts_name_only_models_with_votes_in_the_category(models):
    w, x, _, z = models
    followed = fold(lambda: factories.vote(z, w, categories=["coding"]), lambda: factories.vote(x, w, "tie"))
    slugs = {model.pk: model.slug for model in models}

    assert followed.counts(OVERALL_CATEGORY, slugs).comparisons.labels == ("w", "x", "z")
    assert followed.counts("coding", slugs).comparisons.labels == ("w", "z")
    assert followed.counts(DECISIVE_CATEGORY, slugs).comparisons.labels == ("w", "z")
    assert followed.counts("math", slugs).comparisons.labels == ()


def test_kept_elo_is_the_replay_of_all_votes_though_some_came_late(models, monkeypatch):
    monkeypatch.setattr(pool_state, "REPLAY_WINDOW", 5)
    random = Random(3)
    votes = [judged(models, random, n) for n in range(60)]
    late = [votes.pop(place) for place in (50, 30, 2)]
    for n in range(0, len(votes), 6):
        followed = fold(*votes[n : n + 6])
        followed.elo_ratings(OVERALL_CATEGORY)
    for each in late:
        followed = fold(each)
        followed.elo_ratings(OVERALL_CATEGORY)

    assert followed.elo_ratings(OVERALL_CATEGORY) == fresh().elo_ratings(OVERALL_CATEGORY)


def test_kept_elo_takes_votes_up_that_are_old_enough(models, monkeypatch):
    monkeypatch.setattr(pool_state, "REPLAY_WINDOW", 5)
    random = Random(4)
    followed = fold(*[judged(models, random) for _ in range(30)])
    followed.elo_ratings(OVERALL_CATEGORY)

    assert followed.elo[OVERALL_CATEGORY][0] == 25


@pytest.mark.parametrize("kind", [Pool.Kind.IMPORT, Pool.Kind.SHORTLIST])
def test_kept_remembers_no_more_pools_than_it_may(models, kind):
    for number in range(pool_state.MAX_POOLS + 3):
        pool = factories.pool(f"import-{number}", kind=kind)
        fold(lambda: factories.vote(*models[:2], pool=pool.slug))  # noqa: B023  # called at once

    assert len(pool_state._get_cache(pool)) == pool_state.MAX_POOLS


def test_sets_push_no_other_pool_out_of_memory(models):
    live = fold(lambda: factories.vote(*models[:2]))
    for number in range(pool_state.MAX_POOLS + 3):
        fold(lambda: factories.vote(*models[:2], pool=f"set-{number}"))  # noqa: B023  # called at once

    assert pool_state.get_pool_state(Pool.objects.get(slug=LIVE_POOL)) is live


def test_ballots_give_the_votes_of_known_voters(models):
    x, y = models[:2]
    followed = fold(
        lambda: factories.vote(x, y, "a", voter=factories.voter_id(1), multiplicity=2),
        lambda: factories.vote(y, x, "b", voter=factories.voter_id(1)),
        lambda: factories.vote(x, y, "tie", voter=factories.voter_id(2)),
        lambda: factories.vote(x, y, "a"),
    )
    by_voter = followed.ballots(OVERALL_CATEGORY, [x.pk, y.pk]).by_voter

    assert by_voter.first.tolist() == [0, 1, 0]
    assert np.column_stack((by_voter.wins, by_voter.losses, by_voter.ties)).tolist() == [
        [2, 0, 0],
        [0, 1, 0],
        [0, 0, 1],
    ]
    assert by_voter.voter[0] == by_voter.voter[1] != by_voter.voter[2]
