"""Decorators that describe the calls of battles, models and submissions in the OpenAPI document, one for each call."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter

from arena.api import examples
from arena.api import serializers as shapes
from arena.api.conventions import list_rules
from arena.identity.idempotency import MAX_KEY_LENGTH
from core.http.openapi import PAGE_PARAMETERS, WRITE_ERRORS, describe_operation, describe_stream

CALLS_TAG = "Calls"
BATTLES_TAG = "Battles"
MODELS_TAG = "Models"
SUBMISSIONS_TAG = "Submissions"
STRICT_BODIES = ("NewBattle", "NewTurn", "NewVote", "Reasons", "Sharing", "NewSubmission", "Proposal")
IDEMPOTENCY_KEY_HEADER = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": MAX_KEY_LENGTH, "pattern": "^[ -~]+$"},
    OpenApiParameter.HEADER,
    description=(
        "Makes retries safe. A request repeated with the same key within a day runs only once and returns the same "
        "response."
    ),
)


def complete_document(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """The document with everything that drf-spectacular cannot see: common rules, strict bodies, the event stream."""
    result["info"]["description"] += "\n\n" + "\n".join(f"- {rule}" for rule in list_rules())
    for name in STRICT_BODIES:
        result["components"]["schemas"][name]["additionalProperties"] = False
    result["paths"]["/api/v1/battles/{battle_id}/events"] = describe_stream(
        "battle_events",
        BATTLES_TAG,
        (
            "Stream a battle's events",
            (
                "Streams server-sent events. `delta` appends text to one side, `done` carries the whole answer as "
                "HTML, `failed` means that the side has no answer, and `reset` that its answer starts over. `ready` "
                "means that you can vote; `voted` and `void` end the battle. Every event has an id. After a dropped "
                "connection, send the last id as `Last-Event-ID` to continue without gaps or repeats."
            ),
        ),
        ("text/event-stream", examples.EVENT_STREAM),
        (
            {"name": "battle_id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}},
            {
                "name": "Last-Event-ID",
                "in": "header",
                "schema": {"type": "string"},
                "description": "Id of the last event received. The stream continues after it.",
            },
        ),
    )
    return result


call_list = describe_operation(
    "calls",
    CALLS_TAG,
    (
        "List all API calls",
        (
            "Returns the method, path and title of every call. `schema` is the address of the OpenAPI document, "
            "`docs` that of the reference for people."
        ),
    ),
    (shapes.CallListSchema, examples.CALL_LIST),
    errors=(400, 401, 403, 429, 503),
)
battle_list = describe_operation(
    "battle_list",
    BATTLES_TAG,
    (
        "List your battles",
        (
            "Returns your battles, newest first. Each has the beginning of its first question and the number of its "
            "turns. Retrieve a battle to get the texts of all its turns."
        ),
    ),
    (shapes.BattlePageSchema, examples.BATTLE_PAGE),
    parameters=PAGE_PARAMETERS,
)
battle_start = describe_operation(
    "battle_start",
    BATTLES_TAG,
    (
        "Start a battle",
        (
            "Sends a question to two models. `anonymous` draws the models at random and hides their names until the "
            "vote. If you name two to twenty models in `models`, they are drawn from these, and the vote counts on a "
            "separate board. `side_by_side` uses the two models that you name, and is never rated. 409 `voter_gone` "
            "means that the voter's data was deleted, or moved to an account, during the request. Nothing was "
            "created, and you can send the request again."
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
    (
        "Retrieve a battle",
        (
            "Returns one of your battles. Unfinished answers have the text that has been shown so far. `models` is "
            "null until you have voted."
        ),
    ),
    (shapes.BattleDetailSchema, examples.VOTED_BATTLE),
)
battle_vote = describe_operation(
    "battle_vote",
    BATTLES_TAG,
    (
        "Cast a vote",
        (
            "Stores your vote once both sides have answered, and reveals the models: `models` has their names and "
            "their ratings before this vote. Each battle has at most one vote. If it has one already, the call "
            "returns 409 `already_voted` with the stored vote."
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
        "Ask a follow-up question",
        (
            "Adds a turn to a battle in the state `ready`. The same two models answer, and each sees only its own "
            "side of the conversation. 400 `too_long` means that the conversation of one side would exceed the "
            "`ARENA_CONVERSATION_CHARACTERS` in force when the battle began. Neither model is asked in that case."
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
    (
        "Stop a battle",
        (
            "Stops both answers where they are. A later vote is stored but not counted, unless both answers had "
            "already finished."
        ),
    ),
    (shapes.BattleDetailSchema, examples.VOTED_BATTLE),
    errors=WRITE_ERRORS,
)
battle_retry = describe_operation(
    "battle_retry",
    BATTLES_TAG,
    ("Retry failed answers", "Asks again for the failed answers of the last turn. Available for one day."),
    (shapes.BattleDetailSchema, examples.NEW_BATTLE),
    errors=WRITE_ERRORS,
)
battle_share = describe_operation(
    "battle_share",
    BATTLES_TAG,
    (
        "Publish or unpublish a battle",
        (
            "`true` publishes the battle after the vote: anyone with its link can read the texts, but not who asked. "
            "An operator decides whether the pages of both models list it. `false` unpublishes it. Returns 403 if "
            "publishing is switched off or an operator has taken the battle down."
        ),
    ),
    (shapes.BattleDetailSchema, examples.VOTED_BATTLE | {"shared": True}),
    takes=(shapes.SharingSchema, {"shared": True}),
    errors=WRITE_ERRORS,
)
model_list = describe_operation(
    "model_list",
    MODELS_TAG,
    (
        "List all models",
        (
            "Returns all models, sorted by slug, with sourced facts and prices, their current ratings, and the "
            "performance measured on this site."
        ),
    ),
    (shapes.ModelPageSchema, examples.MODEL_PAGE),
    parameters=PAGE_PARAMETERS,
)
model_battles = describe_operation(
    "model_battles",
    MODELS_TAG,
    (
        "List a model's published battles",
        (
            "Returns the five newest battles of the model that their voters have published and that are listed. By "
            "default, an operator chooses which battles are listed."
        ),
    ),
    (shapes.SharedBattleListSchema, examples.SHARED_BATTLE_LIST),
)
submission_list = describe_operation(
    "submission_list",
    SUBMISSIONS_TAG,
    ("List your submissions", "Returns your submissions with their state, newest first."),
    (shapes.SubmissionPageSchema, examples.SUBMISSION_PAGE),
    parameters=PAGE_PARAMETERS,
)
submission_send = describe_operation(
    "submission_send",
    SUBMISSIONS_TAG,
    (
        "Submit to the catalog",
        (
            "Submits either a result file of lm-evaluation-harness (`file`, its text) or a missing model (`proposal`). "
            "The submission is validated immediately, and an invalid file is rejected as a whole. Nothing is used "
            "until an operator accepts it. 409 `already_sent` means that the same content is already waiting or in the "
            "catalog. `too_many_waiting` comes as 429 if you have too many submissions waiting, and as 503 if the site "
            "has."
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
    ("Retrieve a submission", "Returns one of your submissions with its state."),
    (shapes.SubmissionDetailSchema, examples.SUBMISSION),
)
