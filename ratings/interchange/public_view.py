"""The public view of votes.

A vote is public after a day. Its time is truncated to the hour, and its voter has a pseudonym that is valid for a day.
Rows from different days cannot be linked to one person, and a battle's published conversation does not lead to other
votes by its voter.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import takewhile

from arena.identity.voters import keyed_hash
from arena.models import Vote
from ratings.models import PUBLIC_DELAY


def iter_public_votes(votes: Iterable[Vote], now: datetime) -> Iterator[Vote]:
    """Yield the votes in a batch up to the first one that is not public yet.

    The record ends there, even if public votes follow. Votes can be stored slightly out of order, and a client that
    continues after the last id would miss votes with smaller ids.

    votes: ordered by id and annotated with `file_time`, the time when an imported vote's file was stored.
    """
    return takewhile(lambda vote: is_public(vote, now), votes)


def is_public(vote: Vote, now: datetime) -> bool:
    """Return whether the vote was cast, or its file was imported, at least a day ago.

    An imported vote without a time is public immediately.
    """
    times = [time for time in (vote.created_at, vote.file_time) if time]  # type: ignore[attr-defined]  # the query adds it
    return vote.created_at is None or min(times) <= now - PUBLIC_DELAY


def truncate_to_hour(time: datetime | None) -> datetime | None:
    """Return the start of the hour (UTC), or None if there is no time."""
    return time and time.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def build_daily_pseudonym(vote: Vote) -> str | None:
    """Return a voter's pseudonym for one day (UTC) and one pool: 32 hexadecimal digits, or None for an unknown voter.

    If the vote's battle was published, the pseudonym is for this vote only, because the style of the published answers
    identifies the vote's row.
    """
    if vote.voter is None:
        return None
    if vote.published:
        return keyed_hash("record of a published battle", str(vote.pk))[:32]
    day = vote.created_at and vote.created_at.astimezone(UTC).date()
    return keyed_hash("record", f"{vote.pool} {day} {vote.voter}")[:32]
