"""Tags for the calls in the OpenAPI document, and decorators for battle calls."""

from functools import partial

from drf_spectacular.utils import OpenApiParameter

from arena.api.serializers import BattleDetailSchema
from arena.identity.idempotency import MAX_KEY_LENGTH
from core.http.openapi import WRITE_ERRORS, describe_call

CALLS_TAG = "Calls"
BATTLES_TAG = "Battles"
MODELS_TAG = "Models"
SUBMISSIONS_TAG = "Submissions"
IDEMPOTENCY_KEY_HEADER = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": MAX_KEY_LENGTH, "pattern": "^[ -~]+$"},
    OpenApiParameter.HEADER,
    description=(
        "Makes retries safe. If you repeat a request with the same key within a day, Arena runs it only once and "
        "returns the same response."
    ),
)
describe_battle_call = partial(describe_call, tag=BATTLES_TAG, response=BattleDetailSchema)
# For calls that accept an idempotency key.
describe_keyed_call = partial(
    describe_battle_call, status=201, parameters=[IDEMPOTENCY_KEY_HEADER], errors=(*WRITE_ERRORS, 422)
)
