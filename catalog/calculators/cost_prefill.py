"""What the catalogue knows of a model that its costs depend on, as the calculator of costs takes it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as say

from catalog.calculators.cost_form import CostForm
from catalog.facts.labels import extract_link
from catalog.facts.prices import load_current_prices
from catalog.models import LanguageModel, Price

CACHE_FIELDS = ("layers", "kv_heads", "head_dim")


@dataclass(frozen=True)
class KnownModel:
    """`values` are fields of the form, written as people write them."""

    model: LanguageModel
    price: Price | None
    values: Mapping[str, str]

    @property
    def link(self) -> str:
        """Where the price is from, if that is an address."""
        return extract_link(self.price.source) if self.price else ""


def load_known_model(slug: str) -> KnownModel | None:
    """None if there is no such model."""
    model = LanguageModel.objects.filter(slug=slug).first() if slug.isprintable() else None
    if model is None:
        return None
    price = load_current_prices([model]).get(model.pk)
    return KnownModel(model, price, _format_prices(price) | _format_sizes(model))


def _format_prices(price: Price | None) -> dict[str, str]:
    named = price and {
        "price_input": price.input,
        "price_output": price.output,
        "price_cached": price.cached_input,
    }
    return {name: f"{value.normalize():f}" for name, value in (named or {}).items() if value is not None}


def _format_sizes(model: LanguageModel) -> dict[str, str]:
    """The calculator takes layers and heads together, and beside the parameters only."""
    sizes = {"params": model.parameters_total, "active_params": model.parameters_active}
    if model.parameters_total and None not in (model.layers, model.kv_heads):
        sizes |= {name: getattr(model, name) for name in CACHE_FIELDS}
    return {name: f"{value:,}" for name, value in sizes.items() if value}


def build_prefilled_form(asked: QueryDict, found: KnownModel | None) -> CostForm:
    """What somebody has written counts, an empty field too; where there is no field, the model's values stand in."""
    form = CostForm({**found.values, **asked.dict()} if found else asked)
    if asked.get("model") and found is None and not form.has_error("model"):
        form.errors.clear()  # what is missing may be what the model would have brought
        form.add_error("model", say("There is no model “%(slug)s”.") % {"slug": asked["model"]})
    return form


def build_initial_form(found: KnownModel) -> CostForm:
    """Nothing but the model is asked for: its values are shown, and nothing is computed yet."""
    return CostForm(initial={**found.values, "model": found.model.slug})


def serialize_known_model(found: KnownModel | None) -> dict[str, Any] | None:
    if found is None:
        return None
    price = found.price
    return {
        "slug": found.model.slug,
        "name": found.model.name,
        "price_source": price and price.source,
        "price_as_of": price and price.as_of,
    }
