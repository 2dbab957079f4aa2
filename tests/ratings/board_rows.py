"""Board rows for tests, and facts about their models."""

from datetime import date
from decimal import Decimal
from typing import Any

from arena.endpoints.performance import EndpointPerformance
from ratings.boards.model_facts import UNKNOWN_FACTS, BoardModelFacts, RatingChange
from ratings.web.leaderboard.columns import LeaderboardEntry

ROW: dict[str, Any] = {
    "rank": 1, "rank_low": 1, "rank_high": 3, "rank_ub": 1, "tier": 1, "model": "quokka", "name": "Quokka",
    "organization": "Maker", "license": "MIT", "open_weights": True, "rating": 1023.4, "ci_low": 1001.2,
    "ci_high": 1044.9, "se": 11.1, "interval": "clustered", "component": 0, "unbounded": False, "votes": 1280,
    "weight": 1279.5, "voters": 90, "wins": 700, "losses": 380, "ties": 200, "both_bad": 20, "win_rate": 0.625,
    "provisional": False,
}  # fmt: skip
FACTS = BoardModelFacts(
    commercial="yes",
    size=7_240_000_000,
    context=131_072,
    released=date(2026, 2, 3),
    price_input=Decimal("0.5"),
    price_output=Decimal("2.5"),
    measured=EndpointPerformance(answers=1000, failures=12, calls=1012, first_token_s=0.42, tokens_per_s=51.7),
)


def row(**fields: Any) -> dict[str, Any]:
    return {**ROW, **fields}


def entry(facts: BoardModelFacts = FACTS, change: RatingChange | None = None, **fields: Any) -> LeaderboardEntry:
    return LeaderboardEntry(row(**fields), facts, change)


def unknown(**fields: Any) -> LeaderboardEntry:
    """Return an entry whose model has votes but no known facts."""
    return entry(UNKNOWN_FACTS, organization=None, license=None, open_weights=None, voters=None, **fields)
