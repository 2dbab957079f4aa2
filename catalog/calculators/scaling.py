"""The calculator of scaling laws: what was asked, what follows from it, and where the models of the catalogue are."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from catalog.calculators.scaling_laws import (
    EPOCH_LAW,
    HOFFMANN_LAW,
    LAWS,
    Training,
    TrainingPlan,
    build_plan,
    derive_training,
)
from catalog.models import LanguageModel
from core.text.number_fields import AmountField, DefaultsForm

HOFFMANN_WARNING = _(
    "The constants as the paper printed them were rounded: at the compute of Chinchilla itself they ask for 93 tokens"
    " per parameter, where the paper's other methods, and Chinchilla, have 20."
)
INPUT_FIELDS = ("params", "tokens", "compute")


class ScalingForm(DefaultsForm):
    params = AmountField(label=_("Parameters"), low=1, high=1e18)
    tokens = AmountField(label=_("Training tokens"), low=1, high=1e18)
    compute = AmountField(label=_("Compute"), low=6, high=6e36)
    law = forms.ChoiceField(
        label=_("Scaling law"),
        required=False,
        initial=EPOCH_LAW.slug,
        choices=[(EPOCH_LAW.slug, _("Epoch AI, 2024")), (HOFFMANN_LAW.slug, _("Hoffmann, 2022"))],
    )

    def clean(self) -> dict[str, Any]:
        values = {name: self.cleaned_data.get(name) for name in INPUT_FIELDS}
        if not self.errors:
            try:
                self.cleaned_data["training"] = _check_training(
                    derive_training(**{n: v and float(v) for n, v in values.items()})
                )
            except ValueError as error:
                self.add_error("params" if values["compute"] is None else "compute", str(error))
        return self.cleaned_data

    def plan(self) -> TrainingPlan:
        chosen: Training = self.cleaned_data["training"]
        return build_plan(chosen, LAWS[self.given("law")])


def _check_training(found: Training) -> Training:
    if min(found.params, found.tokens) < 1:
        raise ValueError("So little compute is not enough for one parameter and one token.")
    return found


@dataclass(frozen=True)
class TrainedModel:
    """A model of the catalogue; `derived` from another one, so that its tokens may be those of either training.

    `total` are all parameters of a mixture of experts, of which `derive_training` counts those at work on a token.
    """

    slug: str
    name: str
    training: Training
    derived: bool
    total: int | None


def load_trained_models() -> list[TrainedModel]:
    """All whose parameters (of mixtures, the active ones) and training tokens are known, by tokens per parameter."""
    known = LanguageModel.objects.filter(parameters_total__gt=0, training_tokens__gt=0)
    found = [
        TrainedModel(
            model.slug,
            model.name,
            Training(model.parameters_active or model.parameters_total, model.training_tokens),  # type: ignore[arg-type]  # filtered
            model.base_model_id is not None,
            model.parameters_total if model.parameters_active not in (None, model.parameters_total) else None,
        )
        for model in known
    ]
    return sorted(found, key=lambda each: (-each.training.tokens_per_parameter, each.slug))


def serialize_plan(found: TrainingPlan, models: list[TrainedModel]) -> dict[str, Any]:
    law = found.law
    constants = {"E": law.floor, "A": law.of_params, "B": law.of_tokens, "alpha": law.alpha, "beta": law.beta}
    return {
        **_serialize_training(found.training),
        "loss": found.loss,
        "law": {"name": law.slug, **constants, "warning": str(HOFFMANN_WARNING) if law == HOFFMANN_LAW else None},
        "rule": {**_serialize_training(found.rule), "loss": found.loss_by_rule},
        "optimum": {**_serialize_training(found.optimum), "loss": found.least_loss},
        "models": [
            {"model": each.slug, "derived": each.derived, "total": each.total, **_serialize_training(each.training)}
            for each in models
        ],
    }


def _serialize_training(found: Training) -> Mapping[str, float]:
    names = ("params", "tokens", "compute", "tokens_per_parameter", "overtraining")
    return {name: float(getattr(found, name)) for name in names}
