"""The scaling calculator: the form, the resulting plan, and the training runs of catalog models."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from catalog.calculators.scaling_laws import (
    EPOCH_LAW,
    HOFFMANN_LAW,
    LAWS,
    TrainingPlan,
    TrainingRun,
    build_plan,
    derive_training,
)
from catalog.models import LanguageModel
from core.text.number_fields import AmountField, DefaultsForm

HOFFMANN_WARNING = _(
    "The paper prints rounded constants. With Chinchilla's compute budget, they imply 93 tokens per parameter. The"
    " other methods in the paper imply about 20, and Chinchilla itself used 20."
)
INPUT_FIELDS = ("params", "tokens", "compute")


def _build_amount_field(label: Any, low: float, high: float) -> AmountField:
    return AmountField(label=label, low=low, high=high, widget=forms.TextInput({"placeholder": _("computed")}))


class ScalingForm(DefaultsForm):
    """Input for the scaling calculator: a scaling law, and one or two of the fields parameters, tokens, and compute."""

    params = _build_amount_field(_("Parameters"), 1, 1e18)
    tokens = _build_amount_field(_("Training tokens"), 1, 1e18)
    compute = _build_amount_field(_("Compute"), 6, 6e36)
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
        amounts = {name: None if value is None else float(value) for name, value in values.items()}
        try:
            training = derive_training(**amounts)
            if min(training.params, training.tokens) < 1:
                raise ValueError("This is not enough compute for one parameter and one token.")
            self.cleaned_data["training"] = training
        except ValueError as error:
            self.add_error("params" if values["compute"] is None else "compute", str(error))
        return self.cleaned_data

    def build_plan(self) -> TrainingPlan:
        """Return the plan for a valid form."""
        training: TrainingRun = self.cleaned_data["training"]
        return build_plan(training, LAWS[self.get_value("law")])


@dataclass(frozen=True)
class TrainedModel:
    """A catalog model and its training run.

    `derived` is True if the model was trained from another model. In that case, `training.tokens` may or may not
    include the base model's tokens. For a mixture of experts, `total` is the number of all parameters, and
    `training.params` is the number of active parameters. For other models, `total` is None.
    """

    slug: str
    name: str
    training: TrainingRun
    derived: bool
    total: int | None


def load_trained_models() -> list[TrainedModel]:
    """Return all models with known parameters and training tokens, sorted by tokens per parameter, highest first."""
    candidates = LanguageModel.objects.filter(parameters_total__gt=0, training_tokens__gt=0)
    models = [
        TrainedModel(
            slug=model.slug,
            name=model.name,
            training=TrainingRun(model.parameters_active or model.parameters_total, model.training_tokens),  # type: ignore[arg-type]  # the query excludes null
            derived=model.base_model_id is not None,
            total=model.parameters_total if model.parameters_active not in (None, model.parameters_total) else None,
        )
        for model in candidates
    ]
    return sorted(models, key=lambda model: (-model.training.tokens_per_parameter, model.slug))
