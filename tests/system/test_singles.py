"""Single answers beside battles: processes die, Redis is lost, and the provider is away."""

import os
import signal
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.fake_provider import expected_text
from tests.processes import eventually
from tests.system.conftest import models_file
from tests.system.load import Crowd, asked, check
from tests.system.service import Service, running
from tests.system.test_faults import unattended

LIMIT = 8
LIMITED = f"limit-{LIMIT}-ttft-0.3-steady-50-len-15"
MODELS = {"limited": LIMITED, "free": "free/steady-50-len-30"}
PEOPLE = 8
SINGLES = 48
UNSAVED_S = 2
REQUEST = """
from arena.answers.singles import request_singles
from arena.models import Contestant, Question, QuestionSet
questions = Question.objects.bulk_create(
    Question(set=QuestionSet.objects.create(name="{name}"), key=str(n), position=n, text=f"{name}, question {{n}}?")
    for n in range({number})
)
contestant = Contestant.objects.get(slug="limited")
request_singles((question, contestant) for question in questions)
"""
SINGLE = (
    "FROM arena_answer a JOIN arena_question q ON q.id = a.question_id JOIN arena_questionset s ON s.id = q.set_id"
    " WHERE s.name = %s"
)


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory, provider: str) -> Iterator[Service]:
    """A service with two answers workers, and with one model that answers only so many questions at a time."""
    folder = tmp_path_factory.mktemp("busy")
    file = models_file(folder / "models.toml", provider, MODELS)
    file.write_text(file.read_text().replace(f'"{LIMITED}"\n', f'"{LIMITED}"\nendpoint.max_concurrency = {LIMIT}\n'))
    limits = {"ARENA_BATTLES_PER_HOUR": "0", "ARENA_BATTLES_PER_HOUR_ADDRESS": "0"}
    with (
        running(folder / "data", "--no-local-models", "--models", str(file), **limits) as up,
        up.another({"answers@%h": "second@%h"}, "worker", "answers"),
    ):
        yield up


def request(service: Service, name: str) -> None:
    service.manage("shell", "--command", REQUEST.format(name=name, number=SINGLES))


def finished(service: Service, name: str) -> int:
    return int(service.query(f"SELECT count(*) {SINGLE} AND a.state = 'finished'", name)[0][0])


def check_singles(service: Service, provider: str, name: str, killed_at: float = 0.0) -> None:
    """Check that each question has its answer, and that no call was made that the service does not know of.

    killed_at: when a worker was killed, which then could not save the answers that ended about then. The provider still
        sends their last words to a killed worker.
    """
    rows = service.query(f"SELECT q.text, a.state, a.text, a.attempt {SINGLE}", name)
    assert len(rows) == SINGLES
    log = [entry for entry in asked(provider) if entry["model"] == LIMITED]
    made = Counter(entry["messages"][-1]["content"] for entry in log)
    whole = Counter(entry["messages"][-1]["content"] for entry in log if entry["state"] == "finished")
    unsaved = {e["messages"][-1]["content"] for e in log if e["ended"] and abs(killed_at - e["ended"]) < UNSAVED_S}
    for question, state, text, attempt in rows:
        assert (state, text) == ("finished", expected_text(LIMITED, question))
        assert 1 <= made[question] <= attempt <= 2
        assert whole[question] == 1 or question in unsaved
    check_limit(log)


def check_limit(log: list[dict[str, object]]) -> None:
    assert not [entry for entry in log if entry["state"] == "failed"]  # by a 429


def hurry(service: Service) -> None:
    """Let the half minute pass for which probes and single answers wait after a failure."""
    service.query(
        "UPDATE arena_endpoint SET probe_after = now() WHERE probe_after < now() + interval '40 s' RETURNING 1"
    )
    service.query("UPDATE arena_answer SET queued_at = now() WHERE turn_id IS NULL AND queued_at > now() RETURNING 1")


def test_singles_beside_battles_outlast_a_killed_worker_and_a_lost_redis(busy: Service, provider: str) -> None:
    with Crowd(busy, PEOPLE, name="beside singles") as crowd:
        request(busy, "beside battles")
        assert eventually(lambda: finished(busy, "beside battles") >= SINGLES // 6, 30)
        os.kill(busy.pid("worker", "answers"), signal.SIGKILL)
        killed_at = time.time()
        assert eventually(lambda: finished(busy, "beside battles") >= SINGLES // 3, 30)
        with unattended(busy):
            os.kill(busy.pid("valkey-server"), signal.SIGKILL)
            before = finished(busy, "beside battles")
            assert eventually(lambda: finished(busy, "beside battles") >= before + SINGLES // 6, 30)
        votes = set(crowd.log.votes)
        assert eventually(lambda: finished(busy, "beside battles") == SINGLES, 60)
        assert eventually(lambda: len(crowd.log.votes.keys() - votes) >= PEOPLE, 30)
    check(busy, crowd.log)
    check_singles(busy, provider, "beside battles", killed_at)


def test_singles_wait_while_the_provider_is_away(busy: Service, provider: str) -> None:
    request(busy, "without provider")
    assert eventually(lambda: finished(busy, "without provider") >= SINGLES // 6, 30)
    with urllib.request.urlopen(f"{provider}/outage?seconds=8", timeout=30):  # noqa: S310  # our own address
        pass
    waiting = f"SELECT max(a.tries), count(*) {SINGLE} AND a.state = 'queued'"
    away = "SELECT 1 FROM arena_endpoint WHERE upstream_id = %s AND failed_probes > 0"
    assert eventually(lambda: busy.query(away, LIMITED), 10)
    assert busy.query(waiting, "without provider")[0][1]
    assert eventually(lambda: not busy.query(f"SELECT 1 {SINGLE} AND a.state = 'running'", "without provider"), 10)
    assert busy.query(waiting, "without provider")[0][0] <= 1
    assert eventually(lambda: hurry(busy) or finished(busy, "without provider") == SINGLES, 30)
    check_singles(busy, provider, "without provider")
