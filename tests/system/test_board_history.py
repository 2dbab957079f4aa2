"""Tests that a past board is returned unchanged, byte for byte."""

import json
import time

import pytest

from tests.system.person import Person

BOARD = "/api/v1/leaderboard/"


def newer(person: Person, query: str, than: int) -> bytes:
    """Wait for a board with more votes and return its bytes."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        answer = person.get(f"{BOARD}?{query}")
        if answer.json["votes"] > than:
            return answer.body
        time.sleep(0.1)
    raise AssertionError("the board does not change")


@pytest.mark.parametrize("query", ["pool=live", "pool=live&method=elo"])
def test_a_past_board_comes_byte_for_byte_as_it_was_published(person: Person, query: str) -> None:
    seen = []
    for winner in ("a", "tie", "b"):
        before = person.get(f"{BOARD}?{query}").json["votes"]
        person.vote(person.fight(f"What is {query} worth with {winner}?"), winner)
        seen.append(newer(person, query, before))
    assert len(set(seen)) == 3
    for body in seen:
        at = json.loads(body)["computed_at"]
        assert person.get(f"{BOARD}?{query}&at={at}").body == body
