"""Forms whose results htmx updates."""

import pytest
from django.http import QueryDict

from core.http.forms import shorten_query


@pytest.mark.parametrize(
    ("query", "short"),
    [
        ("", ""),
        ("a=&b=", ""),
        ("a=1&b=&c=2", "a=1&c=2"),
        ("a=1&a=2", "a=2"),  # a button after its input
        ("a=1&a=", ""),
        ("m=1&m=&m=2", "m=1&m=2"),
        ("a=%26", "a=%26"),
    ],
)
def test_empty_and_repeated_values_are_left_out(query, short):
    assert shorten_query(QueryDict(query), {"m"}) == short
