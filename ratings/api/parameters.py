"""Query parameters for API calls: their descriptions in the OpenAPI document, and a parser for model slugs."""

from collections.abc import Iterable

from drf_spectacular.utils import OpenApiParameter

from catalog.models import LanguageModel
from core.http.errors import unknown_model_error
from ratings.boards.snapshots import METHODS

TIME_FORMAT = "ISO 8601, in UTC unless it has an offset (encode + as %2B)"
POOL = OpenApiParameter("pool", str, default="live", description="Pool slug (see `pools/`).")
CATEGORY = OpenApiParameter("category", str, default="overall", description="Category slug (see `categories/`).")
AT = OpenApiParameter("at", str, description=f"Return the newest board at or before this time. {TIME_FORMAT}.")
NEWEST_BOARD_PARAMETERS = (
    POOL,
    CATEGORY,
    OpenApiParameter("style_control", bool, default=False, description="Remove the effect of style from the ratings."),
    OpenApiParameter("method", str, enum=METHODS, default="bt", description="Rating method: Bradley-Terry or Elo."),
)
BOARD_PARAMETERS = (*NEWEST_BOARD_PARAMETERS, AT)


def parse_model_slugs(slugs: Iterable[str]) -> list[str]:
    """Return the slugs in their original order, with duplicates removed.

    Raises RequestError 404 for the first slug that does not exist.
    """
    requested = [*dict.fromkeys(slug for slug in slugs if slug)]
    storable = [slug for slug in requested if "\0" not in slug]  # PostgreSQL rejects NUL
    known_slugs = set(LanguageModel.objects.filter(slug__in=storable).values_list("slug", flat=True))
    for slug in requested:
        if slug not in known_slugs:
            raise unknown_model_error(slug)
    return requested
