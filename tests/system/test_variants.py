"""Two variants of one model share an endpoint and fight each other blind. Only operators see their prompts."""

import json
import re
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from tests.processes import eventually
from tests.system.conftest import ENTRY
from tests.system.person import Person
from tests.system.service import Service, running

BEHAVIOR = "variants/steady-200-len-5"
PROMPTS = {"oak-poet": "Zebrawords in rhymes, dear oracle.", "oak-brief": "Yakwords in one sentence, never two."}
VARIANT = """
[[model]]
slug = "{slug}"
name = "Variant {slug}"
variant_of = "oak"
endpoint.kind = "openai"
endpoint.base_url = "{url}/v1"
endpoint.model = "{model}"
endpoint.system = "{prompt}"
endpoint.temperature = {temperature}
endpoint.headers = {{ X-Team = "team of {slug}" }}
endpoint.conversation_field = "conversation"
"""
SECRETS = (*PROMPTS.values(), "Zebrawords", "Yakwords", "team of oak")
STARTS = (
    "/", "/leaderboard/", "/leaderboard/data.csv", "/leaderboard/data.json", "/models/", "/models/oak/",
    "/models/oak-poet/", "/models/oak-brief/", "/battles/", "/history/", "/plots/", "/method/", "/choose/", "/metrics",
    "/readyz", "/api/v1/schema/", "/api/v1/models/oak/", "/api/v1/models/oak-poet/", "/api/v1/models/oak-poet/battles/",
    "/api/v1/leaderboard/", "/api/v1/leaderboard/pairs/", "/api/v1/battles/", "/api/v1/votes/", "/api/v1/pools/",
    "/api/v1/leaderboard/draw/", "/battles/export/",
)  # fmt: skip
MAX_PAGES = 150


@pytest.fixture(scope="module")
def grove(tmp_path_factory: pytest.TempPathFactory, provider: str) -> Iterator[Service]:
    """A service in which only the two variants are enabled. They share an endpoint with their model."""
    folder = tmp_path_factory.mktemp("grove")
    oak = ENTRY.format(slug="oak", name="Oak", url=provider, model=BEHAVIOR) + "endpoint.max_concurrency = 3\n"
    oak = oak.replace('slug = "oak"', 'slug = "oak"\nenabled = false')
    variants = (
        VARIANT.format(slug=slug, url=provider, model=BEHAVIOR, prompt=prompt, temperature=number + 0.5)
        for number, (slug, prompt) in enumerate(PROMPTS.items())
    )
    file = folder / "models.toml"
    file.write_text(oak + "".join(variants))
    with running(folder / "data", "--no-local-models", "--models", str(file)) as up:
        yield up


def asked(provider: str) -> list[dict[str, Any]]:
    """Return the requests that the provider got for battles, not for probes."""
    with urllib.request.urlopen(f"{provider}/log", timeout=30) as response:  # noqa: S310  # our own address
        entries = json.load(response)
    return [each for each in entries if each["model"] == BEHAVIOR and "sky blue" not in str(each["messages"])]


def walk(person: Person, *more: str) -> dict[str, bytes]:
    """Return the responses at all starts, and at the addresses on them that are not about other models."""
    pages: dict[str, bytes] = {}
    waiting = [*STARTS, *more]
    while waiting and len(pages) < MAX_PAGES:
        address = waiting.pop(0)
        if address in pages:
            continue
        pages[address] = (answer := person.get(address)).raw
        found = re.findall(r'(?:href|src|action|hx-get)="(/[^"#]*)', answer.body.decode(errors="replace"))
        waiting += [each.replace("&amp;", "&") for each in found if "logout" not in each and is_near(each)]
    return pages


def is_near(address: str) -> bool:
    return not address.startswith(("/static/", "/benchmarks/", "/cost/", "/scaling/", "/models/")) or "oak" in address


def leaks(pages: dict[str, bytes]) -> list[tuple[str, str]]:
    return [(address, secret) for address, page in pages.items() for secret in SECRETS if secret.encode() in page]


def test_variants_fight_blind_and_no_byte_of_a_prompt_leaves(grove: Service, provider: str) -> None:
    person = Person(grove.port)
    battle = person.start("How long is a day?")
    sent = {"start": str(battle).encode()}
    sent["events"] = b"".join(event.raw for event in person.until(battle["events_url"], "ready"))
    assert person.act(battle, "turns", prompt="And a night?").status in (200, 201)
    sent["more"] = b"".join(event.raw for event in person.until(battle["events_url"], "ready"))

    requests = asked(provider)
    assert len(requests) == 4
    assert {each["system"] for each in requests} == set(PROMPTS.values())  # what follows looks for what was sent
    by_prompt = {prompt: [each for each in requests if each["system"] == prompt] for prompt in PROMPTS.values()}
    values = [{each["body"]["conversation"] for each in both} for both in by_prompt.values()]
    assert [len(both) for both in values] == [1, 1] and values[0] != values[1]
    assert {each["body"]["temperature"] for each in requests} == {0.5, 1.5}
    headers = {value for each in requests for name, value in each["headers"].items() if name.lower() == "x-team"}
    assert headers == {"team of oak-poet", "team of oak-brief"}

    own = (f"/battles/{battle['id']}/", f"/api/v1/battles/{battle['id']}/")
    before = walk(person, *own)
    # The pages of the contestants themselves are the same for everybody.
    assert not [slug for slug in PROMPTS for address in own if slug.encode() in before[address]]
    revealed = person.vote(battle, "a").json
    assert {each["slug"] for each in revealed["models"]} == set(PROMPTS)
    sent["vote"] = str(revealed).encode()
    assert eventually(lambda: len(board_rows(person)) == 2)
    after = walk(person, *own)
    export = grove.data.parent / "votes.jsonl"
    grove.manage("export_votes", str(export), "--pool", "live", "--with-text")
    sent["export"] = export.read_bytes()
    assert len(after) > len(STARTS) and b"oak-poet" in after["/api/v1/leaderboard/"] and b"Variant" in sent["export"]
    assert leaks(sent) == leaks(before) == leaks(after) == []
    assert {row["model"]: row["variant_of"] for row in board_rows(person)} == dict.fromkeys(PROMPTS, "oak")


def board_rows(person: Person) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = person.get("/api/v1/leaderboard/?pool=live").json.get("rows", [])
    return rows


def test_variants_share_the_health_and_the_limit_of_their_endpoint(grove: Service) -> None:
    person = Person(grove.port)
    shared = "SELECT DISTINCT endpoint_id FROM arena_contestant WHERE slug ~ '^oak'"
    [(endpoint,)] = grove.query(shared)
    assert grove.query("SELECT count(*) FROM arena_slot WHERE endpoint_id = %s", endpoint) == [(3,)]
    down = (
        "UPDATE arena_endpoint SET failed_probes = %s, probe_after = now() + interval '1 h' WHERE id = %s RETURNING 1"
    )
    grove.query(down, 2, endpoint)
    assert person.post("/api/v1/battles/", {"prompt": "Hello?"}).status == 503
    grove.query(down, 0, endpoint)
    assert person.fight("Hello?")["state"] == "answering"
