"""Tests a battle from the prompt to the board over HTTP."""

import time

from tests.fake_provider import expected_text
from tests.system.person import Event, Person, text_of
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


def test_stream_goes_on_after_a_cut_without_gap_or_repeat(person: Person) -> None:
    prompt = "Tell me a long story about a lighthouse, please."
    battle = person.start(prompt)
    seen: list[Event] = []
    while not seen or seen[-1].name != "ready":
        for taken, event in enumerate(person.events(battle["events_url"], seen[-1].id if seen else "")):
            seen.append(event)
            if taken == 6 or event.name == "ready":
                break
    revealed = person.vote(battle, "tie").json
    assert {side: text_of(seen, side) for side in "ab"} == expected(revealed, prompt)
    assert len({event.id for event in seen}) == len(seen)


def test_vote_reveals_the_models_and_is_cast_once(person: Person) -> None:
    battle = person.fight("Who wins if it is neither?")
    first, again = person.vote(battle, "both_bad"), person.vote(battle, "a")
    assert first.status == 201
    assert sorted(model["slug"] for model in first.json["models"]) == sorted(FAKE)
    assert (again.status, again.json["error"]["code"]) == (409, "already_voted")
    assert again.json["error"]["vote"]["winner"] == "both_bad"


def identifying(service: Service) -> list[bytes]:
    """Return all words that identify a model: names, slugs, makers, licenses, upstream names, and hosts."""
    rows = service.query(
        "SELECT m.slug, m.name, o.name, l.name, e.upstream_id, e.base_url FROM catalog_languagemodel m"
        " JOIN arena_endpoint e ON e.model_id = m.id JOIN catalog_organization o ON o.id = m.organization_id"
        " JOIN catalog_license l ON l.id = m.license_id WHERE e.enabled"
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
