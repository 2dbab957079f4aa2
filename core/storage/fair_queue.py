"""Who makes room in a queue that is full: never somebody from a smaller network for somebody from a larger one."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Count, Model, QuerySet


def choose_evicted(waiting: QuerySet[Any], network: str, time: str, newcomer: Sequence[str]) -> Model | None:
    """The newest row of the network with the most, or None if the newcomer's own would then have as many.

    So a network that fills the queue replaces nobody, and others find room at its cost.

    waiting: the queue. network, time: its fields with the hash of a network and the time of arrival. newcomer: the
    hashes of the newcomer's network.
    """
    largest = waiting.order_by().values(network).annotate(rows=Count("pk")).order_by("-rows").first()
    own = waiting.filter(**{f"{network}__in": newcomer}).count()
    if largest is None or largest["rows"] <= own + 1:
        return None
    rows = waiting.filter(**{network: largest[network]}).order_by(f"-{time}")
    found: Model | None = rows.select_for_update(skip_locked=True).first()
    return found
