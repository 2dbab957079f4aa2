"""How strangers see a vote: not before a day has passed, its time to the hour, and its voter for one day alone.

Neither a record of another day nor the published texts of a battle lead to other votes of the same person.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import takewhile

from arena.identity.voters import keyed_hash
from arena.models import Vote

PUBLIC_DELAY = timedelta(hours=24)


def iter_public_votes(votes: Iterable[Vote], now: datetime) -> Iterator[Vote]:
    """The votes of an ordered batch up to the first that may not be shown yet.

    The record ends there, whatever follows: else a reader who continues after the last id would miss those that were
    stored a moment later under a smaller id.

    votes: in the order of their ids, each annotated with `file_time`, when the file of an imported one was stored.
    """
    return takewhile(lambda vote: is_public(vote, now), votes)


def is_public(vote: Vote, now: datetime) -> bool:
    """Whether a day has passed since the vote was cast. An imported one whose time is unknown may be shown at once."""
    times = [time for time in (vote.created_at, vote.file_time) if time]  # type: ignore[attr-defined]  # annotated
    return vote.created_at is None or min(times) <= now - PUBLIC_DELAY


def truncate_to_hour(time: datetime | None) -> datetime | None:
    return time and time.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def build_daily_pseudonym(vote: Vote) -> str | None:
    """32 hexadecimal digits: the same for all votes of one person, day (UTC) and pool, which were not published.

    A vote whose battle was published has one of its own, for everybody can find its row by the style of the texts.
    """
    if vote.voter is None:
        return None
    if vote.published:
        return keyed_hash("record of a published battle", str(vote.pk))[:32]
    day = vote.created_at and vote.created_at.astimezone(UTC).date()
    return keyed_hash("record", f"{vote.pool} {day} {vote.voter}")[:32]
