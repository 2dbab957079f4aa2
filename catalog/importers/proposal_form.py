"""A proposal of a model: the fields, and what is taken for each."""

from urllib.parse import urlsplit

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import gettext_lazy as _

LONGEST = 200
LONGEST_ADDRESS = 300
LONGEST_WHY = 2_000


def printable(value: str) -> None:
    """Texts of one line, without what a page could not show."""
    if not value.isprintable():
        raise ValidationError(_("This holds characters that are no text."))


def shown(value: str) -> None:
    """Texts of several lines."""
    printable("".join(value.split()))


def address(value: str) -> None:
    """An address that a page may lead to: of http or https, of a host, and nobody's login in it."""
    if "@" in urlsplit(value).netloc:
        raise ValidationError(_("This must be an address like https://example.com/model."))


class ProposalForm(forms.Form):
    """`model` is its name."""

    model = forms.CharField(label=_("Name of the model"), max_length=LONGEST, validators=[printable])
    organization = forms.CharField(label=_("Who makes it"), max_length=LONGEST, validators=[printable])
    weights = forms.CharField(
        label=_("Where its weights are (if they are open)"),
        max_length=LONGEST_ADDRESS,
        required=False,
        validators=[
            printable,
            URLValidator(
                schemes=("http", "https"), message=_("This must be an address like https://example.com/model.")
            ),
            address,
        ],
    )
    license = forms.CharField(label=_("License"), max_length=LONGEST, required=False, validators=[printable])
    why = forms.CharField(
        label=_("Why it should be here"), max_length=LONGEST_WHY, widget=forms.Textarea({"rows": 4}), validators=[shown]
    )
    use_required_attribute = False
