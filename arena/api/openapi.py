"""The calls of battles and models in the OpenAPI document: one decorator for each. Nothing is parsed by them."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter

from arena.api import examples
from arena.api import serializers as shapes
from arena.api.conventions import list_rules
from arena.identity.idempotency import MAX_KEY_LENGTH
from core.http.openapi import PAGE_PARAMETERS, WRITE_ERRORS, describe_operation, describe_stream

CALLS_TAG, BATTLES_TAG, MODELS_TAG, SUBMISSIONS_TAG = "Calls", "Battles", "Models", "Submissions"
IDEMPOTENCY_KEY_HEADER = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": MAX_KEY_LENGTH, "pattern": "^[ -~]+$"},
    OpenApiParameter.HEADER,
    description="Sent again with the same key within a day, the request happens once and is answered alike.",
)


def complete_document(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """A hook of drf-spectacular for what it cannot see: what holds for all, a view that is not DRF's, strict bodies."""
    result["info"]["description"] += "\n\n" + "\n".join(f"- {rule}" for rule in list_rules())
    for taken in ("NewBattle", "NewTurn", "NewVote", "Reasons", "Sharing", "NewSubmission", "Proposal"):
        result["components"]["schemas"][taken]["additionalProperties"] = False
    result["paths"]["/api/v1/battles/{battle_id}/events"] = describe_stream(
        "battle_events",
        BATTLES_TAG,
        (
            "Follow a battle",
            (
                "Server-sent events. `delta` brings text of a side, `done` its whole answer as HTML, `failed` says "
                "that it has none, `reset` that it begins anew; `ready` opens the vote, `voted` and `void` end it. "
                "Each has an id, from which a reader that was cut off goes on without a gap or a repeat."
            ),
        ),
        ("text/event-stream", examples.EVENT_STREAM),
        (
            {"name": "battle_id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}},
            {
                "name": "Last-Event-ID",
                "in": "header",
                "schema": {"type": "string"},
                "description": "Go on after this event.",
            },
        ),
    )
    return result


call_list = describe_operation(
    "calls",
    CALLS_TAG,
    ("All calls", "What can be asked, each in a line; `schema` has it in full for programs, `docs` for people."),
    (shapes.CallListSchema, examples.CALL_LIST),
    errors=(400, 401, 403, 429, 503),
)
battle_list = describe_operation(
    "battle_list",
    BATTLES_TAG,
    (
        "My battles",
        (
            "Those of the voter who asks, the newest first. Each has its first question, cut, and the number of its "
            "turns; the texts of all turns are in the battle itself."
        ),
    ),
    (shapes.BattlePageSchema, examples.BATTLE_PAGE),
    parameters=PAGE_PARAMETERS,
)
battle_start = describe_operation(
    "battle_start",
    BATTLES_TAG,
    (
        "Ask two models",
        (
            "Draws two models and lets them answer. `anonymous` hides their names until the vote; with `models`, two "
            "to twenty slugs, the draw is among these and the vote counts on a board of their own. `side_by_side` "
            "takes two named models and is never rated. 409 `voter_gone`: all data of the voter were deleted, or moved "
            "to an account, while this was on its way; nothing was made, and it may be sent again."
        ),
    ),
    (shapes.BattleDetailSchema, examples.NEW_BATTLE),
    takes=(shapes.NewBattleSchema, examples.NEW_TURN),
    status=201,
    parameters=[IDEMPOTENCY_KEY_HEADER],
    errors=(400, 401, 403, 409, 413, 415, 422, 429, 503),
)
battle_detail = describe_operation(
    "battle",
    BATTLES_TAG,
    ("One battle", "As its voter may see it now: of running answers what has been shown, and `models` once voted."),
    (shapes.BattleDetailSchema, examples.VOTED_BATTLE),
)
battle_vote = describe_operation(
    "battle_vote",
    BATTLES_TAG,
    (
        "Vote",
        (
            "Once both sides have answered; then `models` tells who they were and how they stood before this vote. "
            "Exactly one vote counts, whatever races: 409 `already_voted` comes with the stored one."
        ),
    ),
    (shapes.BattleDetailSchema, examples.VOTED_BATTLE),
    takes=(shapes.NewVoteSchema, examples.NEW_VOTE),
    status=201,
    parameters=[IDEMPOTENCY_KEY_HEADER],
    errors=(*WRITE_ERRORS, 422),
)
battle_ask_again = describe_operation(
    "battle_ask_again",
    BATTLES_TAG,
    (
        "Ask on",
        (
            "A further turn of the same two models, each of which sees its own history. Only in the state `ready`. "
            "400 `too_long`: with it the conversation of one side would be longer than `ARENA_CONVERSATION_CHARACTERS` "
            "was when the battle began; it is refused for both alike."
        ),
    ),
    (shapes.BattleDetailSchema, examples.NEW_BATTLE),
    takes=(shapes.NewTurnSchema, {"prompt": "And in winter?"}),
    status=201,
    parameters=[IDEMPOTENCY_KEY_HEADER],
    errors=(*WRITE_ERRORS, 422),
)
battle_stop = describe_operation(
    "battle_stop",
    BATTLES_TAG,
    ("Stop", "Ends both answers where they are. A vote after it is stored and not counted, unless both had finished."),
    (shapes.BattleDetailSchema, examples.VOTED_BATTLE),
    errors=WRITE_ERRORS,
)
battle_retry = describe_operation(
    "battle_retry",
    BATTLES_TAG,
    ("Try again", "Asks once more for what failed in the last turn, within a day."),
    (shapes.BattleDetailSchema, examples.NEW_BATTLE),
    errors=WRITE_ERRORS,
)
battle_share = describe_operation(
    "battle_share",
    BATTLES_TAG,
    (
        "Publish it",
        (
            "After the vote: anyone with the link of its page can read its texts, never who asked; an operator "
            "decides whether the pages of both models list it. `false` takes it back. 403 where publishing is "
            "switched off, or after an operator took it down."
        ),
    ),
    (shapes.BattleDetailSchema, examples.VOTED_BATTLE | {"shared": True}),
    takes=(shapes.SharingSchema, {"shared": True}),
    errors=WRITE_ERRORS,
)
model_list = describe_operation(
    "model_list",
    MODELS_TAG,
    ("All models", "Facts and prices with their sources, where each stands, and what was measured here; by slug."),
    (shapes.ModelPageSchema, examples.MODEL_PAGE),
    parameters=PAGE_PARAMETERS,
)
model_battles = describe_operation(
    "model_battles",
    MODELS_TAG,
    (
        "Published battles",
        (
            "The newest five battles of this model that their voters published and that are listed: by default, those "
            "that an operator has chosen."
        ),
    ),
    (shapes.SharedBattleListSchema, examples.SHARED_BATTLE_LIST),
)
submission_list = describe_operation(
    "submission_list",
    SUBMISSIONS_TAG,
    ("What I have sent", "Of the voter who asks, the newest first, with what has become of it."),
    (shapes.SubmissionPageSchema, examples.SUBMISSION_PAGE),
    parameters=PAGE_PARAMETERS,
)
submission_send = describe_operation(
    "submission_send",
    SUBMISSIONS_TAG,
    (
        "Send something for the catalogue",
        (
            "A result file of lm-evaluation-harness (`file`, its text), or a model that is missing (`proposal`). It is "
            "read at once, and a broken file is refused whole; nothing of it is used before an operator has accepted "
            "it. 409 `already_sent`: the same waits already, or is in the catalogue. `too_many_waiting`: 429 of yours, "
            "503 of all."
        ),
    ),
    (shapes.SubmissionDetailSchema, examples.SUBMISSION),
    takes=(shapes.NewSubmissionSchema, examples.NEW_SUBMISSION),
    status=201,
    errors=(400, 401, 403, 404, 409, 413, 415, 429, 503),
)
submission_detail = describe_operation(
    "submission",
    SUBMISSIONS_TAG,
    ("One thing that I have sent", "As in the list."),
    (shapes.SubmissionDetailSchema, examples.SUBMISSION),
)
