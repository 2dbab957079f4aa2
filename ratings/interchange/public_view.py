"""The public view of votes.

The votes of an hour become public together, a day after its end. Their times are truncated to the hour, and their
order within it is random. So someone with own votes in between cannot tell in which minute a vote was cast. A voter has
a pseudonym that is valid for a day. So rows from different days cannot be linked to one person, and a battle's
published conversation does not lead to other votes by its voter.
"""

import secrets
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import takewhile

from arena.identity.voters import keyed_hash
from arena.models import Pool, Vote, VoteFile
from ratings.models import find_public_end


def iter_public_votes(votes: Iterable[Vote], now: datetime) -> Iterator[Vote]:
    """Yield the votes in a batch up to the first one that is not public yet.

    The record ends there, even if public votes follow. A client that continues after the last key would miss votes with
    smaller keys.

    votes: ordered by `record_key` and annotated with `file_time`, the time when an imported vote's file was stored.
    """
    return takewhile(lambda vote: is_public(vote, now), votes)


def is_public(vote: Vote, now: datetime) -> bool:
    """Return whether the hour in which the vote was cast, or its file was imported, ended at least a day ago.

    An imported vote without a time is public immediately.
    """
    times = [time for time in (vote.created_at, vote.file_time) if time]  # type: ignore[attr-defined]  # the query adds it
    return vote.created_at is None or min(times) < find_public_end(now)


def build_imported_key(file: VoteFile, created_at: datetime | None, vote_id: int) -> str:
    """Return the record key of an imported vote, as 32 hexadecimal digits.

    Files follow in the order of their imports. Their votes follow by hour, and those without a time come first, in the
    order of the file.
    """
    hour, place = 0, f"{vote_id:012x}"
    if created_at:
        hour, place = min(max(int(created_at.timestamp()) // 3600, 0), 0xFFFFFF), secrets.token_hex(6)
    return f"{int(file.created_at.timestamp()):08x}{file.pk:06x}{hour:06x}{place}"


def round_chance(chance: float | None) -> float | None:
    """Return the chance with two significant digits.

    The exact chances of all pairs change each minute, so equal ones would link a vote to others of the same minute.
    """
    return chance and float(f"{chance:.2g}")


def truncate_to_hour(time: datetime) -> datetime:
    """Return the start of the hour (UTC)."""
    return time.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def build_daily_pseudonym(vote: Vote, pool: Pool) -> str | None:
    """Return a voter's pseudonym for one day (UTC) and the vote's pool, or None for an unknown voter.

    It has 32 hexadecimal digits.

    If the vote's battle was published, the pseudonym is for this vote only, because the style of the published answers
    identifies the vote's row.
    """
    if vote.voter is None:
        return None
    if vote.published:
        return keyed_hash("record of a published battle", str(vote.pk))[:32]
    day = vote.created_at and vote.created_at.astimezone(UTC).date()
    return keyed_hash("record", f"{pool.slug} {day} {vote.voter}")[:32]
