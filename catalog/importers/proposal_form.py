"""Form for proposing a model, and validators for its fields."""

from urllib.parse import urlsplit

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import gettext_lazy as _

MAX_FIELD_LENGTH = 200
MAX_URL_LENGTH = 300
MAX_WHY_LENGTH = 2_000


def validate_printable(value: str) -> None:
    """Reject text with line breaks or other nonprintable characters."""
    if not value.isprintable():
        raise ValidationError(_("This field contains nonprintable characters."))


def validate_printable_lines(value: str) -> None:
    """Reject text with nonprintable characters other than line breaks."""
    validate_printable("".join(value.split()))


def validate_no_credentials(value: str) -> None:
    """Reject a URL with a username or password."""
    if "@" in urlsplit(value).netloc:
        raise ValidationError(_("The URL must not contain a username or password."))


class ProposalForm(forms.Form):
    """A visitor's proposal to add a model. `model` is the model's name, and `weights` is the URL of its weights."""

    model = forms.CharField(label=_("Model name"), max_length=MAX_FIELD_LENGTH, validators=[validate_printable])
    organization = forms.CharField(label=_("Maker"), max_length=MAX_FIELD_LENGTH, validators=[validate_printable])
    weights = forms.CharField(
        label=_("URL of the weights (optional)"),
        max_length=MAX_URL_LENGTH,
        required=False,
        validators=[
            validate_printable,
            URLValidator(schemes=("http", "https"), message=_("Enter a URL like https://example.com/model.")),
            validate_no_credentials,
        ],
    )
    license = forms.CharField(
        label=_("License (optional)"), max_length=MAX_FIELD_LENGTH, required=False, validators=[validate_printable]
    )
    why = forms.CharField(
        label=_("Why should we add it?"),
        max_length=MAX_WHY_LENGTH,
        widget=forms.Textarea({"rows": 3}),
        validators=[validate_printable_lines],
    )
