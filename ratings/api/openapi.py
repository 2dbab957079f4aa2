"""Adds the event and vote streams to the OpenAPI document."""

from typing import Any

from core.http.openapi import STREAM_ERRORS, describe_stream_call
from ratings.api import views

BOARD_EVENTS = """\
event: board
data: {"pool": "live", "category": "overall", "style_control": false, "method": "bt", "votes": 1204, \
"computed_at": "2026-03-01T12:00:00.512803Z"}
"""
VOTE_FILE = """\
{"model_a": "First 7B", "model_b": "Second 7B", "winner": "model_a", "timestamp": "2026-03-01T11:00:00Z"}
"""
POOL = {
    "name": "pool",
    "in": "query",
    "schema": {"type": "string", "default": "live"},
    "description": "Pool slug (see `pools/`).",
}


def add_stream_paths(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Add the paths of the two streams. This is a postprocessing hook for drf-spectacular."""
    result["paths"]["/api/v1/leaderboard/events"] = describe_stream_call(
        views.stream_board_events,
        operation_id="leaderboard_events",
        tag=views.BOARDS_TAG,
        media_type="text/event-stream",
        example=BOARD_EVENTS,
    )
    result["paths"]["/api/v1/votes.jsonl"] = describe_stream_call(
        views.download_votes,
        operation_id="vote_file",
        tag=views.VOTES_TAG,
        media_type="application/x-ndjson",
        example=VOTE_FILE,
        parameters=[POOL],
        errors=(400, *STREAM_ERRORS),
    )
    return result
