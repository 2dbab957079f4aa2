"""Links for named sets: to the next battle among the same models, and from the reveal back to the shortlist.

A named set contains the models that a voter chose for blind battles, for example from a shortlist. A cookie stores the
query string of the voter's last shortlist, along with the pool of its battles.
"""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse

from arena.battles.lifecycle import derive_set_pool
from arena.identity import voters
from arena.models import Battle
from catalog.models import LanguageModel

CHOICE_COOKIE = "choice"
COOKIE_MAX_AGE_S = 7 * 24 * 3600
MAX_QUERY_LENGTH = 2000  # characters; browsers accept cookies of up to 4,096 bytes


def list_set_slugs(battle: Battle) -> list[str]:
    """Return the slugs of a blind battle's named set, sorted by model name. Other battles have none."""
    if battle.mode != Battle.Mode.ANONYMOUS or not battle.among:
        return []
    return list(LanguageModel.objects.filter(pk__in=battle.among).order_by("name").values_list("slug", flat=True))


def build_next_url(among: Sequence[str], like: int = 0) -> str:
    """Return the URL of the home page with these models selected for the next battle.

    like: the key of a suggestion if the page should offer another one from its category, or 0
    """
    parameters: dict[str, Any] = {"among": among}
    if like:
        parameters["like"] = like
    query = urlencode(parameters, doseq=True)
    return reverse("home") + (f"?{query}" if query else "")


def set_choice_cookie(response: HttpResponse, among: Sequence[str], choice: str) -> None:
    """Store the shortlist of these models in a cookie, together with the models.

    If there are no models, or if the query string is empty or too long, an earlier cookie stays. It is used only in
    battles of its own set (see `build_decision_url`).

    choice: the query string of the shortlist, from the request parameter `choice`
    """
    # Parsing and encoding the query string escapes characters that a cookie must not contain.
    parameters = QueryDict(choice[: MAX_QUERY_LENGTH + 1], mutable=True)
    if parameters:
        parameters.setlist("among", among)
    query = parameters.urlencode()
    if among and 0 < len(query) <= MAX_QUERY_LENGTH:
        voters.set_cookie(response, CHOICE_COOKIE, f"{derive_set_pool(among)}:{query}", COOKIE_MAX_AGE_S)


def build_decision_url(request: HttpRequest, battle: Battle) -> str:
    """Return the URL of the decision page for the voter's shortlist, or "" if this battle is not in the stored pool."""
    cookie = request.COOKIES.get(voters.get_cookie_name(CHOICE_COOKIE), "")
    pool, _, cookie_query = cookie.partition(":")
    query = QueryDict(cookie_query[:MAX_QUERY_LENGTH]).urlencode()
    return f"{reverse('decision')}?{query}" if query and pool == battle.pool else ""
