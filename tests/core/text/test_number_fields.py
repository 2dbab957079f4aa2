"""Form fields for numbers like 70B."""

from decimal import Decimal

import pytest
from django import forms
from django.core.exceptions import ValidationError

from core.text.number_fields import AmountField, DefaultsForm, StrictBooleanField


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("250", 250),
        ("70B", 70 * 10**9),
        ("70 b", 70 * 10**9),
        ("1.4T", 1_400 * 10**9),
        ("135M", 135 * 10**6),
        ("8k", 8000),
        ("5.88e23", Decimal("5.88e23")),
        ("5E+3", 5000),
        ("70,000,000,000", 70 * 10**9),
        ("1_000", 1000),
        ("1\N{NO-BREAK SPACE}000", 1000),
        ("$2.50", Decimal("2.5")),
        (".5", Decimal("0.5")),
        ("0", 0),
        ("  ", None),
        ("", None),
        (None, None),
    ],
)
def test_amount_reads_what_people_write(written, number):
    assert AmountField(high=1e30).clean(written) == number


@pytest.mark.parametrize(
    "written",
    [
        "nan",
        "inf",
        "-inf",
        "Infinity",
        "1e999",
        "1e-999",
        "seventy",
        "70BB",
        "1.2.3",
        "0x10",
        "٣",
        "1\0",
        "B",
        "9" * 41,
        "½",
    ],
)
def test_amount_refuses_what_is_no_number(written):
    with pytest.raises(ValidationError, match="Enter a number, such as"):
        AmountField(high=1e30).clean(written)


@pytest.mark.parametrize("written", ["-1", "0.5", "101", "1e99", "-0.001"])
def test_amount_keeps_its_bounds(written):
    with pytest.raises(ValidationError, match="Enter a number from 1 to 100"):
        AmountField(low=1, high=100).clean(written)


@pytest.mark.parametrize(
    ("high", "words"),
    [
        (0.5, "0 to 0.5"),
        (250_000, "0 to 250,000"),
        (1e6, "0 to 1 million"),
        (2.5e9, "0 to 2.5 billion"),
        (1e12, "0 to 1 trillion"),
        (1e15, "0 to 1 quadrillion"),
        (6e36, "0 to 6e36"),
    ],
)
def test_bounds_are_written_in_words(high, words):
    with pytest.raises(ValidationError, match=f"Enter a number from {words}[.]"):
        AmountField(high=high).clean("-1")


@pytest.mark.parametrize(
    ("options", "examples"),
    [
        ({}, "2.5"),
        ({"high": 1000}, "2.5"),
        ({"high": 1e6, "whole": True}, "250"),
        ({"high": 1e9, "whole": True}, "250, 70B, 1.4T, or 5.9e23"),
        ({"high": 6e36}, "250, 70B, 1.4T, or 5.9e23"),
    ],
)
def test_examples_fit_the_field(options, examples):
    with pytest.raises(ValidationError, match=f"Enter a number, such as {examples}[.]"):
        AmountField(**options).clean("many")


@pytest.mark.parametrize(("written", "number"), [("8.03B", 8_030_000_000), ("2.0", 2), ("1.5e3", 1500)])
def test_amount_may_be_whole(written, number):
    cleaned = AmountField(whole=True).clean(written)
    assert (cleaned, type(cleaned)) == (number, int)


@pytest.mark.parametrize("written", ["2.6", "1e-3", "0.0001k"])
def test_whole_amount_refuses_a_fraction(written):
    with pytest.raises(ValidationError, match="whole number"):
        AmountField(whole=True).clean(written)


def test_amount_shows_what_is_usual():
    amount = AmountField(default=8192)
    assert (amount.default, amount.widget.attrs["placeholder"]) == (Decimal(8192), "8,192")
    assert type(AmountField(default=5, whole=True).default) is int


class Example(DefaultsForm):
    one = AmountField(default=7)
    other = AmountField()


@pytest.mark.parametrize(
    ("data", "one", "other"), [({}, 7, None), ({"one": "0", "other": "2"}, 0, 2), ({"one": ""}, 7, None)]
)
def test_form_takes_what_is_given_and_else_what_is_usual(data, one, other):
    form = Example(data)
    assert form.is_valid()
    assert (form.get_value("one"), form.get_value("other")) == (one, other)


class Asked(DefaultsForm):
    tools = StrictBooleanField()
    weights = forms.ChoiceField(choices=[("", "any"), ("open", "open ones"), ("closed", "closed ones")], required=False)


@pytest.mark.parametrize(
    ("written", "yes"),
    [
        ("on", True), ("true", True), ("TRUE", True), ("1", True), ("yes", True),
        ("", False), ("false", False), ("0", False), ("no", False), ("off", False),
    ],
)  # fmt: skip
def test_box_is_ticked_by_words_of_yes_alone(written, yes):
    form = Asked({"tools": written})
    assert form.is_valid()
    assert form.cleaned_data["tools"] is yes
    assert ("checked" in str(form["tools"])) is yes
    assert "checked" not in str(Asked()["tools"])
    assert Asked({}).is_valid()


def test_choice_that_there_is_not_is_refused_with_those_that_there_are():
    assert Asked({"weights": "50%"}).errors == {"weights": ["This must be one of: open, closed."]}
