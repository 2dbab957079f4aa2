"""The public view of a vote: a day late, with its time to the hour and a voter pseudonym that is valid for one day.

Neither the record of another day nor the published texts of a battle lead to other votes of the same person.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import takewhile

from arena.identity.voters import keyed_hash
from arena.models import Vote
from ratings.models import PUBLIC_DELAY


def iter_public_votes(votes: Iterable[Vote], now: datetime) -> Iterator[Vote]:
    """Return the votes of an ordered batch before the first vote that is not public yet.

    The record ends there, even if public votes follow. Otherwise a reader who continues after the last id would miss
    votes that were stored a moment later with a smaller id.

    votes: ordered by id and annotated with `file_time`, the time when the file of an imported vote was stored.
    """
    return takewhile(lambda vote: is_public(vote, now), votes)


def is_public(vote: Vote, now: datetime) -> bool:
    """Return whether the vote was cast at least a day ago. An imported vote without a time is public at once."""
    times = [time for time in (vote.created_at, vote.file_time) if time]  # type: ignore[attr-defined]  # annotated
    return vote.created_at is None or min(times) <= now - PUBLIC_DELAY


def truncate_to_hour(time: datetime | None) -> datetime | None:
    """Return the start of the hour (UTC), or None without a time."""
    return time and time.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def build_daily_pseudonym(vote: Vote) -> str | None:
    """32 hexadecimal digits that are the same for all unpublished votes of a voter on one day (UTC) in one pool.

    If the battle of a vote was published, the vote has a separate pseudonym, because its row can be found by the style
    of its texts. None if the voter is unknown.
    """
    if vote.voter is None:
        return None
    if vote.published:
        return keyed_hash("record of a published battle", str(vote.pk))[:32]
    day = vote.created_at and vote.created_at.astimezone(UTC).date()
    return keyed_hash("record", f"{vote.pool} {day} {vote.voter}")[:32]
