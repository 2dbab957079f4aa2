"""Tests a battle from the prompt to the board over HTTP."""

import time

from tests.fake_provider import expected_text
from tests.system.person import Person, text_of
from tests.system.service import Service

FAKE = {"quokka-7b": "steady-50", "wombat-70b": "steady-200"}


def expected(battle: dict[str, object], prompt: str) -> dict[str, str]:
    models = battle["models"]
    assert isinstance(models, list)
    return {each["side"]: expected_text(FAKE[each["slug"]], prompt) for each in models}


def test_battle_streams_both_answers_whole(person: Person) -> None:
    prompt = "Which rivers flow into the Black Sea?"
    battle = person.start(prompt)
    events = person.until(battle["events_url"], "ready")
    revealed = person.vote(battle, "a").json
    assert {side: text_of(events, side) for side in "ab"} == expected(revealed, prompt)
    assert [event.name for event in events[-3:]] == ["done", "done", "ready"]


def identifying(service: Service) -> list[bytes]:
    """Return all words that identify a model: names, slugs, makers, licenses, upstream names, and hosts."""
    rows = service.query(
        "SELECT m.slug, m.name, o.name, l.name, e.upstream_id, e.base_url FROM catalog_languagemodel m"
        " JOIN arena_contestant c ON c.model_id = m.id JOIN arena_endpoint e ON e.id = c.endpoint_id"
        " JOIN catalog_organization o ON o.id = m.organization_id"
        " JOIN catalog_license l ON l.id = m.license_id WHERE c.enabled"
    )
    return [str(word).encode() for row in rows for word in row]


def test_no_byte_before_the_vote_tells_a_model(person: Person, service: Service) -> None:
    words = identifying(service)
    assert len(words) >= 12
    battle = person.start("Say something about water, without naming yourself.")
    path = f"/api/v1/battles/{battle['id']}/"
    before = [person.get(path).raw, person.get(f"/battles/{battle['id']}/").raw, str(battle).encode()]
    before += [event.raw for event in person.until(battle["events_url"], "ready")]
    # The home page is excluded, because it lets visitors choose from all models.
    before += [person.get(each).raw for each in (path, f"/battles/{battle['id']}/", "/api/v1/battles/", "/battles/")]
    before.append(person.get(path, Accept="text/html").raw)
    before.append(person.call("OPTIONS", path).raw)
    assert not [(word, page) for page in before for word in words if word in page]
    person.vote(battle, "tie")
    after = person.get(path).raw + person.get(f"/battles/{battle['id']}/").raw
    assert all(word in after for word in words if b"Model" in word or b"Maker" in word)


def test_vote_reaches_the_board_and_the_open_page_within_two_seconds(person: Person) -> None:
    battle = person.fight("Does this vote count?")
    before = person.get("/api/v1/leaderboard/").json["votes"]
    announcements = person.events("/api/v1/leaderboard/events")
    cast = time.monotonic()
    person.vote(battle, "a")
    for event in announcements:  # the first event can be from a vote by another test
        waited, board = time.monotonic() - cast, person.get("/api/v1/leaderboard/").json
        if event.name == "board" and board["votes"] > before:
            break
    assert {row["model"] for row in board["rows"]} == set(FAKE)
    assert waited <= 2
