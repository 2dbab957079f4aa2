"""Form fields in the OpenAPI document. The forms accept every value that the document allows."""

import re

import pytest
from django import forms

from core.http.openapi_forms import NUMBER_PATTERN, build_parameters
from core.text.number_fields import AmountField, DefaultsForm


class Form(DefaultsForm):
    amount = AmountField(label="How much", high=1e6, default=7, help_text="In dollars.")
    choice = forms.ChoiceField(label="Which", choices=[("", "any"), ("a", "A")], initial="")
    several = forms.MultipleChoiceField(label="Which ones", choices=[("a", "A"), ("b", "B")])
    sure = forms.BooleanField(label="Sure")
    day = forms.DateField(label="When")


def test_each_field_is_a_parameter_with_its_type_and_words():
    parameters = {parameter.name: parameter for parameter in build_parameters(Form)}
    assert [parameter.description for parameter in parameters.values()] == [
        "How much. In dollars.",
        "Which",
        "Which ones",
        "Sure",
        "When",
    ]
    assert parameters["amount"].type == {"type": "string", "pattern": NUMBER_PATTERN}
    assert parameters["amount"].default == "7"
    assert (parameters["choice"].enum, parameters["choice"].many, parameters["choice"].default) == (["a"], False, None)
    assert (parameters["several"].enum, parameters["several"].many) == (["a", "b"], True)
    assert parameters["sure"].type == {"type": "boolean"}
    assert parameters["day"].type == {"type": "string", "format": "date"}


@pytest.mark.parametrize("text", ["0", "250", "70B", "1.4T", "5.9e23", "32k", "-1", "70,000,000"])
def test_numbers_of_the_document_are_read(text):
    assert re.search(NUMBER_PATTERN, text)
    assert AmountField(low=-1, high=1e24).clean(text) is not None


@pytest.mark.parametrize("text", ["", "many", "nan", "1e400", "\0", "7 B or so", "1.2.3"])
def test_what_is_no_number_is_none_in_the_document(text):
    assert not re.search(NUMBER_PATTERN, text)
