"""The figures on the method page for one pool.

The boards are the published ones, and a periodic task (`ratings.pipeline.pool_figures`) computes and stores the counts,
so that no request has to read a million votes. Web processes load this module, so it does not import numpy.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from arena.endpoints.pair_sampler import UNIFORM_SHARE
from arena.judging import vote_rules
from catalog.models import LanguageModel
from core.text.proportions import Z95, Proportion, compute_proportion
from ratings.boards import snapshot_cache, snapshots
from ratings.boards.snapshots import BoardKey
from ratings.models import EXCLUDED, Pool, PoolFigures
from ratings.reports import vote_shares
from ratings.reports.vote_shares import MakerShare, ModelShare, ReasonCount
from ratings.statistics.constants import ELO_SCALE

MISS_RATE = 0.05  # the share of 95% intervals that miss the true rating
REASON_TEXTS: dict[str, str | Promise] = {
    vote_rules.SIDE_BY_SIDE: _("the voter chose the two models and knew their names"),
    vote_rules.STOPPED: _("the voter stopped an answer"),
    vote_rules.ONE_SIDED: _("a question made only one of the models fail"),
    vote_rules.IDENTITY_PROBE: _("a question asked which model was answering"),
    vote_rules.IDENTITY_LEAK: _("an answer revealed which model wrote it"),
    vote_rules.REPEATED_PROMPT: _("the voter had already judged the same two models on the same question"),
    "": _("the import states no reason"),
}
WEIGHT_TEXTS: dict[str, str | Promise] = {
    "voter": _("the voter's votes look like an attack"),
    "appearances": _("a model was in more of the votes than its chance of being drawn explains"),
    "wins": _("a model won or lost more often than in the other votes on the same pairs"),
    "crowd": _("many new voters voted in the same hour"),
    EXCLUDED: _("an operator excluded the vote"),
}
STYLE_NAMES: dict[str, str | Promise] = {
    "length": _("length"),
    "headers": _("headings"),
    "bold": _("bold words"),
    "list_items": _("list items"),
}


@dataclass(frozen=True)
class PoolCounts:
    """A pool's stored counts.

    reduced: how many votes have a weight below 1, by reason.
    left: the share of votes for the left answer, among votes with a winner.
    skipped, replaced: the shares of skipped battles and of battles in which a model was replaced, among the blind
        battles that were voted on or skipped.
    shares, makers: the votes per model and per maker.
    draw: the probabilities of pairs.
    """

    counted_at: datetime
    counted: int
    uncounted: int
    reasons: list[ReasonCount]
    reduced: list[ReasonCount]
    ties: int
    left: Proportion | None
    skipped: Proportion | None
    replaced: Proportion | None
    shares: list[ModelShare]
    makers: list[MakerShare]
    draw: dict[str, Any] | None

    @property
    def rated(self) -> int:
        """The number of models with votes that count. Each of them must be on the board."""
        return sum(share.counted > 0 for share in self.shares)

    @property
    def retired(self) -> list[ModelShare]:
        """The shares of retired models."""
        return [share for share in self.shares if share.retired]

    @property
    def retired_percent(self) -> float:
        """The percentage of vote sides that belong to retired models. Each vote has two sides."""
        return sum(share.percent for share in self.retired) / 2


@dataclass(frozen=True)
class MethodFigures:
    """All figures for a pool.

    counts: None until the votes are counted for the first time.
    intervals: the number of closed intervals on the board.
    expected_misses: the number of these intervals expected to miss the true rating.
    style_board: the overall board under style control.
    styles: the effect of each style feature on that board.
    """

    pool: Pool
    board: Mapping[str, Any]
    counts: PoolCounts | None
    intervals: int
    expected_misses: float
    style_board: dict[str, Any]
    styles: list[dict[str, Any]]


def load_pool_figures(pool: str) -> MethodFigures:
    """Return the figures for a pool.

    Raises RequestError 404 if the pool is unknown or is a reference pool.
    """
    board = snapshot_cache.get_board(BoardKey(pool=pool)).board
    if "reference" in board:
        raise snapshots.no_votes_error(pool)
    return load_method_figures(board)


def load_method_figures(board: Mapping[str, Any]) -> MethodFigures:
    """Return the figures for the pool of this board, which must be the pool's newest overall board."""
    slug: str = board["pool"]
    style_board = _load_board(slug, style_control=True)
    pool = Pool.objects.select_related("figures").get(slug=slug)
    intervals = sum(not row["unbounded"] for row in board["rows"])
    return MethodFigures(
        pool=pool,
        board=board,
        counts=_build_counts(pool, pool.figures) if hasattr(pool, "figures") else None,
        intervals=intervals,
        expected_misses=MISS_RATE * intervals,
        style_board=style_board,
        styles=_build_styles(style_board.get("style") or {}),
    )


def _load_board(pool: str, *, style_control: bool = False) -> dict[str, Any]:
    return snapshots.load_newest_board(BoardKey(pool, style_control=style_control))


def _build_counts(pool: Pool, stored: PoolFigures) -> PoolCounts:
    figures = stored.figures
    outcomes = figures["outcomes"]
    left = outcomes.get("a", 0)
    right = outcomes.get("b", 0)
    counted = sum(outcomes.values())
    battles = figures["battles"]
    skipped = battles.get("skipped", 0)
    finished = battles.get("voted", 0) + skipped
    chances = figures["chances"]
    models = _load_models({*figures["models"], *(chances or {}).get("models", {})})
    shares = vote_shares.build_model_shares(figures, counted, models, _list_reasons)
    return PoolCounts(
        counted_at=stored.counted_at,
        counted=counted,
        uncounted=sum(figures["reasons"].values()),
        reasons=_list_reasons(figures["reasons"]),
        reduced=_list_reasons(figures["reduced"], WEIGHT_TEXTS),
        ties=counted - left - right,
        left=compute_proportion(left, left + right) if pool.ordered else None,
        skipped=compute_proportion(skipped, finished),
        replaced=compute_proportion(battles.get("replaced", 0), finished),
        shares=shares,
        makers=vote_shares.build_maker_shares(shares),
        draw=chances and _convert_to_percent(chances),
    )


def _list_reasons(reasons: Mapping[str, int], texts: Mapping[str, str | Promise] = REASON_TEXTS) -> list[ReasonCount]:
    """Return the reasons with their descriptions, most frequent first."""
    by_frequency = sorted(reasons.items(), key=lambda item: -item[1])
    return [ReasonCount(reason, texts.get(reason, reason), votes) for reason, votes in by_frequency]


def _load_models(slugs: Iterable[str]) -> dict[str, LanguageModel]:
    models = LanguageModel.objects.filter(slug__in=slugs).select_related("organization")
    return {model.slug: model for model in models}


def _convert_to_percent(chances: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "pairs": chances["pairs"],
        "least": 100 * chances["least"],
        "most": 100 * chances["most"],
        "shared_evenly": UNIFORM_SHARE,
    }


def _build_styles(style: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the effect of each style feature with its 95% margin, in Elo points per standard deviation."""
    coefficients = {feature: style[feature] for feature in STYLE_NAMES if style.get(feature)}
    return [
        {
            "feature": feature,
            "name": STYLE_NAMES[feature],
            "points": ELO_SCALE * fitted["coefficient"],
            "margin": Z95 * ELO_SCALE * fitted["se"],
        }
        for feature, fitted in coefficients.items()
    ]
