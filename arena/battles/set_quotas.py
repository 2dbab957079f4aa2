"""The daily quota for new named sets, which are the sets of models that voters choose by name for blind battles.

Each set is a pool with its own board. Sets that already have a board are free, and so are sets that were charged within
the last 24 hours.
"""

import math
from typing import TypeGuard

from django.http import HttpRequest
from django.utils.translation import ngettext

from arena.battles.lifecycle import derive_set_pool
from arena.identity import quotas
from arena.models import Battle, Standing
from core.http.errors import RequestError


def charge_named_set(request: HttpRequest, mode: object, models: object) -> None:
    """Charge the quota for the named models in a request. Raises RequestError 429 `too_many_sets`.

    Call this before `lifecycle.start_battle`, which rejects the malformed requests that this function ignores.

    mode, models: the unvalidated values from the request
    """
    if mode != Battle.Mode.ANONYMOUS or not _are_slugs(models):
        return
    pool = derive_set_pool(models)
    if Standing.objects.filter(pool=pool).exists():
        return
    if wait := quotas.take_slot("set", request, pool):
        hours = math.ceil(wait / 3600)
        detail = ngettext(
            "You or other people on your network have chosen too many new sets of models today. Use one of"
            " them again, or try a new one in %(hours)s hour.",
            "You or other people on your network have chosen too many new sets of models today. Use one of"
            " them again, or try a new one in %(hours)s hours.",
            hours,
        )
        raise RequestError("too_many_sets", detail % {"hours": hours}, 429, retry_after=math.ceil(wait))


def _are_slugs(models: object) -> TypeGuard[list[str]]:
    return isinstance(models, list) and all(isinstance(slug, str) and slug.isprintable() for slug in models)
