"""Chooses the row to drop from a full queue. Networks with few rows are protected from networks with many."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Count, Model, QuerySet


def choose_row_to_evict(
    queue: QuerySet[Any], network_field: str, time_field: str, newcomer_hashes: Sequence[str]
) -> Model | None:
    """Return the row to evict: the newest row of the network with the most rows.

    Returns None if the newcomer's network, including its new row, would have at least as many rows as that network has
    now. A network that fills the queue therefore cannot displace rows of other networks.

    `network_field` and `time_field` are the names of the fields for the network hash and the arrival time.
    `newcomer_hashes` contains the hashes of the newcomer's network.
    """
    largest = queue.order_by().values(network_field).annotate(rows=Count("pk")).order_by("-rows").first()
    newcomer_rows = queue.filter(**{f"{network_field}__in": newcomer_hashes}).count()
    if largest is None or largest["rows"] <= newcomer_rows + 1:
        return None
    rows = queue.filter(**{network_field: largest[network_field]}).order_by(f"-{time_field}")
    evicted: Model | None = rows.select_for_update(skip_locked=True).first()
    return evicted
