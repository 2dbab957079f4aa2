"""Examples for the OpenAPI document. A test checks each against its schema."""

from typing import Any

CALL_LIST = {
    "docs": "https://arena.example.com/api/docs/",
    "schema": "https://arena.example.com/api/schema/",
    "calls": [{"method": "GET", "path": "/api/v1/leaderboard/", "title": "Retrieve a board"}],
}
BATTLE_ID = "3f0a1f0e-5c1d-4f6e-9a57-2a3c1d0b9e11"
NEW_TURN = {"prompt": "Why is the sky blue?"}
NEW_VOTE = {"winner": "a", "reasons": {"a": ["correct"]}, "comment": "The second one forgot the air."}
_BATTLE_HEAD = {"id": BATTLE_ID, "mode": "anonymous", "pool": "live", "created_at": "2026-03-01T12:00:00Z"}
_BATTLE_TAIL = {"shared": False, "events_url": f"/api/v1/battles/{BATTLE_ID}/events"}


def _build_turns(state: str, *texts: str) -> list[dict[str, Any]]:
    answers = [
        {"side": side, "state": state, "text": text, "reason": None} for side, text in zip("ab", texts, strict=True)
    ]
    return [{"number": 1, **NEW_TURN, "answers": answers}]


def _build_revealed_model(side: str, slug: str, name: str, rating: float, rank: int) -> dict[str, Any]:
    return {
        "side": side, "slug": slug, "name": name, "organization": "Example Lab", "license": "Apache-2.0",
        "rating": rating, "ci_low": rating - 21.5, "ci_high": rating + 21.5, "rank": rank, "votes": 412,
    }  # fmt: skip


def _build_source(day: str) -> dict[str, str]:
    return {"source": "https://example.com/first-7b", "url": "https://example.com/first-7b", "as_of": day}


NEW_BATTLE = {
    **_BATTLE_HEAD,
    "state": "answering",
    "turns": _build_turns("answering", "Air scatters", ""),
    "models": None,
    "vote": None,
    **_BATTLE_TAIL,
}
VOTED_BATTLE = {
    **_BATTLE_HEAD,
    "state": "voted",
    "turns": _build_turns("finished", "Air scatters blue light most.", "It reflects the sea."),
    "models": [
        _build_revealed_model("a", "first-7b", "First 7B", 1062.25, 1),
        _build_revealed_model("b", "second-7b", "Second 7B", 981.5, 4),
    ],
    "vote": {**NEW_VOTE, "created_at": "2026-03-01T12:01:30Z"},
    **_BATTLE_TAIL,
}
SHARED_BATTLE_LIST = {
    "results": [
        {
            "id": BATTLE_ID,
            "url": f"/b/{BATTLE_ID}/",
            "shared_at": "2026-03-01T12:03:00Z",
            "models": {"a": "first-7b", "b": "second-7b"},
            "winner": "a",
            "turn_count": 1,
            "turns": [{**NEW_TURN, "answers": {"a": "Air scatters blue light most.", "b": "It reflects the sea."}}],
        }
    ]
}
BATTLE_ROW = {
    **{name: value for name, value in VOTED_BATTLE.items() if name != "turns"},
    "question": NEW_TURN["prompt"],
    "turn_count": 1,
}
BATTLE_PAGE = {"next": None, "previous": None, "results": [BATTLE_ROW]}
MODEL = {
    "slug": "first-7b", "name": "First 7B", "kind": "chat", "status": "current", "open_weights": True,
    "release_date": "2026-01-20", "knowledge_cutoff": "2025-06-01", "parameters_total": 7_240_000_000,
    "parameters_active": 7_240_000_000, "training_tokens": 15_000_000_000_000, "context_window": 32768,
    "max_input": 28672, "max_output": 4096, "modalities": ["text"], "tools": True, "organization": "Example Lab",
    "license": "Apache-2.0", "commercial_use": "yes", "base_model": None, "in_draw": True, "variant": None,
    "facts": {
        "context_window": {"value": 32768, **_build_source("2026-01-20")},
        "knowledge_cutoff": {"value": "2025-06", **_build_source("2026-01-20")},
    },
    "price": {"input": 0.2, "output": 0.6, **_build_source("2026-02-01")},
    "arena": {
        "rating": 1062.25, "ci_low": 1040.75, "ci_high": 1083.75, "rank": 1, "votes": 412, "provisional": False,
    },
    "measured": {
        "answers": 1120, "calls": 953, "failures": 3, "failure_rate": 0.0031, "first_token_s": 0.41,
        "tokens_per_s": 48.5,
    },
}  # fmt: skip
MODEL_DETAIL = {
    **MODEL,
    "license_terms": {
        "commercial": "yes", "research_only": False, "conditions": "", "derivatives": "yes",
        "obligations": "Keep the license and its notices.", "source": "https://example.com/apache-2.0",
    },
    "other_sources": {"knowledge_cutoff": [{"value": "2025-04", **_build_source("2026-02-01")}]},
}  # fmt: skip
MODEL_PAGE = {"next": None, "previous": None, "results": [MODEL]}
EVENT_STREAM = """\
id: 1.a:1f0c.13:b:77ab.0
event: delta
data: {"turn": 1, "side": "a", "text": "Air scatters "}

event: done
data: {"turn": 1, "side": "a", "html": "<p>Air scatters blue light most.</p>"}

event: ready
data: {}
"""
NEW_SUBMISSION = {
    "proposal": {
        "model": "Third 7B", "organization": "Third Lab", "weights": "https://example.com/third-7b",
        "license": "Apache-2.0", "why": "It is the first small one that was trained on Frisian.",
    }
}  # fmt: skip
SUBMISSION: dict[str, Any] = {
    "id": "0c0ffee0-1111-4222-8333-444455556666", "kind": "scores", "state": "pending",
    "created_at": "2026-02-01T12:00:00Z", "decided_at": None, "note": "",
    "scores": {"model": "first/First-7B", "scores": 3, "benchmarks": 2, "limited": 0}, "proposal": None,
}  # fmt: skip
SUBMISSION_PAGE = {"next": None, "previous": None, "results": [SUBMISSION]}
