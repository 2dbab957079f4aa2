"""Export of a pool's votes in the import format, in voting order, with pseudonyms instead of voter ids.

Operators get the full record. The public gets the part that `ratings.interchange.public_view` allows.
"""

import codecs
import csv
import hashlib
import secrets
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

import orjson
from django.db.models import F, Q
from django.db.models.fields.json import KeyTextTransform
from django.utils.timezone import now

from arena.models import Answer, DrawTable, Pool, Turn, Vote
from core.files.csv_injection import escape_formula
from ratings.interchange import public_view
from ratings.interchange.contestant_names import load_labels
from ratings.interchange.vote_fields import CONVERSATION_FIELDS, STYLE_FIELDS
from ratings.models import EXCLUDED, FULL_WEIGHT, VoteWeight

BATCH_SIZE = 2_000
BATCH_SIZE_WITH_TEXT = 100
RECORD_FIELDS = (
    "model_a", "model_b", "winner", "timestamp", "voter", "conv_metadata", "weight",
    "counted", "reason", "source", "propensity", "turns", "categories",
    "filter_weight", "filter_reason", "filter_version", "draw",
)  # fmt: skip
# These fields are only in the records that have them, so that files without them stay the same.
OPTIONAL_FIELDS = {
    "voter_kind": ~Q(voter_kind=Vote.VoterKind.PERSON),
    "item": Q(item__isnull=False),
    "question": Q(source=Vote.Source.IMPORT) & ~Q(prompt_hash=""),
}
WINNER_NAMES = {"a": "model_a", "b": "model_b", "tie": "tie", "both_bad": "both_bad"}
VoteRecord = dict[str, Any]


def export_file(path: Path, pool: Pool, *, with_text: bool = False, public: bool = False) -> int:
    """Write a pool's votes to a JSON Lines or CSV file, depending on its extension, and return the number of rows.

    with_text: include the conversations.
    public: write the public record (see `ratings.interchange.public_view`), which is in random order within each hour.

    If any vote has a draw table, the tables are written to a second file with the suffix `.draws`. It has one JSON
    object per table: `draw` is the table's key, as in the votes, and `models` has each model's probability of being in
    the pair.

    Both files appear under their names only when they are complete. Raises a ValueError with one sentence if the
    extension is not supported or a file cannot be written.
    """
    write = WRITERS.get(path.suffix.lower())
    if write is None:
        raise ValueError(f"{path} must end in {' or '.join(WRITERS)}")
    votes = Vote.objects.filter(pool=pool)
    optional_fields = [field for field, condition in OPTIONAL_FIELDS.items() if votes.filter(condition).exists()]
    fields = (*RECORD_FIELDS, *(CONVERSATION_FIELDS if with_text else ()), *optional_fields)
    draws: set[str] = set()

    def iter_rows() -> Iterator[VoteRecord]:
        for record in iter_records(pool, with_text=with_text, public=public):
            draws.add(record["draw"])
            yield record

    with _replace_file(path) as file:
        number = write(file, iter_rows(), fields)
        if tables := draws - {None}:
            with _replace_file(path.with_name(f"{path.name}.draws")) as draws_file:
                _write_json_lines(draws_file, _iter_draw_tables(tables, pool), ())
    return number


@contextmanager
def _replace_file(path: Path) -> Iterator[BinaryIO]:
    """Open a temporary file that replaces `path` at the end. Raises ValueError if a file cannot be written."""
    temporary_path = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with temporary_path.open("xb") as file:
            yield file
        temporary_path.replace(path)
    except OSError as error:
        raise ValueError(f"{path} cannot be written: {error.strerror}") from None
    finally:
        with suppress(OSError):
            temporary_path.unlink()


def _iter_draw_tables(draws: Iterable[str], pool: Pool) -> Iterator[VoteRecord]:
    labels = load_labels(pool.pk)
    for table in DrawTable.objects.filter(pk__in=map(int, draws)).order_by("created_at", "pk").iterator():
        shares = zip(table.keys, table.shares, strict=True)
        yield {"draw": str(table.pk), "models": {labels[key]: share for key, share in shares}}


def iter_records(pool: Pool, *, with_text: bool = False, public: bool = False) -> Iterator[VoteRecord]:
    """Yield a pool's votes, oldest first. With `public`, the order within each hour is random.

    Each record has the keys `RECORD_FIELDS`, the conversations if `with_text` is set, and those of the keys
    `OPTIONAL_FIELDS` that say something about the vote. A voter's pseudonym is
    valid for one call, because each call uses a new random key. With `public`, it is valid for one day.
    """
    for batch in iter_record_batches(pool, with_text=with_text, public=public):
        yield from (record for _, record in batch)


def iter_record_batches(
    pool: Pool, *, after: UUID | None = None, size: int | None = None, with_text: bool = False, public: bool = False
) -> Iterator[list[tuple[UUID, VoteRecord]]]:
    """Yield the records of `iter_records` in batches of pairs (record key, record). No query is open between batches.

    after: the record key after which the public record continues.
    """
    position = "record_key" if public else "pk"
    votes = Vote.objects.filter(pool=pool).order_by(position).defer("comment", "reasons")
    votes = votes.annotate(cast_at=KeyTextTransform("source", "imported__row"), file_time=F("file__created_at"))
    if with_text:
        votes = votes.annotate(imported_row=F("imported__row"))
    size = size or (BATCH_SIZE_WITH_TEXT if with_text else BATCH_SIZE)
    key = None if public else secrets.token_bytes(32)
    labels: dict[int, str] = {}
    version = pool.counts.filter_version or None
    export_time = now()
    remaining = votes.filter(record_key__gt=after) if after else votes
    while batch := list(remaining[:size]):
        remaining = votes.filter(**{f"{position}__gt": getattr(batch[-1], position)})
        if not {side for vote in batch for side in (vote.contestant_a_id, vote.contestant_b_id)} <= labels.keys():
            labels = load_labels(pool.pk)
        conversations = _load_conversations(batch) if with_text else {}
        exported_votes = list(public_view.iter_public_votes(batch, export_time)) if public else batch
        weights = VoteWeight.objects.in_bulk([vote.pk for vote in exported_votes])
        yield [
            (
                vote.record_key,
                _build_record(vote, pool, labels, key)
                | _build_weight(weights.get(vote.pk), version)
                | conversations.get(vote.pk, {})
                | _build_optional_fields(vote),
            )
            for vote in exported_votes
        ]
        if len(exported_votes) < len(batch):
            return


def _build_record(vote: Vote, pool: Pool, labels: dict[int, str], key: bytes | None) -> VoteRecord:
    """Return a vote's record. `key` (32 bytes) hashes the voter. If `key` is None, the record is the public one."""
    return {
        "model_a": labels[vote.contestant_a_id],
        "model_b": labels[vote.contestant_b_id],
        "winner": WINNER_NAMES[vote.winner],
        "timestamp": _format_time(vote.created_at, exact=key is not None),
        "voter": _hash_voter(vote.voter, key) if key else public_view.build_daily_pseudonym(vote, pool),
        "conv_metadata": vote.features and dict(zip(STYLE_FIELDS, map(_to_plain_number, vote.features), strict=True)),
        "weight": vote.multiplicity,
        "counted": vote.counted,
        "reason": vote.reason,
        "source": vote.cast_at or vote.source,  # type: ignore[attr-defined]  # annotated by `iter_record_batches`
        "propensity": vote.propensity if key else public_view.round_chance(vote.propensity),
        "turns": vote.turns,
        "categories": vote.categories,
        "draw": str(vote.draw_table_id) if key and vote.draw_table_id else None,
    }


def _build_optional_fields(vote: Vote) -> VoteRecord:
    fields = {
        "voter_kind": vote.voter_kind if vote.voter_kind != Vote.VoterKind.PERSON else None,
        "item": vote.item and vote.item.hex,
        "question": vote.prompt_hash if vote.source == Vote.Source.IMPORT else None,
    }
    return {name: value for name, value in fields.items() if value}


def _build_weight(weight: VoteWeight | None, version: str | None) -> VoteRecord:
    """Return the fields that describe a vote's weight. The weight is 1 unless another weight is stored."""
    if weight is None:
        return {"filter_weight": 1.0, "filter_reason": "", "filter_version": version}
    if weight.excluded:
        return {"filter_weight": 0.0, "filter_reason": EXCLUDED, "filter_version": version}
    return {
        "filter_weight": weight.filter_weight / FULL_WEIGHT,
        "filter_reason": weight.reason,
        "filter_version": version,
    }


def _format_time(time: datetime | None, *, exact: bool) -> str | None:
    if time is None:
        return None
    time = time.astimezone(UTC) if exact else public_view.truncate_to_hour(time)
    return time.isoformat().replace("+00:00", "Z")


def _to_plain_number(count: float) -> float:
    """Return a whole number as an int, so it is written without a decimal point."""
    return int(count) if count.is_integer() else count


def _hash_voter(voter: UUID | None, key: bytes) -> str | None:
    return None if voter is None else hashlib.blake2b(voter.bytes, key=key, digest_size=16).hexdigest()


def _load_conversations(votes: Sequence[Vote]) -> dict[int, VoteRecord]:
    """Return vote id → the messages of both sides, from the imported row or from the turns that the voter judged."""
    messages: dict[Any, VoteRecord] = defaultdict(lambda: {field: [] for field in CONVERSATION_FIELDS})
    battles = {vote.battle_id for vote in votes if vote.battle_id}
    judged_turns = Turn.objects.filter(battle__in=battles).exclude(answers__state=Answer.State.FAILED)
    for turn in judged_turns.order_by("battle", "number").prefetch_related("answers"):
        for answer in turn.answers.all():
            messages[turn.battle_id][f"conversation_{answer.side}"] += [
                {"role": "user", "content": turn.prompt},
                {"role": "assistant", "content": answer.text},
            ]
    for vote in votes:
        if not vote.battle_id:
            row = vote.imported_row or {}  # type: ignore[attr-defined]  # annotated by `iter_record_batches`
            messages[vote.pk] = {field: row.get(field) for field in CONVERSATION_FIELDS}
    return {vote.pk: messages[vote.battle_id or vote.pk] for vote in votes}


def format_json_line(row: VoteRecord) -> bytes:
    return orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)


def _write_json_lines(file: BinaryIO, rows: Iterable[VoteRecord], _: Iterable[str]) -> int:
    number = 0
    for row in rows:
        file.write(format_json_line(row))
        number += 1
    return number


def _write_csv(file: BinaryIO, rows: Iterable[VoteRecord], fields: Iterable[str]) -> int:
    number = 0
    writer = csv.writer(codecs.getwriter("utf-8")(file))
    writer.writerow(fields)
    for row in rows:
        writer.writerow([_format_cell(row.get(field)) for field in fields])
        number += 1
    return number


def _format_cell(value: Any) -> str:
    if value is None:
        return ""
    return escape_formula(value if isinstance(value, str) else orjson.dumps(value).decode())


WRITERS: dict[str, Callable[[BinaryIO, Iterable[VoteRecord], Iterable[str]], int]] = {
    ".jsonl": _write_json_lines,
    ".csv": _write_csv,
}
