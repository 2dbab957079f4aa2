"""The form for proposing a model, and the validators of its fields."""

from urllib.parse import urlsplit

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import gettext_lazy as _

MAX_FIELD_LENGTH = 200
MAX_URL_LENGTH = 300
MAX_WHY_LENGTH = 2_000


def validate_printable(value: str) -> None:
    """Allow text of one line without unprintable characters."""
    if not value.isprintable():
        raise ValidationError(_("This contains unprintable characters."))


def validate_printable_lines(value: str) -> None:
    """Allow text of several lines without other unprintable characters."""
    validate_printable("".join(value.split()))


def validate_url(value: str) -> None:
    """Reject a URL that contains a login. `URLValidator` checks that it is http or https and has a host."""
    if "@" in urlsplit(value).netloc:
        raise ValidationError(_("This must be an address like https://example.com/model."))


class ProposalForm(forms.Form):
    """A proposal by a visitor; `model` is the name of the model, `weights` a URL."""

    model = forms.CharField(label=_("Model name"), max_length=MAX_FIELD_LENGTH, validators=[validate_printable])
    organization = forms.CharField(label=_("Maker"), max_length=MAX_FIELD_LENGTH, validators=[validate_printable])
    weights = forms.CharField(
        label=_("Address of the weights (if they are open)"),
        max_length=MAX_URL_LENGTH,
        required=False,
        validators=[
            validate_printable,
            URLValidator(
                schemes=("http", "https"), message=_("This must be an address like https://example.com/model.")
            ),
            validate_url,
        ],
    )
    license = forms.CharField(
        label=_("License"), max_length=MAX_FIELD_LENGTH, required=False, validators=[validate_printable]
    )
    why = forms.CharField(
        label=_("Why should we add it?"),
        max_length=MAX_WHY_LENGTH,
        widget=forms.Textarea({"rows": 4}),
        validators=[validate_printable_lines],
    )
    use_required_attribute = False
