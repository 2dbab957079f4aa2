"""The calculator of scaling laws: what was asked, what follows from it, and where the models of the catalogue are."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from catalog.calculators.scaling_laws import EPOCH, HOFFMANN, LAWS, Plan, Training, plan, training
from catalog.models import LanguageModel
from core.text.number_fields import Amount, GivenForm

ROUNDED = _(
    "The constants as the paper printed them were rounded: at the compute of Chinchilla itself they ask for 93 tokens"
    " per parameter, where the paper's other methods, and Chinchilla, have 20."
)
GIVEN = ("params", "tokens", "compute")


class ScalingForm(GivenForm):
    params = Amount(label=_("Parameters"), low=1, high=1e18)
    tokens = Amount(label=_("Training tokens"), low=1, high=1e18)
    compute = Amount(label=_("Compute"), low=6, high=6e36)
    law = forms.ChoiceField(
        label=_("Scaling law"),
        required=False,
        initial=EPOCH.slug,
        choices=[(EPOCH.slug, _("Epoch AI, 2024")), (HOFFMANN.slug, _("Hoffmann, 2022"))],
    )

    def clean(self) -> dict[str, Any]:
        values = {name: self.cleaned_data.get(name) for name in GIVEN}
        if not self.errors:
            try:
                self.cleaned_data["training"] = _sensible(training(**{n: v and float(v) for n, v in values.items()}))
            except ValueError as error:
                self.add_error("params" if values["compute"] is None else "compute", str(error))
        return self.cleaned_data

    def plan(self) -> Plan:
        chosen: Training = self.cleaned_data["training"]
        return plan(chosen, LAWS[self.given("law")])


def _sensible(found: Training) -> Training:
    if min(found.params, found.tokens) < 1:
        raise ValueError("So little compute is not enough for one parameter and one token.")
    return found


@dataclass(frozen=True)
class Trained:
    """A model of the catalogue; `derived` from another one, so that its tokens may be those of either training.

    `total` are all parameters of a mixture of experts, of which `training` counts those at work on a token.
    """

    slug: str
    name: str
    training: Training
    derived: bool
    total: int | None


def trained_models() -> list[Trained]:
    """All whose parameters (of mixtures, the active ones) and training tokens are known, by tokens per parameter."""
    known = LanguageModel.objects.filter(parameters_total__gt=0, training_tokens__gt=0)
    found = [
        Trained(
            model.slug,
            model.name,
            Training(model.parameters_active or model.parameters_total, model.training_tokens),  # type: ignore[arg-type]  # filtered
            model.base_model_id is not None,
            model.parameters_total if model.parameters_active not in (None, model.parameters_total) else None,
        )
        for model in known
    ]
    return sorted(found, key=lambda each: (-each.training.tokens_per_parameter, each.slug))


def as_json(found: Plan, models: list[Trained]) -> dict[str, Any]:
    law = found.law
    constants = {"E": law.floor, "A": law.of_params, "B": law.of_tokens, "alpha": law.alpha, "beta": law.beta}
    return {
        **_shown(found.training),
        "loss": found.loss,
        "law": {"name": law.slug, **constants, "warning": str(ROUNDED) if law == HOFFMANN else None},
        "rule": {**_shown(found.rule), "loss": found.loss_by_rule},
        "optimum": {**_shown(found.optimum), "loss": found.least_loss},
        "models": [
            {"model": each.slug, "derived": each.derived, "total": each.total, **_shown(each.training)}
            for each in models
        ],
    }


def _shown(found: Training) -> Mapping[str, float]:
    names = ("params", "tokens", "compute", "tokens_per_parameter", "overtraining")
    return {name: float(getattr(found, name)) for name in names}
