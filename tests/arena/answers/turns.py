"""Live turns without a database."""

from uuid import uuid4

from arena.answers.jobs import SideJob, TurnJob
from arena.answers.live_turn import LiveTurn
from arena.endpoints.backends.protocol import Message, Request
from arena.models import Endpoint, Visibility


def side_job(side="a", answer_id=1, attempt=1):
    request = Request(base_url="", model="", messages=(Message("user", "Why?"),))
    return SideJob(
        answer_id=answer_id,
        attempt=attempt,
        tag=f"tag-{answer_id}-{attempt}",
        tries=1,
        side=side,
        endpoint=Endpoint(pk=1, kind="echo"),
        battle_id=str(uuid4()),
        shared=False,
        request=request,
    )


def live_turn(*sides, paced=False, number=1, battle_id=None, attempt=1):
    """Return a live turn in a new battle, with jobs for these sides."""
    jobs = tuple(side_job(side, answer_id, attempt) for answer_id, side in enumerate(sides or "ab", 1))
    battle_id = str(battle_id or uuid4())
    visibility = Visibility.of_voter("anonymous" if paced else "side_by_side", "answering")
    return LiveTurn(
        TurnJob(battle_id, 7, number, visibility=visibility, paced=paced, replaceable=False, stopped=False, sides=jobs)
    )


def say(turn, side, text):
    """Send text as the model, and let the clock release it."""
    turn.sides[side].feed(text)
    turn.tick()


async def close(publisher):
    await publisher.redis.aclose()
