"""Models that a request names."""

from collections.abc import Iterable

from catalog.models import LanguageModel
from core.http.errors import unknown_model_error


def parse_model_slugs(slugs: Iterable[str]) -> list[str]:
    """Each of them once, in their order. Raises Refusal 404 for the first one that does not exist."""
    wanted = [*dict.fromkeys(slug for slug in slugs if slug)]
    askable = [slug for slug in wanted if "\0" not in slug]  # which no query can hold
    known = set(LanguageModel.objects.filter(slug__in=askable).values_list("slug", flat=True))
    for slug in wanted:
        if slug not in known:
            raise unknown_model_error(slug)
    return wanted
