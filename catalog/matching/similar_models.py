"""Finds models whose names are similar to a name that does not exist."""

from difflib import get_close_matches

from catalog.models import LanguageModel

MAX_SUGGESTIONS = 8
MAX_LENGTH = 100  # comparing long names would be slow


def find_similar_models(slug: str) -> list[LanguageModel]:
    """Return up to `MAX_SUGGESTIONS` models: those whose slugs contain `slug`, or else those with similar slugs.

    Models whose slugs contain `slug` are sorted from newest to oldest, after those without a release date.
    """
    query = slug.casefold()[:MAX_LENGTH]
    slugs = dict(LanguageModel.objects.order_by("release_date", "slug").values_list("slug", "pk"))
    containing = [name for name in slugs if query in name.casefold()][::-1]
    names = containing[:MAX_SUGGESTIONS] or get_close_matches(query, slugs, MAX_SUGGESTIONS)
    models = LanguageModel.objects.in_bulk(slugs[name] for name in names)
    return [models[slugs[name]] for name in names]
