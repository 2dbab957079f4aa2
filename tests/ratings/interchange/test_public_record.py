"""The public record over HTTP: page by page, or as one file."""

import asyncio
import gc
from datetime import UTC, datetime
from uuid import UUID

import orjson
import pytest
from django.db import connection
from django.test import AsyncClient

from arena.models import API_POOL, LIVE_POOL, Vote
from ratings.interchange import export_votes, public_record
from ratings.interchange.export_votes import RECORD_FIELDS, export_file, iter_records
from ratings.interchange.import_votes import import_file
from tests import factories
from tests.arena import factories as arena
from tests.ratings.interchange.vote_files import json_lines, row
from tests.remote_clients import of_address

VOTES, FILE = "/api/v1/votes/", "/api/v1/votes.jsonl"
with_database = pytest.mark.django_db
whole_database = pytest.mark.django_db(transaction=True)
THEN = datetime(2026, 3, 2, 12, 34, 56, tzinfo=UTC)


@pytest.fixture
def voted():
    """Twelve votes of three voters in the order of the record, and one vote of another pool."""
    factories.pool()
    one, two = factories.model("one"), factories.model("two")
    votes = [
        factories.vote(
            one, two, turns=number + 1, voter=factories.voter_id(number % 3), comment="private", created_at=THEN
        )
        for number in range(12)
    ]
    factories.pool("api")
    factories.vote(one, two, pool="api", created_at=THEN)
    return sorted(votes, key=lambda vote: vote.record_key)


def walk(client, address):
    """The votes of all pages from an address on."""
    while address:
        page = client.get(address).json()
        yield page["results"]
        address = page["next"]


async def fetch(address=FILE):
    response = await AsyncClient().get(address)
    lines = b"".join([part async for part in response.streaming_content]) if response.streaming else response.content
    return response, lines


@with_database
def test_pages_lead_through_all_votes_of_a_pool_in_order(client, voted):
    pages = list(walk(client, f"{VOTES}?page_size=5"))
    assert [len(page) for page in pages] == [5, 5, 2]
    votes = [vote for page in pages for vote in page]
    assert [vote["id"] for vote in votes] == [str(vote.record_key) for vote in voted]
    assert [vote["turns"] for vote in votes] == [vote.turns for vote in voted]
    assert all(vote.keys() == {"id", *RECORD_FIELDS} for vote in votes)
    written = [{key: each[key] for key in RECORD_FIELDS} for each in iter_records(factories.pool(), public=True)]
    assert [{key: vote[key] for key in RECORD_FIELDS} for vote in votes] == orjson.loads(orjson.dumps(written))

    for query, count in (("", 12), ("?page_size=1000000000", 12), ("?page_size=3", 3), ("?page_size=", 12)):
        assert len(client.get(VOTES + query).json()["results"]) == count
    assert len(client.get(f"{VOTES}?after={voted[3].record_key}").json()["results"]) == 8
    assert client.get(f"{VOTES}?after={voted[-1].record_key}").json() == {"next": None, "results": []}
    assert len(client.get(f"{VOTES}?pool=api").json()["results"]) == 1


@with_database
def test_record_holds_no_voter_and_no_text(client):
    factories.pool()
    battle = arena.battle(a={**arena.FINISHED, "text": "ANSWER"}, b={**arena.FINISHED, "text": "ANSWER"})
    vote = factories.vote(
        battle.contestant_a, battle.contestant_b, battle=battle, voter=battle.voter_id,
        comment="SAID", reasons={"SAID": 1},
        prompt_hash="HASH", created_at=THEN,
    )  # fmt: skip
    content = client.get(VOTES).content.decode()
    hidden = ("ANSWER", "Why?", "SAID", "HASH", str(battle.pk), str(vote.voter), vote.voter.hex)
    assert not [secret for secret in hidden if secret in content]


@with_database
@pytest.mark.parametrize("votes", [1, 50])
def test_number_of_queries_does_not_depend_on_the_votes(client, votes, django_assert_num_queries):
    factories.pool()
    for _ in range(votes):
        factories.vote(*factories.models(2), created_at=THEN)
    with django_assert_num_queries(4):
        assert len(client.get(VOTES).json()["results"]) == votes


@with_database
def test_a_page_deep_in_a_pool_reads_no_more_than_the_first(client, django_capture_on_commit_callbacks):
    """The cost is counted in blocks that PostgreSQL touches, because times vary on a busy machine."""
    one, two = factories.contestants(2)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO arena_vote (pool_id, contestant_a_id, contestant_b_id, winner, multiplicity, source, counted,"
            " reason, categories, turns, reasons, comment)"
            " SELECT CASE WHEN n %% 2 = 0 THEN %s ELSE %s END, %s, %s, 'a',"
            " 1, 'live', true, '', '{}', 1, '{}', '' FROM generate_series(1, 40000) n",
            [LIVE_POOL, API_POOL, one.pk, two.pk],
        )
        cursor.execute("ANALYZE arena_vote")
        cursor.execute("SELECT relpages FROM pg_class WHERE relname = 'arena_vote'")
        [whole] = cursor.fetchone()
    first, deep = (_blocks(after) for after in (UUID(int=0), Vote.objects.order_by("-record_key")[500].record_key))
    assert deep <= 2 * first
    assert first < whole / 2


def _blocks(after):
    votes = Vote.objects.filter(pool=LIVE_POOL, record_key__gt=after).order_by("record_key")[:101]
    plan = orjson.loads(votes.explain(analyze=True, buffers=True, format="json"))[0]["Plan"]
    return plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]


@with_database
def test_reader_who_continues_misses_no_vote_of_a_later_import(client, voted, tmp_path):
    """An import can contain votes older than those already read. Without times, its order says nothing and stays."""
    factories.vote(*factories.models(2))  # not public yet, but its hour ends after the imports

    def read_new():
        nonlocal last
        votes = [vote for page in walk(client, VOTES + (f"?after={last}" if last else "")) for vote in page]
        last = votes[-1]["id"]
        return [vote["turns"] for vote in votes]

    last = None
    assert len(read_new()) == 12
    for name, time in (("one", "2025-01-01T12:00:00Z"), ("two", "2024-01-01T12:00:00Z"), ("three", None)):
        path = tmp_path / name
        path.write_bytes(json_lines(*(row(timestamp=time, turns=turns) for turns in (1, 2, 3))))
        import_file(path, "live")
        new = read_new()
        assert sorted(new) == [1, 2, 3]
        assert time or new == [1, 2, 3]


@pytest.fixture
def in_order(voted, in_database):
    """Run ORM code within an event loop, after the votes are stored."""
    return in_database


@whole_database
async def test_file_is_what_export_votes_writes_in_batches(in_order, tmp_path, monkeypatch):
    monkeypatch.setattr(export_votes, "BATCH_SIZE", 5)
    response = await AsyncClient().get(FILE)
    parts = [part async for part in response.streaming_content]
    path = tmp_path / "votes.jsonl"
    await in_order(lambda: export_file(path, factories.pool(), public=True))

    assert response["Content-Type"] == "application/x-ndjson"
    assert response["Content-Disposition"] == 'attachment; filename="live.jsonl"'
    assert response["Cache-Control"] == "no-store"
    assert [len(part.splitlines()) for part in parts] == [5, 5, 2]
    assert b"".join(parts) == path.read_bytes()


@whole_database
async def test_file_holds_no_connection_while_its_reader_waits(in_order, monkeypatch):
    """No query stays open, so changes of the table do not wait for a slow reader."""
    monkeypatch.setattr(export_votes, "BATCH_SIZE", 2)
    response = await AsyncClient().get(FILE)
    parts = aiter(response.streaming_content)
    await anext(parts)

    def others():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid() AND query LIKE '%%arena_vote%%' AND state <> 'idle'"
            )
            return cursor.fetchone()[0]

    assert await in_order(others) == 0
    assert len([part async for part in parts]) == 5


@whole_database
async def test_few_files_are_sent_at_once(in_order):
    streams = [await of_address(f"192.0.2.{number}").get(FILE) for number in range(public_record.MAX_OPEN_STREAMS)]
    refused, body = await fetch()
    assert (refused.status_code, refused["Retry-After"]) == (503, "30")
    assert orjson.loads(body)["error"]["code"] == "busy"

    streams.pop().close()
    assert (await fetch())[0].status_code == 200
    del streams
    gc.collect()
    assert len(public_record._open_streams) == 0


@whole_database
@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8::{}"])
async def test_one_address_gets_fewer_files_at_once_than_there_are(in_order, address):
    streams = [await of_address(address.format(number)).get(FILE) for number in range(1, 4)]

    assert [answer.status_code for answer in streams] == [200, 200, 429]
    assert streams[-1]["Retry-After"] == "30"
    assert streams[-1].json()["error"]["code"] == "too_many_streams"
    streams.append(await of_address("2001:db8:0:1::1").get(FILE))
    assert streams[-1].status_code == 200
    for answer in streams:
        answer.close()


@whole_database
async def test_file_ends_for_whom_takes_it_too_slowly(in_order, monkeypatch):
    """Each batch must be read within the time limit; the total time has no limit."""
    monkeypatch.setattr(export_votes, "BATCH_SIZE", 4)
    monkeypatch.setattr(public_record, "BATCH_TIMEOUT_S", 1.0)
    chunks = []

    async def read(*pauses):
        response = await AsyncClient().get(FILE)
        try:
            parts = aiter(response.streaming_content)
            for pause in pauses:
                chunks.append(await anext(parts))
                await asyncio.sleep(pause)
        finally:
            response.close()

    steady, slow = (asyncio.create_task(read(*pauses)) for pauses in ((0.5, 0.5, 0.5), (0, 30)))
    await asyncio.wait([steady, slow], timeout=20)

    assert (steady.cancelled(), slow.cancelled()) == (False, True)
    assert len(chunks) == 5
    assert len(public_record._open_streams) == 0


@whole_database
@pytest.mark.parametrize(
    ("address", "status"), [(f"{FILE}?pool=nowhere", 404), (f"{FILE}?pool=%00", 404), (f"{FILE}?pool=api", 200)]
)
async def test_file_is_that_of_a_pool(in_order, address, status):
    response, body = await fetch(address)
    assert response.status_code == status
    assert len(body.splitlines()) == 1
    assert ("error" in orjson.loads(body)) == (status == 404)


@whole_database
async def test_file_can_only_be_read(in_order):
    client = AsyncClient(enforce_csrf_checks=True)
    for send in (client.post, client.put, client.delete):
        refused = await send(FILE)
        assert (refused.status_code, refused["Allow"]) == (405, "GET, HEAD")
    head = await client.head(FILE)
    assert (head.status_code, head["Content-Type"]) == (200, "application/x-ndjson")
    assert len(public_record._open_streams) == 0
