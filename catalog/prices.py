"""Which of the prices of a model holds."""

from collections.abc import Sequence

from django.db.models import QuerySet

from catalog.models import LanguageModel, Price


def newest_prices(models: Sequence[LanguageModel] | QuerySet[LanguageModel]) -> dict[int, Price]:
    """Model key → its price, where one is known: one that was set by hand, else the newest."""
    newest = (
        Price.objects.filter(model__in=models).order_by("model_id", "-by_hand", "-as_of", "-pk").distinct("model_id")
    )
    return {price.model_id: price for price in newest}
