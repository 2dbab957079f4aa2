"""The calls of battles and models in the OpenAPI document: one decorator for each. Nothing is parsed by them."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema

from arena import api_examples as examples
from arena import api_shapes as shapes

BATTLES, MODELS = "Battles", "Models"
ERRORS = {
    400: "Something in the request is not as it should be; `fields` says what.",
    401: "The API key is not valid any more, or never was.",
    403: "`csrf`: X-CSRFToken is missing. Or the key may not do this.",
    404: "There is nothing here, or it is somebody else's.",
    409: "The battle is in another state: `code` says in which way.",
    413: "The body is larger than 400 kB.",
    415: "The body is not `application/json`.",
    429: "Too many: `Retry-After` says when to try again.",
    503: "Not possible just now: `Retry-After` says when to try again.",
}
READ, WRITE = (400, 401, 403, 404, 429, 503), (400, 401, 403, 404, 409, 413, 415, 429, 503)
CSRF = OpenApiParameter(
    "X-CSRFToken", str, OpenApiParameter.HEADER, description="With a `voter` cookie: what the cookie `csrftoken` says."
)
PAGING = (
    OpenApiParameter("cursor", str, description="As the address of the next page says."),
    OpenApiParameter("page_size", int, description="At most 100; more means 100.", default=100),
)
View = TypeVar("View", bound=Callable[..., Any])
Decorator = Callable[[View], View]


def call(
    name: str,
    tag: str,
    says: tuple[str, str],
    gives: tuple[Any, Any],
    *,
    takes: tuple[Any, Any] | None = None,
    status: int = 200,
    parameters: Iterable[OpenApiParameter] = (),
    errors: Iterable[int] = READ,
) -> Decorator[Any]:
    """A call in the document. says: a title and a text. gives, takes: a shape and an example of it."""
    return extend_schema(
        operation_id=name,
        tags=[tag],
        summary=says[0],
        description=says[1],
        parameters=[*parameters, *([CSRF] if 415 in errors else [])],
        request=takes and takes[0],
        responses={
            status: OpenApiResponse(gives[0], says[0]),
            **{number: OpenApiResponse(shapes.Error, ERRORS[number]) for number in errors},
        },
        examples=[
            OpenApiExample("Answer", gives[1], response_only=True, status_codes=[str(status)]),
            *([OpenApiExample("Request", takes[1], request_only=True)] if takes else []),
        ],
    )


def streamed(
    name: str, tag: str, says: tuple[str, str], sent: tuple[str, str], parameters: Iterable[dict[str, Any]]
) -> dict[str, Any]:
    """A path of a view that is not DRF's. sent: the media type, and an example."""
    error = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    found = {"schema": {"type": "string"}, "example": sent[1]}
    refused = {str(number): {"description": ERRORS[number], "content": error} for number in (401, 403, 404, 429, 503)}
    return {
        "get": {
            "operationId": name,
            "tags": [tag],
            "summary": says[0],
            "description": says[1],
            "security": [{"voter": []}, {"key": []}, {}],
            "parameters": [*parameters],
            "responses": {"200": {"description": says[0], "content": {sent[0]: found}}, **refused},
        }
    }


def add_events(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """A hook of drf-spectacular for what it cannot see: a view that is not DRF's; that bodies have no more fields."""
    for taken in ("NewBattle", "Question", "Verdict", "Reasons"):
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


battle_list = call(
    "battle_list",
    BATTLES,
    ("My battles", "Those of the voter who asks, the newest first."),
    (shapes.Battles(), examples.BATTLES),
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
            "takes two named models and is never rated."
        ),
    ),
    (shapes.OneBattle, examples.NEW_BATTLE),
    takes=(shapes.NewBattle, examples.QUESTION),
    status=201,
    errors=(400, 401, 403, 413, 415, 429, 503),
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
    errors=WRITE,
)
battle_ask_again = call(
    "battle_ask_again",
    BATTLES,
    ("Ask on", "A further turn of the same two models, each of which sees its own history. Only in the state `ready`."),
    (shapes.OneBattle, examples.NEW_BATTLE),
    takes=(shapes.Question, {"prompt": "And in winter?"}),
    status=201,
    errors=WRITE,
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
model_list = call(
    "model_list",
    MODELS,
    ("All models", "Facts, prices with their sources, where each stands, and what was measured here; by slug."),
    (shapes.ModelPage(), examples.MODELS),
    parameters=PAGING,
)
model = call("model", MODELS, ("One model", "As in the list of all models."), (shapes.ModelFacts, examples.MODEL))
