"""Sends generated requests from the OpenAPI document. None may cause a server error, and all responses
must match it.
"""

from collections import Counter
from dataclasses import replace

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.core.failures import FailureGroup

from arena.api.document import build_document
from arena.identity import voters
from arena.models import Battle
from arena.ready.shipped_pairs import load_pairs
from catalog.models import Benchmark, Caveat, Score, Submission
from ratings.boards import snapshot_cache, snapshots
from ratings.pipeline import board_refresh
from tests import factories
from tests.arena import factories as arena
from tests.catalog.importers.test_proposal_form import GOOD

pytestmark = pytest.mark.django_db

# The number of valid and invalid requests: 7 in the short profile, and 58 in the thorough one.
EACH = min(settings().max_examples // 4, 58)
TOKEN = "a" * 32
SENT = "0c0ffee0-1111-4222-8333-444455556666"
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
STREAMED = {
    "battle_events",
    "leaderboard_events",
    "vote_file",
}  # endless streams, or calls that this test server cannot serve
# Calls without a parameter that could be invalid.
NOTHING_WRONG = ("model", "benchmark", "model_battles", "calls", "ready_next")
schema = schemathesis.openapi.from_dict(build_document())
schema.app = get_wsgi_application()
OPERATIONS = {each.ok().definition.raw["operationId"]: each.ok() for each in schema.get_all_operations()}
KINDS = [
    (name, mode)
    for name in sorted(OPERATIONS.keys() - STREAMED)
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    if name not in NOTHING_WRONG or mode == GenerationMode.POSITIVE
]
API, GPUS = {"price_input": "2.5", "price_output": "10"}, {"gpu_hour": "2.5", "params": "8B"}
# Calls whose parameters depend on each other. Random combinations are almost always rejected.
TOGETHER = {
    "cost": [
        {"input_tokens": "100M", "output_tokens": "20M", **API},
        {"input_tokens": "100M", "output_tokens": "20M", **API, **GPUS, "own_weeks": "6", "price_week": "5000"},
        {**GPUS, "layers": "32", "kv_heads": "8", "tuning_tokens": "5M", "tuning_method": "full"},
        {"seats": "5", "price_seat": "20", **GPUS, "peak_speed": "9000", "replica_speed": "1500"},
    ],
    "scaling_estimate": [
        {"params": "70B", "tokens": "1.4T"},
        {"compute": "5.76e23", "law": "hoffmann"},
        {"tokens": "1e18"},
    ],
    "model_shortlist": [
        {},
        {"find": "x", "price": "2"},
        {"task": "coding", "price": "2", "tools": "true", "context": "32k", "unknown": "exclude"},
        {"commercial": "on", "modalities": ["image", "audio"], "cutoff": "2025-01-01", "openness": "open"},
        {"monthly": "100", "input_tokens": "3M", "output_tokens": "1M", "pool": "live", "gpu_memory": "24"},
    ],
}
BODIES = {"submission_send": {"proposal": GOOD}}
# Calls that most battles reject.
FITTING = {"battle_share": "voted", "battle_stop": "answering", "battle_ask_follow_up": "ready"}


@pytest.fixture(autouse=True)
def one_connection():
    """Use one database connection, because everything runs in one transaction. A server would use one per request."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def arena_at_work(settings):
    """Battles of one voter in every state, with models, votes, and boards, and without rate limits."""
    environment = replace(settings.ENVIRONMENT, arena_battles_per_hour=0, arena_battles_per_hour_address=0)
    settings.ENVIRONMENT = environment
    settings.ALLOWED_HOSTS = ["*"]
    me = factories.voter()
    pair = [factories.fighter(slug) for slug in ("x", "y")]
    for number in range(12):
        factories.cast(*pair, ("a", "b", "tie")[number % 3], voter=factories.voter_id(number), categories=["coding"])
    board_refresh.refresh()
    scored(*(contestant.model for contestant in pair))
    battles = [
        arena.battle(state, voter=me) for state in (*Battle.State.values, "answering", "voted", "ready", "ready")
    ]
    battles += [arena.battle("void", a=arena.FAILED, voter=me) for _ in range(2)]
    Submission.objects.create(id=SENT, kind="model", digest="x", summary=GOOD, voter=me.pk)
    for battle in battles:
        if battle.state == Battle.State.VOTED:
            factories.vote(battle.contestant_a, battle.contestant_b, battle=battle, voter=me.pk)
    return voters.cookie_signer.sign(str(me.pk)), {str(battle.pk): battle.state for battle in battles}


def scored(*models):
    """A benchmark with a caveat and a score for each model. One of the models has more facts."""
    benchmark = Benchmark.objects.create(slug="x", name="X", items=100, chance=0.25, tasks=["x"])
    Caveat.objects.create(benchmark=benchmark, kind="leakage", text="It is known.", source="https://example.com/")
    same = {"benchmark": benchmark, "task": "x", "metric": "acc", "measured_by": "us", "source": "here", "run": "r"}
    for model, more in zip(models, ({}, {"n": 100, "shots": 5, "date": "2026-01-01"}), strict=True):
        Score.objects.create(model=model, value=0.75, **same, **more)


def known(battles):
    """Existing values to use instead of generated ones for the same parameters."""
    return {
        "path_parameters": st.fixed_dictionaries(
            {
                "battle_id": st.sampled_from(list(battles)),
                "pair_id": st.sampled_from([str(pair_id) for pair_id in load_pairs()]),
                "slug": st.just("x"),
                "key": st.just(SENT),
            }
        ),
        "query": st.fixed_dictionaries({}, optional={
            "pool": st.sampled_from(["live", "api"]), "category": st.sampled_from(["overall", "coding"]),
            "models": st.sampled_from(["x", "x,y", ",,"]), "after": st.sampled_from(["0", "3"]),
            "at": st.sampled_from(["2026-01-01", "2999-01-01T00:00:00Z"]),
        }),
    }  # fmt: skip


@pytest.mark.parametrize(("name", "mode"), KINDS, ids=lambda part: getattr(part, "value", part))
def test_every_answer_is_as_the_document_says(arena_at_work, name, mode):
    cookie, battles = arena_at_work
    operation, statuses = OPERATIONS[name], Counter()

    @seed(1)
    @settings(
        max_examples=EACH, phases=[Phase.generate], database=None, deadline=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy(generation_mode=mode), data=st.data())
    def call(case, data):
        fitting = mode == GenerationMode.POSITIVE and data.draw(st.booleans())
        those = {key: state for key, state in battles.items() if state == FITTING.get(name, state)}
        for part, made in known(those if fitting else battles).items():
            values = getattr(case, part) or {}
            keep = not fitting and data.draw(st.integers(0, 3)) == 0
            found = {key: value for key, value in data.draw(made).items() if key in values and not keep}
            setattr(case, part, {**values, **found})
        if fitting and name in TOGETHER:
            case.query = data.draw(st.sampled_from(TOGETHER[name]))
        if fitting and name in BODIES:
            case.body = BODIES[name]
        cookies = {"voter": cookie, "csrftoken": TOKEN} if fitting or data.draw(st.integers(0, 3)) else {}
        headers = {"X-CSRFToken": TOKEN} if fitting or data.draw(st.integers(0, 9)) else {}
        response = case.call(cookies=cookies, headers=headers)
        statuses[response.status_code] += 1
        case.validate_response(response, checks=CHECKS)

    call()
    assert sum(statuses.values()) >= EACH
    assert mode == GenerationMode.NEGATIVE or min(statuses) < 300, statuses


def test_an_answer_that_is_not_as_the_document_says_is_noticed(arena_at_work, monkeypatch):
    case = OPERATIONS["leaderboard"].Case()
    case.validate_response(case.call(), checks=CHECKS)
    snapshot_cache.board_cache.clear()  # the bytes of a board are cached
    snapshot_cache.clear_newest_ids()
    monkeypatch.setitem(snapshots.RATING_SCALE, "factor", "much")
    with pytest.raises(FailureGroup, match="Response violates schema"):
        case.validate_response(case.call(), checks=CHECKS)
