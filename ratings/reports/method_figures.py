"""The figures on the method page for one pool.

The boards are the published ones, and a periodic task (`ratings.pipeline.pool_figures`) computes and stores the counts,
so that no request has to read a million votes. Web processes load this module, so it does not import numpy.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from arena.endpoints.pair_sampler import UNIFORM_SHARE
from arena.judging import vote_rules
from arena.models import Pool, list_contestants
from catalog.facts.retirement import is_retired
from core.text.proportions import Z95, Proportion, compute_proportion
from ratings.boards import snapshot_cache, snapshots
from ratings.boards.snapshots import BoardKey
from ratings.models import EXCLUDED, PoolFigures
from ratings.statistics.constants import ELO_SCALE

LazyText = str | Promise
MISS_RATE = 0.05  # the share of 95% intervals that miss the true rating
REASON_TEXTS: dict[str, LazyText] = {
    vote_rules.SIDE_BY_SIDE: _("the voter chose the two models and knew their names"),
    vote_rules.NAMED_MODELS: _("the voter chose the models from which the pair was drawn"),
    vote_rules.STOPPED: _("the voter stopped an answer"),
    vote_rules.ONE_SIDED: _("a question made only one of the models fail"),
    vote_rules.IDENTITY_PROBE: _("a question asked which model was answering"),
    vote_rules.IDENTITY_LEAK: _("an answer revealed which model wrote it"),
    vote_rules.REPEATED_PROMPT: _("the voter had already judged the same two models on the same question"),
    "": _("the import states no reason"),
}
WEIGHT_TEXTS: dict[str, LazyText] = {
    "voter": _("the voter's votes look like an attack"),
    "appearances": _("a model was in more of the votes than its chance of being drawn explains"),
    "wins": _("a model won or lost more often than in the other votes on the same pairs"),
    "crowd": _("many new voters voted in the same hour"),
    EXCLUDED: _("an operator excluded the vote"),
}
STYLE_NAMES: dict[str, LazyText] = {
    "length": _("length"),
    "headers": _("headings"),
    "bold": _("bold words"),
    "list_items": _("list items"),
}


class ReasonCount(NamedTuple):
    """A reason why votes do not count, or count with a lower weight.

    reason: the stored name of the reason.
    text: the text that the page shows for it.
    """

    reason: str
    text: LazyText
    votes: int


@dataclass(frozen=True)
class ModelShare:
    """One model's votes.

    counted: the number of votes that count.
    reasons: the reasons why other votes do not count.
    percent: the percentage of all counted votes that involve the model.
    chance: the probability of being in the next battle, as a percentage, or None if unknown.
    """

    slug: str
    name: str
    maker: str
    retired: bool
    counted: int
    reasons: Sequence[ReasonCount]
    percent: float
    chance: float | None

    @property
    def uncounted(self) -> int:
        return sum(reason.votes for reason in self.reasons)


class MakerShare(NamedTuple):
    """The votes on all of one maker's models.

    percent: the percentage of the sides of all counted votes that belong to the maker's models.
    chance: the expected percentage of the sides of the next battle, or None if unknown.

    Each value adds up to 100 over all makers.
    """

    name: str
    model_count: int
    retired_count: int
    percent: float
    chance: float | None


@dataclass(frozen=True)
class StoredCounts:
    """A pool's stored counts.

    counted, uncounted: the number of votes that the ratings use, and of those that they do not.
    reasons: how many votes are not counted, by reason.
    reduced: how many counted votes have a weight below 1, by reason.
    left: the share of votes for the left answer, among votes with a winner.
    skipped, replaced: the shares of skipped battles and of battles in which a model was replaced, among the rated
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
    counts: StoredCounts | None
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
    style_board = snapshots.load_newest_board(BoardKey(board["pool"], style_control=True))
    pool = Pool.objects.select_related("figures").get(slug=board["pool"])
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


def _build_counts(pool: Pool, stored: PoolFigures) -> StoredCounts:
    figures = stored.figures
    outcomes = figures["outcomes"]
    left = outcomes.get("a", 0)
    right = outcomes.get("b", 0)
    counted = sum(outcomes.values())
    battles = figures["battles"]
    skipped = battles.get("skipped", 0)
    finished = battles.get("voted", 0) + skipped
    chances = figures["chances"]
    shares = _build_model_shares(figures, counted, pool.slug)
    return StoredCounts(
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
        makers=build_maker_shares(shares),
        draw=chances
        and {
            "pairs": chances["pairs"],
            "least": 100 * chances["least"],
            "most": 100 * chances["most"],
            "shared_evenly": UNIFORM_SHARE,
        },
    )


def _list_reasons(reasons: Mapping[str, int], texts: Mapping[str, LazyText] = REASON_TEXTS) -> list[ReasonCount]:
    """Return the reasons with their descriptions, most frequent first."""
    by_frequency = sorted(reasons.items(), key=lambda item: -item[1])
    return [ReasonCount(reason, texts.get(reason, reason), votes) for reason, votes in by_frequency]


def _build_model_shares(figures: Mapping[str, Any], votes: int, pool: str) -> list[ModelShare]:
    """Return all models' shares, starting with the model with the most votes.

    The list includes models in the draw that have no votes yet.

    figures: as stored by `ratings.pipeline.pool_figures`.
    votes: the number of votes that count.
    pool: the slug of the pool.
    """
    chances = (figures["chances"] or {}).get("models", {})
    counts = {slug: {"counted": 0, "reasons": {}} for slug in chances} | figures["models"]
    shares = [
        ModelShare(
            slug=contestant.slug,
            name=contestant.name,
            maker=contestant.model.organization.name if contestant.model and contestant.model.organization else "",
            retired=contestant.model is not None and is_retired(contestant.model),
            counted=counts[contestant.slug]["counted"],
            reasons=_list_reasons(counts[contestant.slug]["reasons"]),
            percent=100 * counts[contestant.slug]["counted"] / votes if votes else 0.0,
            chance=100 * chances.get(contestant.slug, 0.0) if chances else None,
        )
        for contestant in list_contestants(pool).filter(slug__in=counts).select_related("model__organization")
    ]
    return sorted(shares, key=lambda share: (-share.counted, share.slug))


def build_maker_shares(shares: Sequence[ModelShare]) -> list[MakerShare]:
    """Return all makers' shares, largest first. Models of unknown makers are combined under an empty name."""
    by_maker: dict[str, list[ModelShare]] = defaultdict(list)
    for share in shares:
        by_maker[share.maker].append(share)
    makers = []
    for name, group in by_maker.items():
        chances = [share.chance for share in group if share.chance is not None]
        percent = sum(share.percent for share in group) / 2
        chance = sum(chances) / 2 if chances else None
        makers.append(MakerShare(name, len(group), sum(share.retired for share in group), percent, chance))
    return sorted(makers, key=lambda maker: (-maker.percent, maker.name))


def _build_styles(style: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the effect of each style feature with its 95% margin, in Elo points per standard deviation."""
    return [
        {
            "feature": feature,
            "name": name,
            "points": ELO_SCALE * style[feature]["coefficient"],
            "margin": Z95 * ELO_SCALE * style[feature]["se"],
        }
        for feature, name in STYLE_NAMES.items()
        if style.get(feature)
    ]
