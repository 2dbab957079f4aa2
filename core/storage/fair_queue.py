"""Chooses the row to drop from a full queue. Networks with few rows are protected from networks with many."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Count, Model, QuerySet


def choose_evicted(waiting: QuerySet[Any], network: str, time: str, newcomer_hashes: Sequence[str]) -> Model | None:
    """Return the row to evict: the newest row of the network with the most rows.

    Returns None if the newcomer's network, including its new row, would have at least as many rows as that network has
    now. A network that fills the queue therefore cannot displace rows of other networks.

    `waiting` is the queue. `network` and `time` are the names of its fields for the network hash and the arrival time.
    `newcomer_hashes` contains the hashes of the newcomer's network.
    """
    largest = waiting.order_by().values(network).annotate(rows=Count("pk")).order_by("-rows").first()
    newcomer_rows = waiting.filter(**{f"{network}__in": newcomer_hashes}).count()
    if largest is None or largest["rows"] <= newcomer_rows + 1:
        return None
    rows = waiting.filter(**{network: largest[network]}).order_by(f"-{time}")
    evicted: Model | None = rows.select_for_update(skip_locked=True).first()
    return evicted
