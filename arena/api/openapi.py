"""The calls of battles and models in the OpenAPI document: one decorator for each. Nothing is parsed by them."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter

from arena.api import examples
from arena.api import serializers as shapes
from arena.api.conventions import rules
from arena.identity.idempotency import LONGEST_KEY
from core.http.openapi import PAGING, WRITE, call, streamed

CALLS, BATTLES, MODELS, SUBMISSIONS = "Calls", "Battles", "Models", "Submissions"
WITH_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[ -~]+$"},
    OpenApiParameter.HEADER,
    description="Sent again with the same key within a day, the request happens once and is answered alike.",
)


def add_events(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """A hook of drf-spectacular for what it cannot see: what holds for all, a view that is not DRF's, strict bodies."""
    result["info"]["description"] += "\n\n" + "\n".join(f"- {rule}" for rule in rules())
    for taken in ("NewBattle", "Question", "Verdict", "Reasons", "Sharing", "NewSubmission", "Proposal"):
        result["components"]["schemas"][taken]["additionalProperties"] = False
    result["paths"]["/api/v1/battles/{battle_id}/events"] = streamed(
        "battle_events",
        BATTLES,
        (
            "Follow a battle",
            (
                "Server-sent events. `delta` brings text of a side, `done` its whole answer as HTML, `failed` says "
                "that it has none, `reset` that it begins anew; `ready` opens the vote, `voted` and `void` end it. "
                "Each has an id, from which a reader that was cut off goes on without a gap or a repeat."
            ),
        ),
        ("text/event-stream", examples.EVENTS),
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


calls = call(
    "calls",
    CALLS,
    ("All calls", "What can be asked, each in a line; `schema` has it in full for programs, `docs` for people."),
    (shapes.Calls, examples.CALLS),
    errors=(400, 401, 403, 429, 503),
)
battle_list = call(
    "battle_list",
    BATTLES,
    (
        "My battles",
        (
            "Those of the voter who asks, the newest first. Each has its first question, cut, and the number of its "
            "turns; the texts of all turns are in the battle itself."
        ),
    ),
    (shapes.Battles, examples.BATTLES),
    parameters=PAGING,
)
battle_start = call(
    "battle_start",
    BATTLES,
    (
        "Ask two models",
        (
            "Draws two models and lets them answer. `anonymous` hides their names until the vote; with `models`, two "
            "to twenty slugs, the draw is among these and the vote counts on a board of their own. `side_by_side` "
            "takes two named models and is never rated. 409 `voter_gone`: all data of the voter were deleted, or moved "
            "to an account, while this was on its way; nothing was made, and it may be sent again."
        ),
    ),
    (shapes.OneBattle, examples.NEW_BATTLE),
    takes=(shapes.NewBattle, examples.QUESTION),
    status=201,
    parameters=[WITH_KEY],
    errors=(400, 401, 403, 409, 413, 415, 422, 429, 503),
)
battle = call(
    "battle",
    BATTLES,
    ("One battle", "As its voter may see it now: of running answers what has been shown, and `models` once voted."),
    (shapes.OneBattle, examples.VOTED_BATTLE),
)
battle_vote = call(
    "battle_vote",
    BATTLES,
    (
        "Vote",
        (
            "Once both sides have answered; then `models` tells who they were and how they stood before this vote. "
            "Exactly one vote counts, whatever races: 409 `already_voted` comes with the stored one."
        ),
    ),
    (shapes.OneBattle, examples.VOTED_BATTLE),
    takes=(shapes.Verdict, examples.VERDICT),
    status=201,
    parameters=[WITH_KEY],
    errors=(*WRITE, 422),
)
battle_ask_again = call(
    "battle_ask_again",
    BATTLES,
    (
        "Ask on",
        (
            "A further turn of the same two models, each of which sees its own history. Only in the state `ready`. "
            "400 `too_long`: with it the conversation of one side would be longer than `ARENA_CONVERSATION_CHARACTERS` "
            "was when the battle began; it is refused for both alike."
        ),
    ),
    (shapes.OneBattle, examples.NEW_BATTLE),
    takes=(shapes.Question, {"prompt": "And in winter?"}),
    status=201,
    parameters=[WITH_KEY],
    errors=(*WRITE, 422),
)
battle_stop = call(
    "battle_stop",
    BATTLES,
    ("Stop", "Ends both answers where they are. A vote after it is stored and not counted, unless both had finished."),
    (shapes.OneBattle, examples.VOTED_BATTLE),
    errors=WRITE,
)
battle_retry = call(
    "battle_retry",
    BATTLES,
    ("Try again", "Asks once more for what failed in the last turn, within a day."),
    (shapes.OneBattle, examples.NEW_BATTLE),
    errors=WRITE,
)
battle_share = call(
    "battle_share",
    BATTLES,
    (
        "Publish it",
        (
            "After the vote: anyone with the link of its page can read its texts, never who asked; an operator "
            "decides whether the pages of both models list it. `false` takes it back. 403 where publishing is "
            "switched off, or after an operator took it down."
        ),
    ),
    (shapes.OneBattle, examples.VOTED_BATTLE | {"shared": True}),
    takes=(shapes.Sharing, {"shared": True}),
    errors=WRITE,
)
model_list = call(
    "model_list",
    MODELS,
    ("All models", "Facts and prices with their sources, where each stands, and what was measured here; by slug."),
    (shapes.ModelPage, examples.MODELS),
    parameters=PAGING,
)
model_battles = call(
    "model_battles",
    MODELS,
    (
        "Published battles",
        (
            "The newest five battles of this model that their voters published and that are listed: by default, those "
            "that an operator has chosen."
        ),
    ),
    (shapes.SharedBattles, examples.SHARED_BATTLES),
)
submission_list = call(
    "submission_list",
    SUBMISSIONS,
    ("What I have sent", "Of the voter who asks, the newest first, with what has become of it."),
    (shapes.Submissions, examples.SUBMISSIONS),
    parameters=PAGING,
)
submission_send = call(
    "submission_send",
    SUBMISSIONS,
    (
        "Send something for the catalogue",
        (
            "A result file of lm-evaluation-harness (`file`, its text), or a model that is missing (`proposal`). It is "
            "read at once, and a broken file is refused whole; nothing of it is used before an operator has accepted "
            "it. 409 `already_sent`: the same waits already, or is in the catalogue. `too_many_waiting`: 429 of yours, "
            "503 of all."
        ),
    ),
    (shapes.OneSubmission, examples.SUBMISSION),
    takes=(shapes.NewSubmission, examples.PROPOSAL),
    status=201,
    errors=(400, 401, 403, 404, 409, 413, 415, 429, 503),
)
submission = call(
    "submission",
    SUBMISSIONS,
    ("One thing that I have sent", "As in the list."),
    (shapes.OneSubmission, examples.SUBMISSION),
)
