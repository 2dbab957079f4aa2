"""Boards kept up to date: waiting votes are folded, changed boards fitted and published, all or nothing."""

import logging
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from arena.models import Standing
from catalog.models import LanguageModel
from ratings import folding, live
from ratings.likelihood import NotConverged
from ratings.models import OVERALL, Board, Pool, Snapshot, Tally
from ratings.rows import counts, rows
from ratings.snapshots import pack, unpack

LOCK = 7_298_541  # the key under which one fold at a time holds PostgreSQL's advisory lock
SHOWN_AT_REVEAL = ("rating", "ci_low", "ci_high", "rank", "votes", "provisional")
logger = logging.getLogger(__name__)


def refresh() -> list[Snapshot]:
    """Fold what is waiting and publish the boards that it changes; nothing if somebody else is doing it."""
    with transaction.atomic():
        if not _ask("SELECT pg_try_advisory_xact_lock(%s)", LOCK):
            return []
        cutoff = _now()
        published = _publish(folding.fold(), cutoff)
    if published:
        live.announce(published)
    return published


def recompute(pools: Sequence[Pool], *, from_scratch: bool) -> list[Snapshot]:
    """Publish every board of these pools anew, after a new count of all their votes if that is wanted."""
    with transaction.atomic():
        _ask("SELECT pg_advisory_xact_lock(%s)", LOCK)
        cutoff = _now()
        changed = folding.fold()
        if from_scratch:
            for pool in pools:
                folding.recount(pool)
        mine = Board.objects.filter(pool__in=pools).select_related("pool", "category")
        published = _publish({board.pk: board for board in (*changed, *mine)}.values(), cutoff)
    live.announce(published)
    return published


def _now() -> datetime:
    """By the database's clock, not the start of the transaction: whatever was committed before is in the boards."""
    now: datetime = _ask("SELECT clock_timestamp()")
    return now


def _ask(question: str, *parameters: int) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(question, parameters)
        return cursor.fetchone()[0]


def _publish(boards: Collection[Board], cutoff: datetime) -> list[Snapshot]:
    tallies: dict[int, list[Tally]] = {board.pk: [] for board in boards}
    for tally in Tally.objects.filter(board__in=tallies):
        tallies[tally.board_id].append(tally)
    models = _models(tally for of_board in tallies.values() for tally in of_board)
    drafts = (_snapshot(board, tallies[board.pk], models) for board in boards)
    snapshots = [snapshot for snapshot in drafts if snapshot]
    for snapshot in snapshots:
        snapshot.computed_at = cutoff
    Snapshot.objects.bulk_create(snapshots)
    _stand(snapshots)
    return snapshots


def _models(tallies: Iterable[Tally]) -> dict[int, LanguageModel]:
    wanted = {key for tally in tallies for key in (tally.model_a_id, tally.model_b_id)}
    return LanguageModel.objects.select_related("organization", "license").in_bulk(wanted)


def _snapshot(board: Board, tallies: list[Tally], models: dict[int, LanguageModel]) -> Snapshot | None:
    """The board fitted, not saved yet. One that cannot be fitted stays as it was and does not hold up the others."""
    mine = {key for tally in tallies for key in (tally.model_a_id, tally.model_b_id)}
    clustered = board.pool.kind != Pool.Kind.IMPORT
    try:
        matrices = counts([models[key] for key in mine], tallies)
        table = rows(matrices, folding.voter_counts(board), clustered=clustered)
    except (NotConverged, ValueError):
        logger.exception("%s/%s keeps its last ratings", board.pool.slug, board.category.slug)
        return None
    return Snapshot(
        board=board,
        votes=sum(row["votes"] for row in table) // 2,
        last_vote_id=board.last_vote_id,
        code_version=settings.VERSION,
        parameters={"clustered": clustered},
        rows=pack(table),
    )


def _stand(snapshots: Iterable[Snapshot]) -> None:
    """Put the newest ratings where arena shows them at a reveal."""
    overall = [each for each in snapshots if each.board.category.slug == OVERALL and not each.board.style_control]
    Standing.objects.bulk_create(
        [
            Standing(
                pool=each.board.pool.slug,
                ratings={row["model"]: {name: row[name] for name in SHOWN_AT_REVEAL} for row in unpack(each.rows)},
                updated_at=each.computed_at,
            )
            for each in overall
        ],
        update_conflicts=True,
        unique_fields=["pool"],
        update_fields=["ratings", "updated_at"],
    )
