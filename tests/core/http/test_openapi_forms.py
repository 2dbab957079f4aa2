"""Fields of forms as parameters of the document: what these let pass the form reads."""

import re

import pytest
from django import forms

from core.http.openapi_forms import NUMBER_PATTERN, build_parameters
from core.text.number_fields import AmountField, DefaultsForm


class Form(DefaultsForm):
    amount = AmountField(label="How much", high=1e6, usual=7)
    choice = forms.ChoiceField(label="Which", choices=[("", "any"), ("a", "A")], initial="")
    several = forms.MultipleChoiceField(label="Which ones", choices=[("a", "A"), ("b", "B")])
    sure = forms.BooleanField(label="Sure")
    day = forms.DateField(label="When")


def test_each_field_is_a_parameter_with_its_type_and_words():
    found = {each.name: each for each in build_parameters(Form)}
    assert [each.description for each in found.values()] == ["How much", "Which", "Which ones", "Sure", "When"]
    assert found["amount"].type == {"type": "string", "pattern": NUMBER_PATTERN}
    assert found["amount"].default == "7"
    assert (found["choice"].enum, found["choice"].many, found["choice"].default) == (["a"], False, None)
    assert (found["several"].enum, found["several"].many) == (["a", "b"], True)
    assert found["sure"].type == {"type": "boolean"}
    assert found["day"].type == {"type": "string", "format": "date"}


@pytest.mark.parametrize("text", ["0", "250", "70B", "1.4T", "5.9e23", "32k", "-1", "70,000,000"])
def test_numbers_of_the_document_are_read(text):
    assert re.search(NUMBER_PATTERN, text)
    assert AmountField(low=-1, high=1e24).clean(text) is not None


@pytest.mark.parametrize("text", ["", "many", "nan", "1e400", "\0", "7 B or so", "1.2.3"])
def test_what_is_no_number_is_none_in_the_document(text):
    assert not re.search(NUMBER_PATTERN, text)
