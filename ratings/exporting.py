"""The public record of a pool: every vote in order, in the format in which votes are imported, and no voter's id."""

import csv
import hashlib
import secrets
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

import orjson
from django.db.models import F
from django.db.models.fields.json import KeyTextTransform

from arena.models import Answer, Turn, Vote
from catalog import named_models
from ratings.formulas import defuse
from ratings.vote_fields import CONVERSATIONS, STYLE

BATCH = 2_000
BATCH_WITH_TEXT = 100
FIELDS = (
    "model_a", "model_b", "winner", "timestamp", "voter", "conv_metadata", "weight",
    "counted", "reason", "source", "propensity", "turns", "categories",
)  # fmt: skip
WINNERS = {"a": "model_a", "b": "model_b", "tie": "tie", "both_bad": "both_bad"}
Record = dict[str, Any]


def export_file(path: Path, pool: str, *, with_text: bool = False) -> int:
    """Write the record of a pool, JSON Lines or CSV by the file's ending; returns how many rows.

    The file appears when it is whole. Raises ValueError with one sentence for another ending or a place that
    cannot be written.
    """
    write = WRITERS.get(path.suffix.lower())
    if write is None:
        raise ValueError(f"{path} must end in {' or '.join(WRITERS)}")
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with draft.open("xb") as file:
            number = write(file, records(pool, with_text=with_text), (*FIELDS, *(CONVERSATIONS if with_text else ())))
        draft.replace(path)
    except OSError as error:
        raise ValueError(f"{path} cannot be written: {error.strerror}") from None
    finally:
        with suppress(OSError):
            draft.unlink()
    return number


def records(pool: str, *, after: int = 0, with_text: bool = False) -> Iterator[Record]:
    """The votes of a pool whose id is above `after`, oldest first, with the keys `FIELDS` and, if wanted, the texts.

    A voter's pseudonym is good for this one call: its key is drawn anew.
    """
    for batch in batches(pool, secrets.token_bytes(32), after=after, with_text=with_text):
        yield from (record for _, record in batch)


def batches(
    pool: str, key: bytes, *, after: int = 0, size: int | None = None, with_text: bool = False
) -> Iterator[list[tuple[int, Record]]]:
    """The same with their ids, so many at a time; between two of these no query is open.

    key: 32 bytes, from which and the voter's id a pseudonym is made.
    """
    votes = Vote.objects.filter(pool=pool).order_by("pk").defer("comment", "reasons")
    votes = votes.annotate(cast_at=KeyTextTransform("source", "aside__row"))
    if with_text:
        votes = votes.annotate(beside=F("aside__row"))
    labels: dict[int, str] = {}
    while batch := list(votes.filter(pk__gt=after)[: size or (BATCH_WITH_TEXT if with_text else BATCH)]):
        after = batch[-1].pk
        if not {side for vote in batch for side in (vote.model_a_id, vote.model_b_id)} <= labels.keys():
            labels = named_models.labels()
        told = _conversations(batch) if with_text else {}
        yield [(vote.pk, _record(vote, labels, _pseudonym(vote.voter, key)) | told.get(vote.pk, {})) for vote in batch]


def _record(vote: Vote, labels: dict[int, str], voter: str | None) -> Record:
    return {
        "model_a": labels[vote.model_a_id],
        "model_b": labels[vote.model_b_id],
        "winner": WINNERS[vote.winner],
        "timestamp": vote.created_at and vote.created_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "voter": voter,
        "conv_metadata": vote.features and dict(zip(STYLE, map(_plain, vote.features), strict=True)),
        "weight": vote.multiplicity,
        "counted": vote.counted,
        "reason": vote.reason,
        "source": vote.cast_at or vote.source,  # type: ignore[attr-defined]  # annotated by `records`
        "propensity": vote.propensity,
        "turns": vote.turns,
        "categories": vote.categories,
    }


def _plain(count: float) -> float:
    """Counts as counts are written."""
    return int(count) if count.is_integer() else count


def _pseudonym(voter: UUID | None, key: bytes) -> str | None:
    return None if voter is None else hashlib.blake2b(voter.bytes, key=key, digest_size=16).hexdigest()


def _conversations(votes: Sequence[Vote]) -> dict[int, Record]:
    """Both sides of each vote as messages: of an imported one as they came, of a battle from the turns judged."""
    messages: dict[Any, Record] = defaultdict(lambda: {field: [] for field in CONVERSATIONS})
    battles = {vote.battle_id for vote in votes if vote.battle_id}
    judged = Turn.objects.filter(battle__in=battles).exclude(answers__state=Answer.State.FAILED)
    for turn in judged.order_by("battle", "number").prefetch_related("answers"):
        for answer in turn.answers.all():
            messages[turn.battle_id][f"conversation_{answer.side}"] += [
                {"role": "user", "content": turn.prompt},
                {"role": "assistant", "content": answer.text},
            ]
    for vote in votes:
        if not vote.battle_id:
            beside = vote.beside or {}  # type: ignore[attr-defined]  # annotated by `records`
            messages[vote.pk] = {field: beside.get(field) for field in CONVERSATIONS}
    return {vote.pk: messages[vote.battle_id or vote.pk] for vote in votes}


def json_line(row: Record) -> bytes:
    return orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)


def _write_json_lines(file: BinaryIO, rows: Iterable[Record], _: Iterable[str]) -> int:
    number = 0
    for row in rows:
        file.write(json_line(row))
        number += 1
    return number


def _write_csv(file: BinaryIO, rows: Iterable[Record], fields: Iterable[str]) -> int:
    number = 0
    writer = csv.writer(_Lines(file))
    writer.writerow(fields)
    for row in rows:
        writer.writerow([_cell(row[field]) for field in fields])
        number += 1
    return number


class _Lines:
    """What the CSV writer writes to."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file

    def write(self, line: str) -> int:
        return self.file.write(line.encode())


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return defuse(value if isinstance(value, str) else orjson.dumps(value).decode())


WRITERS: dict[str, Callable[[BinaryIO, Iterable[Record], Iterable[str]], int]] = {
    ".jsonl": _write_json_lines,
    ".csv": _write_csv,
}
