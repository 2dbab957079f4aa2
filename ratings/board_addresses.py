"""Addresses that ask for a board: of pages, and of calls of the API."""

from dataclasses import asdict
from datetime import datetime
from urllib.parse import urlencode

from django.urls import reverse

from ratings.snapshots import Asked

Value = str | datetime | list[str] | None


def query(asked: Asked) -> dict[str, str]:
    """The parameters that ask for this board, without those that would be so anyway."""
    usual = asdict(Asked())
    return {name: said(value) for name, value in asdict(asked).items() if value != usual[name]}


def source(name: str, asked: Asked, **more: Value) -> str:
    """The address of this name about this board, with more parameters; those that are None are left out."""
    given = {key: value for key, value in more.items() if value is not None}
    parameters = query(asked) | {key: value if isinstance(value, list) else said(value) for key, value in given.items()}
    return f"{reverse(name)}?{urlencode(parameters, doseq=True)}".removesuffix("?")


def said(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return str(value).lower() if isinstance(value, bool) else str(value)
