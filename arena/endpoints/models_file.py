"""Loads models and their endpoints from a models file. A file with a mistake is rejected as a whole."""

import re
import tomllib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from arena.endpoints import key_variables
from arena.endpoints.backends.protocol import API_KEY_HINT
from arena.models import Endpoint, get_or_create_plain
from catalog.facts.claims import pick_free_slug, record_edits
from catalog.models import LanguageModel, License, Organization
from core.text.slugs import SLUG_PATTERN
from core.text.storable import is_storable_json
from core.text.word_lists import join_words

MAX_FIELD_LENGTHS = {"base_url": 500, "api_key_env": 100}
DEFAULT_MAX_LENGTH = 200
MAX_INTEGER = 1_000_000
MAX_TIMEOUT_S = 600
MAX_TOKENS_PER_DAY = 10**12
OWN_FIELDS = {"messages", "contents", "model", "stream"}  # of requests; without them, the question would be lost
VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# Parameters that contain a key, in lower case with - and _ removed. `max_tokens` and `prompt_cache_key` must not match.
SECRET_NAME = re.compile(
    r".*(apikey|accesskey|secretkey|privatekey|authorization|password)|"
    r"(access|auth|bearer|session)?token|(client|access|auth)?secret|authkey|bearer|cookie"
)
TYPE_NAMES = {str: "text", bool: "true or false", dict: "a table", int: "a whole number", float: "a number"}
MODEL_FIELDS: dict[str, type] = {
    "slug": str, "name": str, "organization": str, "license": str, "open_weights": bool, "demo": bool,
    "enabled": bool, "endpoint": dict,
}  # fmt: skip
DEMO_KINDS = ("echo", "eliza")  # kinds of endpoints whose models are for demos unless the file says otherwise
ENDPOINT_FIELDS: dict[str, type] = {
    "kind": str, "base_url": str, "model": str, "api_key_env": str, "max_tokens": int,
    "temperature": float, "max_concurrency": int, "thinking_tokens": int, "first_token_timeout_s": float,
    "tokens_per_day": int, "parameters": dict,
}  # fmt: skip
# The database columns for the endpoint fields.
ENDPOINT_COLUMNS = {field: "upstream_id" if field == "model" else field for field in ENDPOINT_FIELDS}
NUMBER_RANGES = {
    "max_tokens": (1, MAX_INTEGER),
    "max_concurrency": (1, MAX_INTEGER),
    "thinking_tokens": (1, MAX_INTEGER),
    "tokens_per_day": (1, MAX_TOKENS_PER_DAY),
    "temperature": (0, 2),
}


class InvalidFieldError(ValueError):
    """A field has an invalid value. The message is a sentence: the field's name, followed by `problem`."""

    def __init__(self, where: str, field: str, problem: str) -> None:
        super().__init__(f"{where}: {field} {problem}")
        self.field = field.removeprefix("endpoint.")
        self.problem = problem


def load_models(path: Path) -> Counter[str]:
    """Create or update all models in a file. Return how many were `created`, `updated`, and `unchanged`.

    Raises ValueError if the file cannot be read or has an invalid entry. The message names the entry's slug and field,
    and nothing is changed.
    """
    entries = read_entries(path)
    with transaction.atomic():
        return Counter(map(_save_entry, entries))


def read_entries(path: Path) -> list[dict[str, Any]]:
    """Return the checked entries from a models file. Raises ValueError like `load_models`."""
    entries = _parse_file(path)
    slugs: set[str] = set()
    for number, entry in enumerate(entries, 1):
        slug = entry.get("slug")
        has_printable_slug = slug and isinstance(slug, str) and slug.isprintable()
        where = f"{path}: model {slug if has_printable_slug else number}"
        _check_entry(where, entry)
        if slug in slugs:
            raise ValueError(f"{where}: this slug appears twice")
        slugs.add(entry["slug"])
    return entries


def _parse_file(path: Path) -> list[dict[str, Any]]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is not valid TOML: {error}") from None
    if unknown_names := document.keys() - {"model"}:
        raise ValueError(f"{path}: {min(unknown_names)!r} is an unknown name; each entry must start with [[model]]")
    entries = document.get("model", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ValueError(f"{path}: each entry must start with [[model]]")
    return entries


def _check_entry(where: str, entry: dict[str, Any]) -> None:
    _check_fields(where, entry, MODEL_FIELDS)
    if not SLUG_PATTERN.fullmatch(entry.get("slug", "")):
        raise ValueError(f"{where}: slug can contain only a-z, 0-9, “.”, and “-”, and must contain a letter or digit")
    if set(entry) <= {"slug", "enabled"}:
        return
    for field in ("name", "endpoint"):
        if not entry.get(field):
            raise ValueError(f"{where}: {field} is missing")
    check_endpoint(where, entry["endpoint"])


def _check_fields(where: str, entry: Mapping[str, Any], fields: Mapping[str, type]) -> None:
    for field, value in entry.items():
        if field not in fields:
            raise ValueError(f"{where}: {field!r} is not a known field; use {join_words(fields, 'or')}")
        allowed_types = (int, float) if fields[field] is float else (fields[field],)
        if not isinstance(value, allowed_types) or (isinstance(value, bool) and bool not in allowed_types):
            raise InvalidFieldError(where, field, f"must be {TYPE_NAMES[fields[field]]}")
        max_length = MAX_FIELD_LENGTHS.get(field, DEFAULT_MAX_LENGTH)
        if isinstance(value, str) and (len(value) > max_length or "\x00" in value):
            raise InvalidFieldError(where, field, "is too long or contains NUL")


def check_endpoint(where: str, endpoint: dict[str, Any]) -> None:
    """Raise InvalidFieldError if a field has an invalid value, or ValueError if the endpoint has an unknown field.

    The required fields depend on the backend for the endpoint's kind.

    where: the beginning of the error message
    """
    from arena.endpoints.backends.registry import BACKENDS  # loads aiohttp, which takes 8 MB

    _check_fields(f"{where}: endpoint", endpoint, ENDPOINT_FIELDS)
    backend = BACKENDS.get(endpoint.get("kind", ""))
    if backend is None:
        raise InvalidFieldError(where, "endpoint.kind", f"must be one of {join_words(BACKENDS, 'or')}")
    for field in backend.required_fields:
        if not endpoint.get(field):
            raise InvalidFieldError(where, f"endpoint.{field}", "is missing")
    if endpoint.get("base_url"):
        _check_base_url(where, endpoint["base_url"])
    _check_limits(where, endpoint)


def _check_limits(where: str, endpoint: dict[str, Any]) -> None:
    for field, (low, high) in NUMBER_RANGES.items():
        if not low <= endpoint.get(field, low) <= high:
            raise InvalidFieldError(where, f"endpoint.{field}", f"must be between {low} and {high:,}")
    if "api_key_env" in endpoint:
        _check_key_name(where, endpoint["api_key_env"])
    if not 0 < endpoint.get("first_token_timeout_s", 1) <= MAX_TIMEOUT_S:
        raise InvalidFieldError(where, "endpoint.first_token_timeout_s", f"must be above 0 and at most {MAX_TIMEOUT_S}")
    _check_parameters(where, endpoint.get("parameters", {}))


def _check_key_name(where: str, name: str) -> None:
    if not VARIABLE_NAME.fullmatch(name):
        raise InvalidFieldError(where, "endpoint.api_key_env", "must be the name of an environment variable, not a key")
    if not key_variables.is_allowed_key_name(name):
        problem = f"names {name}, but ARENA_KEY_NAMES allows only {key_variables.format_allowed_names()}"
        raise InvalidFieldError(where, "endpoint.api_key_env", problem)


def _check_parameters(where: str, parameters: dict[str, Any]) -> None:
    if not is_storable_json(parameters):
        raise InvalidFieldError(where, "endpoint.parameters", "must be valid JSON")
    if names := ", ".join(sorted(OWN_FIELDS & parameters.keys())):
        raise InvalidFieldError(where, "endpoint.parameters", f"must not contain {names}, which Arena sets itself")
    for name in _list_names(parameters):
        if SECRET_NAME.fullmatch(re.sub("[-_]", "", name.lower())):
            raise InvalidFieldError(where, "endpoint.parameters", f"must not contain {name!r}; {API_KEY_HINT}")


def _list_names(value: Any) -> list[str]:
    """Return the names of all fields in a JSON value, at any depth."""
    names = list(value) if isinstance(value, dict) else []
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return names + [name for part in parts for name in _list_names(part)]


def _check_base_url(where: str, base_url: str) -> None:
    from arena.endpoints.backends.ssrf_guard import check_url  # loads aiohttp

    try:
        check_url(base_url, settings.ENVIRONMENT.arena_allow_private_endpoints)
    except ValueError as error:
        raise InvalidFieldError(where, "endpoint.base_url", str(error)) from None


def _save_entry(entry: dict[str, Any]) -> str:
    """Save a model and its endpoint. Return "created", "updated", or "unchanged"."""
    if set(entry) <= {"slug", "enabled"}:
        return _set_enabled(entry)
    model, created = LanguageModel.objects.get_or_create(slug=entry["slug"], defaults={"name": entry["name"]})
    facts: dict[str, Any] = {"name": entry["name"]}
    if "open_weights" in entry:
        facts["open_weights"] = entry["open_weights"]
    if "demo" in entry or entry["endpoint"]["kind"] in DEMO_KINDS:
        facts["demo"] = entry.get("demo", True)
    for field, named_model in (("organization", Organization), ("license", License)):
        if entry.get(field):
            slug = pick_free_slug(named_model, entry[field])
            facts[field] = named_model.objects.get_or_create(name=entry[field], defaults={"slug": slug})[0]
    get_or_create_plain([model.pk])
    columns = _build_columns(entry["endpoint"], enabled=entry.get("enabled", True))
    endpoint, _ = Endpoint.objects.get_or_create(model=model, defaults={"kind": columns["kind"]})
    has_changed_facts = _update_row(model, facts)
    if has_changed_facts:
        record_edits(model.pk)
    has_changed_columns = _update_row(endpoint, columns)
    if created:
        return "created"
    return "updated" if has_changed_facts or has_changed_columns else "unchanged"


def _set_enabled(entry: dict[str, Any]) -> str:
    """Enable or disable an existing model. The entry has no field except `slug` and `enabled`."""
    endpoint = Endpoint.objects.filter(model__slug=entry["slug"]).first()
    if endpoint is None:
        raise ValueError(f"model {entry['slug']}: name and endpoint are required for a new model")
    return "updated" if _update_row(endpoint, {"enabled": entry.get("enabled", True)}) else "unchanged"


def _build_columns(endpoint: dict[str, Any], *, enabled: bool) -> dict[str, Any]:
    """Return the values of all columns, keyed by column. Missing fields get their column's empty value."""
    fields: dict[str, Any] = dict.fromkeys(ENDPOINT_FIELDS)
    fields |= {"base_url": "", "model": "", "api_key_env": "", "parameters": {}} | endpoint
    columns = {ENDPOINT_COLUMNS[field]: value for field, value in fields.items()}
    return columns | {"base_url": columns["base_url"].rstrip("/"), "enabled": enabled}


def _update_row(row: Any, values: dict[str, Any]) -> bool:
    """Save the values that differ from the row's values. Return whether there were any."""
    changed_fields = [field for field, value in values.items() if getattr(row, field) != value]
    for field in changed_fields:
        setattr(row, field, values[field])
    if changed_fields:
        row.save(update_fields=changed_fields)
    return bool(changed_fields)
