"""A board's tallies, fitted and written out: one row per model, as the API and the pages show it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from catalog.models import LanguageModel
from ratings import bradley_terry
from ratings.bradley_terry import MIN_VOTERS, Fit
from ratings.comparisons import Comparisons, Floats, Indices, VoterCounts
from ratings.folding import VoterCount
from ratings.models import Tally
from ratings.ranks import Ranks, ranks

FEW_VOTES = 100
WIDE = 50.0


@dataclass(frozen=True)
class Counts:
    """A board as matrices: M models in the order of their slugs; both_bad (M,) counts those of each model."""

    models: list[LanguageModel]
    comparisons: Comparisons
    both_bad: Floats


def counts(models: Sequence[LanguageModel], tallies: Sequence[Tally]) -> Counts:
    """The matrices of a board; `models` are those of its tallies."""
    ordered = sorted(models, key=lambda model: model.slug)
    place = {model.pk: position for position, model in enumerate(ordered)}
    a = [place[tally.model_a_id] for tally in tallies]
    b = [place[tally.model_b_id] for tally in tallies]
    wins, ties, both_bad = (np.zeros((len(ordered), len(ordered))) for _ in range(3))
    wins[a, b] = [tally.wins for tally in tallies]
    wins[b, a] = [tally.losses for tally in tallies]
    ties[a, b] = ties[b, a] = [tally.ties for tally in tallies]
    both_bad[a, b] = both_bad[b, a] = [tally.both_bad for tally in tallies]
    comparisons = Comparisons.from_counts([model.slug for model in ordered], wins, ties)
    return Counts(ordered, comparisons, both_bad.sum(axis=1))


def rows(board: Counts, voters: Sequence[VoterCount], *, clustered: bool) -> list[dict[str, Any]]:
    """All rows, best first; `clustered`: votes of one person are not taken for independent.

    Raises bradley_terry's errors, and ValueError where voters have votes that the board has not.
    """
    by_voter = _by_voter(board, voters)
    fit = bradley_terry.fit(board.comparisons, cluster=by_voter if clustered else None)
    people = _people(by_voter, len(board.models))
    order, ranked = ranks(fit), []
    for position, model in enumerate(board.models):
        row = {
            **_ranks(order, position),
            **_facts(model),
            **_rating(fit, position),
            **_record(board, position),
            "voters": int(people[position]) or None,
        }
        row["provisional"] = _provisional(row) or (clustered and (row["voters"] or 0) < MIN_VOTERS)
        ranked.append(row)
    return sorted(ranked, key=lambda row: (row["component"], row["rank"], row["model"]))


def _by_voter(board: Counts, voters: Sequence[VoterCount]) -> VoterCounts:
    slug = {model.pk: model.slug for model in board.models}
    return VoterCounts.from_rows(
        board.comparisons,
        [str(row.voter) for row in voters],
        ([slug.get(row.low, "") for row in voters], [slug.get(row.high, "") for row in voters]),
        ([row.wins for row in voters], [row.losses for row in voters], [row.ties for row in voters]),
    )


def _people(by_voter: VoterCounts, size: int) -> Indices:
    """(M,): how many known voters judged each model."""
    pairs = np.column_stack((np.tile(by_voter.voter, 2), np.concatenate((by_voter.first, by_voter.second))))
    return np.bincount(np.unique(pairs, axis=0)[:, 1], minlength=size)


def _ranks(order: Ranks, position: int) -> dict[str, int]:
    names = ("rank", "rank_low", "rank_high", "rank_ub", "tier")
    return {name: int(getattr(order, name)[position]) for name in names}


def _facts(model: LanguageModel) -> dict[str, Any]:
    return {
        "model": model.slug,
        "name": model.name,
        "organization": model.organization and model.organization.name,
        "license": model.license and model.license.name,
        "open_weights": model.open_weights,
    }


def _rating(fit: Fit, position: int) -> dict[str, Any]:
    names = ("ratings", "ci_low", "ci_high", "se")
    rating, *others = (_finite(getattr(fit, name)[position]) for name in names)
    return {
        "rating": rating,
        **dict(zip(names[1:], others, strict=True)),
        "interval": str(fit.interval[position]),
        "component": int(fit.component[position]),
        "unbounded": bool(fit.unbounded[position]),
    }


def _record(board: Counts, position: int) -> dict[str, Any]:
    score = board.comparisons.score[position].sum()
    votes = board.comparisons.votes[position].sum()
    return {
        "votes": int(votes),
        "wins": int(board.comparisons.wins[position].sum()),
        "losses": int(board.comparisons.wins[:, position].sum()),
        "ties": int(board.comparisons.ties[position].sum()),
        "both_bad": int(board.both_bad[position]),
        "win_rate": float(score / votes),
    }


def _provisional(row: dict[str, Any]) -> bool:
    """Not much is known of it yet."""
    if row["unbounded"] or row["votes"] < FEW_VOTES:
        return True
    return bool(row["ci_high"] - row["ci_low"] > 2 * WIDE)


def _finite(number: float) -> float | None:
    return float(number) if math.isfinite(number) else None
