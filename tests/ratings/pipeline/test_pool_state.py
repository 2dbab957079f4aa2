"""The state in memory always equals the state that is loaded from the database."""

from dataclasses import fields
from random import Random

import pytest

from arena.models import LIVE_SLUG, Pool
from ratings.models import DECISIVE_CATEGORY, OVERALL_CATEGORY, Outbox
from ratings.pipeline import pool_state
from ratings.pipeline.vote_weights import FilterWeight, store_filter_weights
from tests import factories

pytestmark = pytest.mark.django_db
CATEGORIES = (OVERALL_CATEGORY, DECISIVE_CATEGORY, "coding", "math")


@pytest.fixture
def models():
    return [factories.contestant(slug) for slug in ("w", "x", "y", "z")]


def draw_vote(models, random, number=None, **more):
    """A function that creates a random vote, the `number`th in order."""
    a, b = random.sample(models, 2)
    fields = {"voter": factories.voter_id(random.randrange(4)), "categories": random.choice([[], ["coding"], ["math"]])}
    if number is not None:
        fields["id"] = 1000 + number
    return lambda: factories.vote(a, b, random.choice(["a", "b", "tie", "both_bad"]), **fields, **more)


def apply_votes(*votes):
    """Create these votes, apply the outbox, and return the updated state."""
    Outbox.objects.bulk_create([Outbox(vote=make()) for make in votes])
    ((pool, changes),) = factories.drain_outbox().items()
    pool_state.apply_changes(pool, changes)
    return pool_state.get_pool_state(Pool.objects.get(pk=pool.pk))


def reload_state(pool=LIVE_SLUG):
    """The state of the pool, loaded from the database."""
    pool_state.clear_pool_states()
    return pool_state.get_pool_state(Pool.objects.get(slug=pool))


def collect_results(state, models):
    """All results of a state."""
    slugs = {model.pk: model.slug for model in models}
    results = []
    for category in CATEGORIES:
        counts = state.build_counts(category, slugs)
        votes = state.select_votes(category, counts.keys)
        voter_counts = votes.voter_counts
        voter_count = len(set(voter_counts.voter.tolist()))
        names = [field.name for field in fields(votes) if field.name != "voter"]
        columns = [getattr(votes, name).tolist() for name in names]
        tables = counts.comparisons.wins, counts.comparisons.ties, counts.both_bad
        results.append((counts.keys, [table.tolist() for table in tables]))
        results.append((columns, voter_count, state.compute_elo_ratings(category)))
    return results


@pytest.mark.parametrize("at_once", [1, 7, 40])
def test_kept_follows_folds_as_if_it_were_read_anew(models, at_once):
    random = Random(at_once)
    votes = [draw_vote(models, random, n, multiplicity=1 + n % 3) for n in range(40)]
    random.shuffle(votes)
    for n in range(0, 40, at_once):
        state = apply_votes(*votes[n : n + at_once])

    assert collect_results(state, models) == collect_results(reload_state(), models)


def test_kept_reads_everything_when_somebody_else_has_folded(models):
    random = Random(1)
    apply_votes(draw_vote(models, random))
    Outbox.objects.create(vote=draw_vote(models, random)())
    factories.drain_outbox()
    state = apply_votes(draw_vote(models, random))

    assert len(state.votes) == 3
    assert collect_results(state, models) == collect_results(reload_state(), models)


def test_kept_reads_only_new_votes_otherwise(models, django_assert_num_queries):
    random = Random(2)
    apply_votes(*[draw_vote(models, random) for _ in range(9)])
    Outbox.objects.create(vote=draw_vote(models, random)())
    ((pool, changes),) = factories.drain_outbox().items()

    with django_assert_num_queries(0):  # only a COPY of that vote, whose categories are known
        pool_state.apply_changes(pool, changes)
    assert len(pool_state.get_pool_state(Pool.objects.get(pk=pool.pk)).votes) == 10


@pytest.mark.parametrize("has_new_votes", [True, False])
def test_kept_reads_weights_but_no_votes_when_only_weights_have_changed(models, has_new_votes):
    random = Random(3)
    state = apply_votes(*[draw_vote(models, random, n) for n in range(30)])
    for weights in ({1003: 64, 1007: 0, 1021: 3}, {1003: 64, 1011: 9}):
        rows = {vote: FilterWeight(weight, "voter") for vote, weight in weights.items()}
        store_filter_weights(factories.pool(), rows, version="1", votes=30)
    if has_new_votes:
        again = apply_votes(draw_vote(models, random, 40), draw_vote(models, random, -1))
    else:
        again = pool_state.get_pool_state(factories.pool())

    assert again is state
    assert sorted(set(state.votes["filter_weight"].tolist())) == [9 / 256, 64 / 256, 1]
    assert collect_results(state, models) == collect_results(reload_state(), models)


def test_kept_of_counts_without_an_order_keeps_no_votes(models):
    factories.pool("old", kind=Pool.Kind.IMPORT, ordered=False)
    counts = apply_votes(lambda: factories.vote(*models[:2], pool="old", multiplicity=1_000_000))

    assert len(counts.votes) == 0
    assert len(counts.select_votes(OVERALL_CATEGORY, []).first) == 0
    board = counts.build_counts(OVERALL_CATEGORY, {model.pk: model.slug for model in models})
    assert board.comparisons.votes.sum() == 2_000_000


def test_kept_counts_name_only_models_with_votes_in_the_category(models):
    w, x, _, z = models
    state = apply_votes(lambda: factories.vote(z, w, categories=["coding"]), lambda: factories.vote(x, w, "tie"))
    slugs = {model.pk: model.slug for model in models}

    assert state.build_counts(OVERALL_CATEGORY, slugs).comparisons.labels == ("w", "x", "z")
    assert state.build_counts("coding", slugs).comparisons.labels == ("w", "z")
    assert state.build_counts(DECISIVE_CATEGORY, slugs).comparisons.labels == ("w", "z")
    assert state.build_counts("math", slugs).comparisons.labels == ()


def test_kept_elo_is_the_replay_of_all_votes_though_some_came_late(models, monkeypatch):
    monkeypatch.setattr(pool_state, "REPLAY_WINDOW", 5)
    random = Random(3)
    votes = [draw_vote(models, random, n) for n in range(60)]
    late = [votes.pop(place) for place in (50, 30, 2)]
    for n in range(0, len(votes), 6):
        state = apply_votes(*votes[n : n + 6])
        state.compute_elo_ratings(OVERALL_CATEGORY)
    for vote in late:
        state = apply_votes(vote)
        state.compute_elo_ratings(OVERALL_CATEGORY)

    assert state.compute_elo_ratings(OVERALL_CATEGORY) == reload_state().compute_elo_ratings(OVERALL_CATEGORY)


def test_kept_remembers_no_more_pools_than_it_may(models):
    for number in range(pool_state.MAX_POOLS + 3):
        pool = factories.pool(f"import-{number}", kind=Pool.Kind.IMPORT)
        apply_votes(lambda: factories.vote(*models[:2], pool=pool.slug))  # noqa: B023  # called at once

    assert len(pool_state._pool_cache) == pool_state.MAX_POOLS
