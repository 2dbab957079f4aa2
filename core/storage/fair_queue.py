"""Chooses the row that a full queue drops: never a row of a smaller network to admit one of a larger network."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Count, Model, QuerySet


def choose_evicted(waiting: QuerySet[Any], network: str, time: str, newcomer: Sequence[str]) -> Model | None:
    """The newest row of the network with the most rows, or None if the newcomer's own network would then have as many.

    So a network that fills the queue evicts nobody, and other networks get its places.

    waiting: the queue. network, time: the names of its fields with the network hash and the time of arrival. newcomer:
    the hashes of the newcomer's network.
    """
    largest = waiting.order_by().values(network).annotate(rows=Count("pk")).order_by("-rows").first()
    own = waiting.filter(**{f"{network}__in": newcomer}).count()
    if largest is None or largest["rows"] <= own + 1:
        return None
    rows = waiting.filter(**{network: largest[network]}).order_by(f"-{time}")
    evicted: Model | None = rows.select_for_update(skip_locked=True).first()
    return evicted
