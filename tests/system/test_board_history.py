"""Tests that a past board is returned unchanged, byte for byte."""

import json

from tests.processes import eventually
from tests.system.person import Answer, Person

BOARD = "/api/v1/leaderboard/"


def newer(person: Person, query: str, than: int) -> bytes:
    """Wait for a board with more votes and return its bytes."""
    answers: list[Answer] = []

    def has_changed() -> bool:
        answers.append(person.get(f"{BOARD}?{query}"))
        return bool(answers[-1].json["votes"] > than)

    assert eventually(has_changed, 30)
    return answers[-1].body


def test_a_past_board_comes_byte_for_byte_as_it_was_published(person: Person) -> None:
    seen: dict[str, list[bytes]] = {"pool=live": [], "pool=live&method=elo": []}
    votes = {query: person.get(f"{BOARD}?{query}").json["votes"] for query in seen}
    for winner in ("a", "tie", "b"):
        person.vote(person.fight(f"What is a vote worth with {winner}?"), winner)
        for query, bodies in seen.items():
            bodies.append(newer(person, query, votes[query]))
            votes[query] = json.loads(bodies[-1])["votes"]
    for query, bodies in seen.items():
        assert len(set(bodies)) == 3
        for body in bodies:
            at = json.loads(body)["computed_at"]
            assert person.get(f"{BOARD}?{query}&at={at}").body == body
