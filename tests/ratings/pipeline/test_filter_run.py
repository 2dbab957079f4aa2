"""A run of the filter on a pool's votes: what is read, which weights are stored, and when a run is due."""

import re
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from arena.models import LIVE_POOL, Battle, DrawTable, Vote, Voter
from ratings.interchange.export_votes import export_file
from ratings.models import VoteWeight
from ratings.pipeline import filter_run
from tests import factories

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[3]
MODELS = 6
START = datetime(2026, 3, 1, tzinfo=UTC)
CHEAT = UUID(int=999)


@pytest.fixture
def models():
    return factories.contestants(MODELS)


def cast_votes(models, *, voters, votes, day, winner=None, voter=None):
    """Cast votes on random pairs of an even draw. A cheat votes only on battles with `winner`, and always for it."""
    rng = np.random.default_rng(day)
    pairs = [pair for pair in combinations(range(MODELS), 2) if winner is None or winner in pair]
    table, _ = DrawTable.objects.get_or_create(
        id=1, defaults={"pool_id": LIVE_POOL, "keys": [model.pk for model in models], "shares": [2 / MODELS] * MODELS}
    )
    rows = []
    for number in range(votes):
        a, b = pairs[rng.integers(len(pairs))]
        outcome = str(rng.choice(["a", "b", "tie", "both_bad"], p=[0.4, 0.38, 0.14, 0.08]))
        if winner in (a, b):
            outcome = "a" if winner == a else "b"
        rows.append(
            Vote(
                pool_id=LIVE_POOL,
                contestant_a=models[a],
                contestant_b=models[b],
                winner=outcome,
                voter=voter or UUID(int=int(rng.integers(voters)) + 1),
                propensity=1 / 15,
                draw_table=table,
                created_at=START + timedelta(days=day, minutes=number),
            )
        )
    return Vote.objects.bulk_create(rows)


def read_weights():
    return dict(VoteWeight.objects.values_list("vote", "filter_weight"))


def test_run_reads_the_votes_of_people_alone(models):
    (vote, *_) = cast_votes(models, voters=9, votes=30, day=0)
    vote.pk, vote.voter_kind = None, "key"
    vote.save(force_insert=True)

    assert filter_run.filter_pool(factories.pool()).votes == 30


def test_run_takes_the_votes_of_a_cheat_out_and_leaves_the_others(models):
    honest = [vote for day in range(4) for vote in cast_votes(models, voters=80, votes=400, day=day)]
    rigged = cast_votes(models, voters=1, votes=150, day=4, winner=0, voter=CHEAT)
    honest += cast_votes(models, voters=80, votes=300, day=5) + cast_votes(models, voters=80, votes=1, day=6)

    run = filter_run.filter_pool(factories.pool())
    weights = read_weights()
    again = filter_run.filter_pool(factories.pool())

    assert (run.votes, run.reduced) == (len(honest) + len(rigged), len(weights))
    assert sum(weights.get(vote.pk, 256) for vote in rigged) <= 0.05 * 256 * len(rigged)
    assert sum(256 - weights.get(vote.pk, 256) for vote in honest) <= 0.01 * 256 * len(honest)
    assert (again.reduced, again.changed) == (run.reduced, 0)
    assert factories.pool().counts.filter_version


def test_guide_computes_the_same_weights_from_an_export(models, tmp_path):
    for number, model in enumerate(models):  # the order of names is not that of keys
        model.name = f"Model {MODELS - number}"
        model.save(update_fields=["name"])
    for day in range(4):
        cast_votes(models, voters=80, votes=400, day=day)
    cast_votes(models, voters=1, votes=150, day=4, winner=0, voter=CHEAT)
    keys = [model.pk for model in models]
    DrawTable.objects.create(id=2, pool_id=LIVE_POOL, keys=keys, shares=[1.0, *[0.2] * (MODELS - 1)])
    for fields in ({"propensity": None}, {"propensity": None, "voter": None}, {"counted": False}):
        replaced = {"voter": CHEAT, "draw_table_id": 2, "created_at": START + timedelta(days=4, seconds=0.123457)}
        factories.vote(models[0], models[3], **(replaced | fields))
    factories.vote(models[0], models[3], draw_table=None)  # imported
    cast_votes(models, voters=80, votes=300, day=5)
    cast_votes(models, voters=80, votes=20, day=6)
    run = filter_run.filter_pool(factories.pool())
    path = tmp_path / "live.jsonl"
    export_file(path, factories.pool())

    assert run.reduced > 100
    assert run_guide(path) == f"{run.votes} votes, {run.reduced} weights below 1, 0 differ from the file\n"
    path.write_text(path.read_text().replace('"filter_weight":0.0', '"filter_weight":0.00390625', 1))
    assert "1 differ from" in run_guide(path)


def run_guide(path):
    """Run the script of the guide as its reader does, and return what it prints."""
    [script] = re.findall(
        r"^```python\n(.*?)^```", (ROOT / "docs/how-to/votes.md").read_text(), re.DOTALL | re.MULTILINE
    )
    command = [sys.executable, "-c", script, str(path)]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def test_run_gives_back_all_weights_when_the_filter_is_off(models, settings):
    cast_votes(models, voters=80, votes=400, day=0)
    cast_votes(models, voters=1, votes=150, day=1, winner=0, voter=CHEAT)
    cast_votes(models, voters=80, votes=100, day=2)
    cast_votes(models, voters=80, votes=1, day=3)
    filter_run.filter_pool(factories.pool())
    assert read_weights()
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, arena_vote_filter=False)

    assert filter_run.is_due(factories.pool())
    assert filter_run.filter_pool(factories.pool()).changed > 0
    assert (read_weights(), filter_run.is_due(factories.pool())) == ({}, False)


def test_run_limits_what_new_voters_weigh_together_in_an_hour(models):
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    cast_votes(models, voters=2100, votes=2100, day=0)
    votes = cast_votes(models, voters=1, votes=150, day=(today - START).days - 1)
    cast_votes(models, voters=1, votes=1, day=(today - START).days)  # closes their epoch
    just_before = today - timedelta(milliseconds=1)  # less than a day ago, even in the last minute of the day
    for index, vote in enumerate(votes):
        voter = Voter.objects.create(id=UUID(int=10_000 + index))
        pair = {"contestant_a": models[0], "contestant_b": models[1], "propensity": 0.5}
        battle = Battle.objects.create(pool_id=LIVE_POOL, voter=voter, network=str(index % 3) * 64, **pair)
        factories.let_votes_change()
        Vote.objects.filter(pk=vote.pk).update(
            voter=voter.pk, battle=battle, network=battle.network, created_at=just_before
        )

    Battle.objects.filter(network="2" * 64).delete()  # people can delete their battles
    filter_run.filter_pool(factories.pool())
    weights = [read_weights().get(vote.pk, 256) for vote in votes]

    assert sum(weights) / 256 == pytest.approx(60, abs=1)
    assert set(VoteWeight.objects.filter(vote__in=[vote.pk for vote in votes]).values_list("reason", flat=True)) == {
        "crowd"
    }


@pytest.mark.parametrize(
    ("new", "today", "filtered_days_ago", "due"),
    [(99, 1, 1, False), (100, 1, 1, True), (100, 1, 0, False), (100, 1, None, True), (100, 0, 1, False)],
)
def test_run_is_due_after_midnight_if_there_are_votes_for_an_epoch(models, new, today, filtered_days_ago, due):
    """The first vote after midnight closes the epoch, so a run before it would close none until the next day."""
    cast_votes(models, voters=9, votes=new + 20 - today, day=0)
    cast_votes(models, voters=9, votes=today, day=(datetime.now(UTC) - START).days)
    pool = factories.pool()
    pool.counts.filtered_votes = 20
    if filtered_days_ago is not None:
        pool.counts.filtered_at = datetime.now(UTC) - timedelta(days=filtered_days_ago)

    assert filter_run.is_due(pool) == due


def test_command_says_what_it_did(models, capsys):
    cast_votes(models, voters=9, votes=20, day=0)
    call_command("filter_votes", "--pool", "live")

    assert capsys.readouterr().out == "live: 20 votes read, 0 weights below 1, 0 weights changed\n"


def test_command_refuses_a_pool_that_is_not_of_this_arena():
    with pytest.raises(CommandError, match="There is no pool 'elsewhere'"):
        call_command("filter_votes", "--pool", "elsewhere")
