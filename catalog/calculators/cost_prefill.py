"""Prices and sizes of catalog models, used to fill the cost calculator form."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef
from django.http import QueryDict
from django.utils.translation import gettext as _

from catalog.calculators.cost_form import CostForm
from catalog.calculators.cost_model import ApiPrices, build_api_prices
from catalog.facts.labels import extract_link
from catalog.facts.prices import load_current_prices
from catalog.facts.retirement import Successor, build_retired_filter, is_retired, load_successors
from catalog.models import LanguageModel, Price
from core.text.number_fields import AmountField
from core.text.number_format import format_count

CACHE_FIELDS = ("layers", "kv_heads", "head_dim")


@dataclass(frozen=True)
class KnownModel:
    """A catalog model that fills the form. `values` maps form fields to text, as a visitor would type it.

    price: the model's current price in the catalog, or None.
    prices: the prices for prompts of the requested length, or None.
    """

    model: LanguageModel
    price: Price | None
    prices: ApiPrices | None
    values: Mapping[str, str]
    successor: Successor | None

    @property
    def retired(self) -> bool:
        return is_retired(self.model)

    @property
    def link(self) -> str:
        """The URL of the price's source, or an empty string."""
        return extract_link(self.price.source) if self.price else ""


def load_known_model(query: Mapping[str, Any]) -> KnownModel | None:
    """Return the catalog model named in the query, with its prices for prompts of `context` tokens, or None."""
    slug = query.get("model", "")
    model = LanguageModel.objects.filter(slug=slug).first() if slug.isprintable() else None
    if model is None:
        return None
    price = load_current_prices([model]).get(model.pk)
    prices = build_api_prices(price).for_prompt(_parse_context(query.get("context", ""))) if price else None
    values = _format_prices(prices) | _format_sizes(model)
    return KnownModel(model, price, prices, values, load_successors().get(slug))


def _parse_context(text: str) -> int:
    """Return the number of tokens, or 0 if the field is empty or invalid."""
    try:
        return CostForm.base_fields["context"].clean(text) or 0
    except ValidationError:
        return 0


def list_priced_models() -> list[tuple[str, str]]:
    """Return the slug and the name of each current model with a price, sorted by name."""
    priced = LanguageModel.objects.filter(Exists(Price.objects.filter(model=OuterRef("pk"))), ~build_retired_filter())
    return sorted(priced.values_list("slug", "name"), key=lambda pair: pair[1].casefold())


def _format_prices(prices: ApiPrices | None) -> dict[str, str]:
    if prices is None:
        return {}
    values = {"price_input": prices.input, "price_output": prices.output, "price_cached": prices.cached}
    return {name: f"{value.normalize():f}" for name, value in values.items() if value is not None}


def _format_sizes(model: LanguageModel) -> dict[str, str]:
    """Return the sizes as form fields. The form accepts layers and heads only together and with parameters."""
    sizes = {"params": model.parameters_total, "active_params": model.parameters_active}
    if model.parameters_total and None not in (model.layers, model.kv_heads):
        sizes |= {name: getattr(model, name) for name in CACHE_FIELDS}
    return {name: _format_size(value) for name, value in sizes.items() if value}


def _format_size(number: int) -> str:
    """Return a number like 30.7B, or with all digits if the short form is not exact."""
    short = format_count(number)
    is_exact = AmountField(high=2 * number, whole=True).clean(short) == number  # the rounded number can be larger
    return short if is_exact else f"{number:,}"


def build_prefilled_form(query: QueryDict, known_model: KnownModel | None) -> CostForm:
    """Build the form from the query, and fill the fields missing from the query with the model's values.

    Fields in the query stay unchanged, even if they are empty. There is one exception: if the query contains all of the
    model's fields and all are empty, a visitor has just selected the model in a blank form, so the fields are filled.

    known_model: the model named in the query. If it is None although the query names a model, the form has an error.
    """
    data: Mapping[str, Any] = query
    if known_model:
        values, given = known_model.values, query.dict()
        was_sent_blank = values.keys() <= given.keys() and not any(given[name] for name in values)
        data = {**given, **values} if was_sent_blank else {**values, **given}
    form = CostForm(data)
    if query.get("model") and known_model is None and not form.has_error("model"):
        form.errors.clear()  # the model's values might have filled the missing fields
        form.add_error("model", _("There is no model “%(slug)s”.") % {"slug": query["model"]})
    return form


def build_initial_form(example: Mapping[str, str], known_model: KnownModel | None) -> CostForm:
    """Build an unbound form with the example's values. The model's values, if any, replace those of the example."""
    model_values = {**known_model.values, "model": known_model.model.slug} if known_model else {}
    return CostForm(initial={**example, **model_values})
