"""Tags and headers of the calls in the OpenAPI document."""

from drf_spectacular.utils import OpenApiParameter

from arena.identity.idempotency import MAX_KEY_LENGTH

CALLS_TAG = "Calls"
BATTLES_TAG = "Battles"
MODELS_TAG = "Models"
SUBMISSIONS_TAG = "Submissions"
IDEMPOTENCY_KEY_HEADER = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": MAX_KEY_LENGTH, "pattern": "^[ -~]+$"},
    OpenApiParameter.HEADER,
    description=(
        "Makes retries safe. A request repeated with the same key within a day runs only once and returns the same "
        "response."
    ),
)
