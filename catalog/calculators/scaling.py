"""The scaling calculator: its form, the plan that follows, and the trainings of the models of the catalog."""

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
    "The constants as printed in the paper are rounded: at Chinchilla's own compute they imply 93 tokens per parameter,"
    " while the paper's other methods, and Chinchilla itself, use 20."
)
INPUT_FIELDS = ("params", "tokens", "compute")


class ScalingForm(DefaultsForm):
    """Input of the scaling calculator: one or two of parameters, tokens and compute, and a law."""

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
        if self.errors:
            return self.cleaned_data
        values = {name: self.cleaned_data.get(name) for name in INPUT_FIELDS}
        amounts = {name: value and float(value) for name, value in values.items()}
        try:
            training = derive_training(**amounts)
            if min(training.params, training.tokens) < 1:
                raise ValueError("This is too little compute for one parameter and one token.")
            self.cleaned_data["training"] = training
        except ValueError as error:
            self.add_error("params" if values["compute"] is None else "compute", str(error))
        return self.cleaned_data

    def plan(self) -> TrainingPlan:
        """The plan for the training of a valid form."""
        training: Training = self.cleaned_data["training"]
        return build_plan(training, LAWS[self.get_value("law")])


@dataclass(frozen=True)
class TrainedModel:
    """A model of the catalog and its training.

    derived: it was made from another model, so its tokens may count either training. total: all parameters of a
    mixture of experts, of which `training` counts the active ones; None for other models.
    """

    slug: str
    name: str
    training: Training
    derived: bool
    total: int | None


def load_trained_models() -> list[TrainedModel]:
    """All models with known parameters and training tokens, by tokens per parameter, highest first."""
    known = LanguageModel.objects.filter(parameters_total__gt=0, training_tokens__gt=0)
    models = [
        TrainedModel(
            slug=model.slug,
            name=model.name,
            training=Training(model.parameters_active or model.parameters_total, model.training_tokens),  # type: ignore[arg-type]  # filtered
            derived=model.base_model_id is not None,
            total=model.parameters_total if model.parameters_active not in (None, model.parameters_total) else None,
        )
        for model in known
    ]
    return sorted(models, key=lambda model: (-model.training.tokens_per_parameter, model.slug))
