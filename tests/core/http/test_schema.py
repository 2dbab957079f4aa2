"""What `Schema` renders is what DRF's serializers render."""

from types import SimpleNamespace
from typing import ClassVar

import pytest
from rest_framework import serializers

from core.http.openapi import CharField, FloatField, IntegerField, PluckField, Schema

FIELDS = {
    "name": CharField(),
    "price": FloatField(source="prices.input", allow_null=True),
    "note": CharField(required=False),
    "size": IntegerField(default=7),
    "words": PluckField("text", source="findings", child=CharField()),
    "whole": serializers.SerializerMethodField(method_name="read_whole"),
    "secret": CharField(write_only=True),
}
READ_WHOLE = {"read_whole": staticmethod(lambda instance: type(instance).__name__)}
FastSchema = type("FastSchema", (Schema,), FIELDS | READ_WHOLE)
PlainSerializer = type("PlainSerializer", (serializers.Serializer,), FIELDS | READ_WHOLE)
WORDS = [SimpleNamespace(text="one"), SimpleNamespace(text="two")]


class Items(dict):
    """A mapping whose attribute has the name of a field."""

    name: ClassVar[str] = "not this one"


@pytest.mark.parametrize(
    "instance",
    [
        SimpleNamespace(name="a", prices=SimpleNamespace(input=1), note="n", size=3, findings=WORDS),
        SimpleNamespace(name=lambda: "called", prices=None, findings=[]),
        SimpleNamespace(name=None, prices=SimpleNamespace(input=None), findings=WORDS, size=0),
        {"name": "a", "prices": {"input": "2.5"}, "findings": WORDS},
        Items(name="a", prices={}, findings=[], size=1),
    ],
)
def test_schema_renders_what_a_serializer_renders(instance):
    assert FastSchema(instance).data == PlainSerializer(instance).data
    assert FastSchema([instance], many=True).data == PlainSerializer([instance], many=True).data


def test_missing_value_is_an_error():
    with pytest.raises(AttributeError, match="findings"):
        _ = FastSchema(SimpleNamespace(name="a", prices=None)).data
