"""A proposal of a model: the fields, and what is taken for each."""

from urllib.parse import urlsplit

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import gettext_lazy as _

MAX_FIELD_LENGTH = 200
MAX_URL_LENGTH = 300
MAX_WHY_LENGTH = 2_000


def validate_printable(value: str) -> None:
    """Texts of one line, without what a page could not show."""
    if not value.isprintable():
        raise ValidationError(_("This holds characters that are no text."))


def validate_printable_lines(value: str) -> None:
    """Texts of several lines."""
    validate_printable("".join(value.split()))


def validate_url(value: str) -> None:
    """An address that a page may lead to: of http or https, of a host, and nobody's login in it."""
    if "@" in urlsplit(value).netloc:
        raise ValidationError(_("This must be an address like https://example.com/model."))


class ProposalForm(forms.Form):
    """`model` is its name."""

    model = forms.CharField(label=_("Name of the model"), max_length=MAX_FIELD_LENGTH, validators=[validate_printable])
    organization = forms.CharField(
        label=_("Who makes it"), max_length=MAX_FIELD_LENGTH, validators=[validate_printable]
    )
    weights = forms.CharField(
        label=_("Where its weights are (if they are open)"),
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
        label=_("Why it should be here"),
        max_length=MAX_WHY_LENGTH,
        widget=forms.Textarea({"rows": 4}),
        validators=[validate_printable_lines],
    )
    use_required_attribute = False
