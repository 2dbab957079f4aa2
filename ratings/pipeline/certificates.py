"""Computes board certificates: how many voters would have to be removed to change a board's order.

Certificates are public, so they use only votes that are older than a day. Otherwise, voters could see from a
certificate whether their own votes count.
"""

import logging
import time
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils.timezone import now

from arena.models import Contestant, Pool, Vote
from ratings.boards.board_row import has_rank
from ratings.boards.snapshots import BRADLEY_TERRY, unpack_rows
from ratings.models import OVERALL_CATEGORY, PUBLIC_DELAY, Board, BoardCertificate, Snapshot
from ratings.pipeline import pool_state
from ratings.statistics import bradley_terry
from ratings.statistics.certificate import certify_order
from ratings.statistics.certificate.electorate import Removal

BUDGET_S = 0.25  # no board is published while certificates are computed
# The ids of votes are not exactly in the order of their times, because transactions overlap.
ID_MARGIN = timedelta(minutes=1)
logger = logging.getLogger(__name__)


def update_certificates(budget_s: float = BUDGET_S) -> list[Board]:
    """Update the certificates that are missing or outdated, oldest first, and return their boards.

    budget_s: no further certificate is started after this many seconds.

    There are no certificates for style-controlled boards, reference boards, or boards of pools in which the order of
    votes is unknown.
    """
    started = time.monotonic()
    updated: list[Board] = []
    for board, last_id in _list_outdated_boards():
        try:
            fields = _build_certificate(board, last_id)
        except Exception:
            logger.exception("The certificate of %s could not be computed", board)
            fields = {"pairs": [], "first": None}
        values = fields | {"mark": _build_mark(board.pool, last_id), "computed_at": Now()}
        BoardCertificate.objects.update_or_create(board=board, defaults=values)
        updated.append(board)
        if time.monotonic() - started > budget_s:
            break
    return updated


def _list_outdated_boards() -> list[tuple[Board, int]]:
    """Return the boards whose certificate is missing or outdated, each with the id of the newest vote to include.

    Boards without a certificate come first.
    """
    boards: QuerySet[Board] = Board.objects.filter(style_control=False, pool__ordered=True)
    boards = boards.exclude(pool__kind=Pool.Kind.REFERENCE)
    latest = now() - PUBLIC_DELAY - ID_MARGIN
    last_ids: dict[int, int | None] = {}
    outdated: list[tuple[Any, Board, int]] = []
    for board in boards.select_related("pool__counts", "category", "certificate"):
        if board.pool_id not in last_ids:
            last_ids[board.pool_id] = _find_last_id(board.pool_id, latest)
        last_id = last_ids[board.pool_id]
        certificate = getattr(board, "certificate", None)
        if last_id and (certificate is None or certificate.mark != _build_mark(board.pool, last_id)):
            computed_at = certificate.computed_at.timestamp() if certificate else 0.0
            outdated.append(((computed_at, board.category.slug != OVERALL_CATEGORY, board.pk), board, last_id))
    return [(board, last_id) for _, board, last_id in sorted(outdated, key=lambda entry: entry[0])]


def _find_last_id(pool: int, latest: datetime) -> int | None:
    """Return the id of the newest vote that was not cast after `latest`. Votes without a time are included."""
    votes = Vote.objects.filter(Q(created_at=None) | Q(created_at__lte=latest), pool=pool)
    return votes.order_by("-pk").values_list("pk", flat=True).first()


def _build_mark(pool: Pool, last_id: int) -> list[int]:
    """Return a value that changes when the certificates of the pool's boards become outdated."""
    return [pool.counts.revision, last_id]


def _build_certificate(board: Board, last_id: int) -> dict[str, Any]:
    """Return the fields of a board's certificate. It covers the models that are ranked on the newest board."""
    state = pool_state.get_pool_state(board.pool)
    slugs = dict(Contestant.objects.filter(pk__in=state.positions).values_list("pk", "slug"))
    keys = sorted(state.positions, key=slugs.__getitem__)
    votes = state.select_votes(board.category.slug, keys, last_id)
    counts, votes = votes.select(votes.is_between_weighted).count_contestants(keys, slugs)
    fit = bradley_terry.fit(counts.comparisons)
    labels = counts.comparisons.labels
    newest = Snapshot.objects.filter(board=board, method=BRADLEY_TERRY).order_by("-computed_at").first()
    ranked = {row["model"] for row in unpack_rows(newest.rows) if has_rank(row)} if newest else set()
    best_first = np.lexsort((-fit.ratings, fit.component)).tolist()
    order = [position for position in best_first if labels[position] in ranked]
    certificate = certify_order(counts.comparisons, votes.voter_counts, order)
    models = [labels[position] for position in order]
    return {
        "pairs": [
            {"above": above, "below": below, **_build_removal_fields(removal)}
            for above, below, removal in zip(models[:-1], models[1:], certificate.pairs, strict=True)
        ],
        "first": certificate.first and {"model": models[0], **_build_removal_fields(certificate.first)},
    }


def _build_removal_fields(removal: Removal) -> dict[str, int | None]:
    return {"at_least": removal.at_least, "at_most": removal.at_most, "of": removal.voter_count}
