"""Blind battles among named models: each is followed by one among the same, and leads back to its shortlist.

The address of the shortlist stays with the reader: a cookie keeps the last one, and the pool of its battles beside it.
"""

from collections.abc import Sequence
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse

from arena.battles.lifecycle import get_set_pool
from arena.identity import voters
from arena.models import Battle
from catalog.models import LanguageModel

CHOICE_COOKIE = "choice"
COOKIE_MAX_AGE_S = 7 * 24 * 3600  # seconds
MAX_QUERY_LENGTH = 2000  # characters; a browser takes 4,096 bytes


def list_set_slugs(battle: Battle) -> list[str]:
    """Of the models that a blind battle was limited to, in the order of their names; empty if it was not."""
    if battle.mode != Battle.Mode.ANONYMOUS or not battle.among:
        return []
    return list(LanguageModel.objects.filter(pk__in=battle.among).order_by("name").values_list("slug", flat=True))


def build_next_url(among: Sequence[str]) -> str:
    """Where the next battle starts."""
    return reverse("home") + (f"?{urlencode({'among': among}, doseq=True)}" if among else "")


def set_choice_cookie(response: HttpResponse, among: Sequence[str], choice: str) -> None:
    """choice: the query of the shortlist that these models are of, as `?choice=` brings it."""
    query = QueryDict(choice[: MAX_QUERY_LENGTH + 1]).urlencode()  # nothing but names and values, whatever was sent
    if among and 0 < len(query) <= MAX_QUERY_LENGTH:
        voters.set_cookie(response, CHOICE_COOKIE, f"{get_set_pool(among)}:{query}", COOKIE_MAX_AGE_S)


def build_decision_url(request: HttpRequest, battle: Battle) -> str:
    """The decision on the shortlist that the reader came from, if this battle is among its models; else empty."""
    pool, _, query = request.COOKIES.get(voters.get_cookie_name(CHOICE_COOKIE), "").partition(":")
    written = QueryDict(query[:MAX_QUERY_LENGTH]).urlencode()
    return f"{reverse('decision')}?{written}" if written and pool == battle.pool else ""
