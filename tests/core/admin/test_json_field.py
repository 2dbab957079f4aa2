"""JSON in admin forms: all forms reject invalid values."""

import pytest
from django import forms
from django.contrib import admin as django_admin
from django.core.exceptions import ValidationError
from django.forms.fields import InvalidJSONInput

from arena.models import Contestant
from core.admin.json_field import StrictJsonField
from core.admin.read_only import ReadOnlyAdmin
from core.text.storable import MAX_JSON_DEPTH
from tests import factories

PAGES = [page for page in django_admin.site._registry.values() if not isinstance(page, ReadOnlyAdmin)]
TOO_MUCH = {
    "NUL": r'["\u0000"]',
    "NUL in a name": r'{"a\u0000b": 1}',
    "half a letter": r'{"a": "\ud800"}',
    "half a letter in a name": r'{"\ud800": 1}',
    "a number that Python does not read": "9" * 5000,
    "a number without an end": '{"a": 1e999}',
    "no number": "NaN",
    "open lists": "[" * 5000,
    "lists without an end": "[" * 5000 + "]" * 5000,
    "lists that the stack just holds": "[" * 700 + "]" * 700,
    "lists that are too deep": "[" * (MAX_JSON_DEPTH + 1) + "]" * (MAX_JSON_DEPTH + 1),
    "tables that are too deep": '{"a":' * (MAX_JSON_DEPTH + 1) + "1" + "}" * (MAX_JSON_DEPTH + 1),
}


@pytest.mark.parametrize("text", TOO_MUCH.values(), ids=TOO_MUCH)
def test_field_refuses_with_a_sentence_and_shows_what_was_sent(text):
    field = StrictJsonField()
    with pytest.raises(ValidationError, match="JSON"):
        field.clean(text)
    assert field.has_changed({}, text)
    bound = field.bound_data(text, {})
    assert isinstance(bound, InvalidJSONInput)
    assert field.prepare_value(bound) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": ["größe", 1.5, true, null]}', {"a": ["größe", 1.5, True, None]}),
        (r'"\ud83d\ude00"', "😀"),
        ("9" * 4000, int("9" * 4000)),
        ("", None),
    ],
)
def test_field_takes_what_can_be_kept(text, value):
    field = StrictJsonField(required=False)
    assert field.clean(text) == value
    if text:
        assert field.bound_data(text, {}) == value


def test_deepest_json_is_stored_and_written_down(admin):
    text = '{"a":' * MAX_JSON_DEPTH + "1" + "}" * MAX_JSON_DEPTH
    form_data = {"model": factories.model("x").pk, "parameters": text, "headers": "{}"}
    assert admin.post("/admin/arena/contestant/add/", form_data).status_code == 302
    page = admin.get(f"/admin/arena/contestant/{Contestant.objects.get().pk}/change/").content.decode()
    assert text.replace('"', "&quot;").replace(":", ": ") in page


@pytest.mark.parametrize("reason", ["NUL", "lists without an end"])
def test_page_shows_the_form_once_more(admin, reason):
    form_data = {"model": factories.model("x").pk, "parameters": TOO_MUCH[reason], "headers": "{}"}
    answer = admin.post("/admin/arena/contestant/add/", form_data)
    assert answer.status_code == 200
    assert "JSON" in answer.content.decode()
    assert not Contestant.objects.exists()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.model._meta.label)
def test_all_forms_have_this_field_for_json(page, rf, operator):
    request = rf.get("/")
    request.user = operator
    inlines = [inline.get_formset(request).form for inline in page.get_inline_instances(request)]
    fields = [field for form in (page.get_form(request), *inlines) for field in form.base_fields.values()]
    assert not [field.label for field in fields if type(field) is forms.JSONField]
