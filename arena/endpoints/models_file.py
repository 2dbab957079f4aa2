"""Loads contestants and their endpoints from a models file. A file with a mistake is rejected as a whole.

An entry describes a catalog model, a variant of one, or a system of its own (see `arena.models.Contestant`). Entries
whose endpoints have the same kind, address, model, and key variable share one endpoint.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from arena.endpoints import key_variables
from arena.endpoints.backends.protocol import API_KEY_HINT
from arena.models import Answer, Contestant, Endpoint, Vote, get_or_create_plain, list_contestants
from catalog.facts.claims import pick_free_slug, record_edits
from catalog.models import LanguageModel, License, Organization
from core.text.slugs import SLUG_PATTERN
from core.text.storable import is_storable_json
from core.text.word_lists import join_words

MAX_FIELD_LENGTHS = {"base_url": 500, "api_key_env": 100, "system": 100_000}
DEFAULT_MAX_LENGTH = 200
MAX_INTEGER = 1_000_000
MAX_TIMEOUT_S = 600
MAX_TOKENS_PER_DAY = 10**12
OWN_FIELDS = {"messages", "contents", "model", "stream"}  # of requests; without them, the question would be lost
# The other fields that some backend sets. Parameters can override them, but a conversation field cannot.
OVERRIDABLE_FIELDS = {
    "max_tokens", "max_completion_tokens", "temperature", "stream_options", "thinking", "system", "systemInstruction",
    "generationConfig",
}  # fmt: skip
OWN_HEADERS = {
    "accept", "accept-encoding", "anthropic-version", "connection", "content-length", "content-type", "host", "te",
    "trailer", "transfer-encoding", "upgrade", "user-agent",
}  # fmt: skip
HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
MAX_HEADER_LENGTH = 1000
VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# Parameters that contain a key, in lower case with - and _ removed. `max_tokens` and `prompt_cache_key` must not match.
SECRET_NAME = re.compile(
    r".*(apikey|accesskey|secretkey|privatekey|authorization|password)|"
    r"x?((access|auth|bearer|session)?token|(client|access|auth)?secret|authkey|bearer|cookie)"
)
TYPE_NAMES = {str: "text", bool: "true or false", dict: "a table", int: "a whole number", float: "a number"}
MODEL_FIELDS: dict[str, type] = {
    "slug": str, "name": str, "organization": str, "license": str, "open_weights": bool, "demo": bool,
    "enabled": bool, "variant_of": str, "endpoint": dict,
}  # fmt: skip
CATALOG_FIELDS = ("organization", "license", "open_weights", "demo")  # facts of a catalog model
DEMO_KINDS = ("echo", "eliza")  # kinds of endpoints whose models are for demos unless the file says otherwise
ENDPOINT_FIELDS: dict[str, type] = {
    "kind": str, "base_url": str, "model": str, "api_key_env": str, "max_tokens": int,
    "temperature": float, "max_concurrency": int, "thinking_tokens": int, "first_token_timeout_s": float,
    "tokens_per_day": int, "parameters": dict, "system": str, "headers": dict, "conversation_field": str,
}  # fmt: skip
# The endpoint fields and their columns: those that make it the same endpoint, those on which all contestants that share
# it must agree, and those that belong to each contestant.
IDENTITY_COLUMNS = {"kind": "kind", "base_url": "base_url", "model": "upstream_id", "api_key_env": "api_key_env"}
SHARED_FIELDS = ("max_concurrency", "first_token_timeout_s", "tokens_per_day")
OWN_DEFAULTS: dict[str, Any] = {
    "max_tokens": None, "temperature": None, "thinking_tokens": None, "parameters": {}, "system": None, "headers": {},
    "conversation_field": "",
}  # fmt: skip
# What a contestant sends. A variant that has answered cannot change it.
SENT_FIELDS = ("system", "max_tokens", "temperature", "thinking_tokens", "parameters")
NEW_SLUG_HINT = "give it a new slug with variant_of"
UNCHANGED, UPDATED, CREATED = "unchanged", "updated", "created"
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
    """Create or update all contestants in a file. Return how many were `created`, `updated`, and `unchanged`.

    Raises ValueError if the file cannot be read or has an invalid entry. The message names the entry's slug and field,
    and nothing is changed.
    """
    entries = read_entries(path)
    with transaction.atomic():
        return Counter(_save_entries(path, entries))


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
    if _is_switch(entry):
        return
    for field in ("name", "endpoint"):
        if not entry.get(field):
            raise ValueError(f"{where}: {field} is missing")
    check_endpoint(where, entry["endpoint"])
    if _is_plain(entry):
        return
    for field in CATALOG_FIELDS:
        if field in entry:
            raise InvalidFieldError(
                where, field, "is a fact of a catalog model; a variant or a system has none of its own"
            )


def _is_switch(entry: Mapping[str, Any]) -> bool:
    """Return whether the entry only enables or disables a contestant."""
    return set(entry) <= {"slug", "enabled"}


def _is_plain(entry: Mapping[str, Any]) -> bool:
    """Return whether the entry describes a catalog model as it is."""
    return "variant_of" not in entry and "system" not in entry["endpoint"]


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

    check_settings(where, endpoint)
    backend = BACKENDS.get(endpoint.get("kind", ""))
    if backend is None:
        raise InvalidFieldError(where, "endpoint.kind", f"must be one of {join_words(BACKENDS, 'or')}")
    for field in backend.required_fields:
        if not endpoint.get(field):
            raise InvalidFieldError(where, f"endpoint.{field}", "is missing")
    if endpoint.get("base_url"):
        _check_base_url(where, endpoint["base_url"])
    if "api_key_env" in endpoint:
        _check_key_name(where, endpoint["api_key_env"])


def check_settings(where: str, endpoint: dict[str, Any]) -> None:
    """Raise the errors of `check_endpoint` for the fields that do not depend on the kind of server."""
    _check_fields(f"{where}: endpoint", endpoint, ENDPOINT_FIELDS)
    if not 0 < endpoint.get("first_token_timeout_s", 1) <= MAX_TIMEOUT_S:
        raise InvalidFieldError(where, "endpoint.first_token_timeout_s", f"must be above 0 and at most {MAX_TIMEOUT_S}")
    for field, (low, high) in NUMBER_RANGES.items():
        if not low <= endpoint.get(field, low) <= high:
            raise InvalidFieldError(where, f"endpoint.{field}", f"must be between {low} and {high:,}")
    _check_parameters(where, endpoint.get("parameters", {}))
    _check_headers(where, endpoint.get("headers", {}))
    reserved_fields = OWN_FIELDS | OVERRIDABLE_FIELDS | endpoint.get("parameters", {}).keys()
    if endpoint.get("conversation_field") in reserved_fields:
        problem = f"must not be {endpoint['conversation_field']}, which the request has already"
        raise InvalidFieldError(where, "endpoint.conversation_field", problem)


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
    _check_names(where, "endpoint.parameters", _list_names(parameters))


def _check_headers(where: str, headers: dict[str, Any]) -> None:
    for name, value in headers.items():
        if not HEADER_NAME.fullmatch(name) or not isinstance(value, str) or not value.isprintable():
            raise InvalidFieldError(where, "endpoint.headers", "must contain names of headers with texts of one line")
        if len(value) > MAX_HEADER_LENGTH:
            raise InvalidFieldError(where, "endpoint.headers", f"must not exceed {MAX_HEADER_LENGTH} characters each")
        if name.lower() in OWN_HEADERS:
            raise InvalidFieldError(where, "endpoint.headers", f"must not contain {name}, which Arena sets itself")
    _check_names(where, "endpoint.headers", headers)


def _check_names(where: str, field: str, names: Iterable[str]) -> None:
    """Raise InvalidFieldError if a name is that of a key."""
    for name in names:
        if SECRET_NAME.fullmatch(re.sub("[-_]", "", name.lower())):
            raise InvalidFieldError(where, field, f"must not contain {name!r}; {API_KEY_HINT}")


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


@dataclass
class _SavedEntry:
    """An entry and its contestant. `where` begins the messages of errors."""

    entry: dict[str, Any]
    where: str
    contestant: Contestant
    outcome: str

    def update(self, row: Any, values: dict[str, Any]) -> None:
        """Save what differs from the row's values, and remember that there was something."""
        if _update_row(row, values) and self.outcome == UNCHANGED:
            self.outcome = UPDATED


def _save_entries(path: Path, entries: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Save the entries, and yield an outcome for each. Variants come last, because they can name other entries."""
    described = [entry for entry in entries if not _is_switch(entry)]
    saved = []
    for entry in sorted(described, key=lambda entry: not _is_plain(entry)):
        where = f"{path}: model {entry['slug']}"
        saved.append(_save_model(where, entry) if _is_plain(entry) else _save_variant(where, entry))
    old_endpoints = {each.contestant.endpoint_id for each in saved if each.contestant.endpoint_id}
    _save_endpoints(saved)
    # An endpoint that nobody uses any more goes, unless its statistics would be lost.
    Endpoint.objects.filter(pk__in=old_endpoints, contestants=None, calls=None, days=None).delete()
    for each in saved:
        own = OWN_DEFAULTS | {field: value for field, value in each.entry["endpoint"].items() if field in OWN_DEFAULTS}
        each.update(each.contestant, own | {"enabled": each.entry.get("enabled", True)})
        yield each.outcome
    yield from (_set_enabled(entry) for entry in entries if _is_switch(entry))


def _save_model(where: str, entry: dict[str, Any]) -> _SavedEntry:
    """Save a catalog model and its plain contestant, without the endpoint."""
    if list_contestants().filter(slug=entry["slug"], plain=False).exists():
        raise ValueError(f"{where}: this contestant is not a catalog model; name variant_of or endpoint.system")
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
    has_changed = _update_row(model, facts)
    if has_changed:
        record_edits(model.pk)
    contestant = get_or_create_plain([model.pk])[model.pk]
    return _SavedEntry(entry, where, contestant, CREATED if created else UPDATED if has_changed else UNCHANGED)


def _save_variant(where: str, entry: dict[str, Any]) -> _SavedEntry:
    """Save a contestant that is not a catalog model as it is, without the endpoint."""
    if LanguageModel.objects.filter(slug=entry["slug"]).exists():
        raise ValueError(f"{where}: the catalog has a model with this slug; give the contestant another slug")
    columns = {"name": entry["name"], "model": None, "predecessor": None}
    if "variant_of" in entry:
        columns |= _find_original(where, entry)
    contestant = list_contestants().select_related("endpoint").filter(slug=entry["slug"]).first()
    if contestant is None:
        return _SavedEntry(entry, where, Contestant.objects.create(slug=entry["slug"], **columns), CREATED)
    endpoint = entry["endpoint"]
    sent = {field: endpoint.get(field, OWN_DEFAULTS[field]) for field in SENT_FIELDS}
    if field := find_frozen_field(contestant, sent | {"model": columns["model"]}, endpoint.get("model", "")):
        raise ValueError(f"{where}: {field} cannot change after the first answer; {NEW_SLUG_HINT}")
    saved = _SavedEntry(entry, where, contestant, UNCHANGED)
    saved.update(contestant, columns)
    return saved


def _find_original(where: str, entry: dict[str, Any]) -> dict[str, Any]:
    """Return the catalog model that the entry is a variant of, and its predecessor if it names an older contestant."""
    slug = entry["variant_of"]
    older = list_contestants().select_related("model").filter(slug=slug).exclude(slug=entry["slug"]).first()
    if older and not older.plain:
        return {"model": older.model, "predecessor": older}
    model = older.model if older else LanguageModel.objects.filter(slug=slug).first()
    if model is None:
        raise ValueError(f"{where}: variant_of must be the slug of a model or of another contestant")
    return {"model": model}


def find_frozen_field(contestant: Contestant, sent: Mapping[str, Any], upstream_id: str) -> str | None:
    """Return a field in which a contestant that has answered differs from these values, or None if it may have them.

    What a contestant sends stays the same from its first answer on, because its votes are about these answers. Plain
    contestants are free, because a catalog model stays the same model.

    sent: values of columns, keyed by column
    upstream_id: the model's name on its server
    """
    if contestant.plain or contestant.endpoint is None:
        return None
    changed = [column for column, value in sent.items() if getattr(contestant, column) != value]
    fields = ["variant_of" if column == "model" else f"endpoint.{column}" for column in changed]
    if upstream_id != contestant.endpoint.upstream_id:
        fields.append("endpoint.model")
    return fields[0] if fields and has_answered(contestant) else None


def has_answered(contestant: Contestant) -> bool:
    """Return whether the contestant has an answer, or a vote whose answers were deleted."""
    votes = Vote.objects.filter(Q(contestant_a=contestant) | Q(contestant_b=contestant))
    return Answer.objects.filter(contestant=contestant).exists() or votes.exists()


def _save_endpoints(saved: Sequence[_SavedEntry]) -> None:
    """Give each contestant its endpoint. Entries with the same kind, address, model, and key variable share one."""
    groups: dict[tuple[str, ...], list[_SavedEntry]] = {}
    for each in saved:
        fields = {"base_url": "", "model": "", "api_key_env": ""} | each.entry["endpoint"]
        identity = {column: fields[field] for field, column in IDENTITY_COLUMNS.items()}
        identity["base_url"] = identity["base_url"].rstrip("/")
        groups.setdefault(tuple(identity.values()), []).append(each)
    for values, group in groups.items():
        _save_endpoint(dict(zip(IDENTITY_COLUMNS.values(), values, strict=True)), group)


def _save_endpoint(identity: dict[str, str], group: Sequence[_SavedEntry]) -> None:
    """Create or update the endpoint that these entries share.

    If it is new, but the entries' contestants have had an endpoint to themselves, that one moves here with its
    statistics: its server has a new address.
    """
    contestants = [each.contestant.pk for each in group]
    others = Contestant.objects.exclude(pk__in=contestants)
    endpoint = Endpoint.objects.filter(**identity).first()
    if endpoint is None:
        own = Endpoint.objects.filter(contestants__in=contestants).order_by("pk")
        endpoint = own.exclude(Exists(others.filter(endpoint=OuterRef("pk")))).first() or Endpoint.objects.create(
            **identity
        )
    columns = identity | _agree(endpoint, group, others.filter(endpoint=endpoint).order_by("pk").first())
    has_changed = _update_row(endpoint, columns)
    for each in group:
        each.update(each.contestant, {"endpoint": endpoint})
        if has_changed and each.outcome == UNCHANGED:
            each.outcome = UPDATED


def _agree(endpoint: Endpoint, group: Sequence[_SavedEntry], other: Contestant | None) -> dict[str, Any]:
    """Return the limits of a shared endpoint. An entry that leaves a limit out takes the others'.

    other: a contestant outside the file that has the endpoint too, so that its limits stay

    Raises ValueError if two of them name different limits.
    """
    columns = {}
    for field in SHARED_FIELDS:
        named = [(each.contestant.slug, each.entry["endpoint"].get(field)) for each in group]
        if other:
            named.append((other.slug, getattr(endpoint, field)))
        values = [(slug, value) for slug, value in named if value is not None]
        for slug, value in values[1:]:
            if value != values[0][1]:
                raise ValueError(
                    f"{group[0].where}: models {values[0][0]} and {slug} share an endpoint, so endpoint.{field} cannot "
                    f"be {values[0][1]} for one and {value} for the other"
                )
        columns[field] = values[0][1] if values else None
    return columns


def _set_enabled(entry: dict[str, Any]) -> str:
    """Enable or disable an existing contestant. The entry has no field except `slug` and `enabled`."""
    contestant = list_contestants().filter(slug=entry["slug"], endpoint__isnull=False).first()
    if contestant is None:
        raise ValueError(f"model {entry['slug']}: name and endpoint are required for a new model")
    return UPDATED if _update_row(contestant, {"enabled": entry.get("enabled", True)}) else UNCHANGED


def _update_row(row: Any, values: dict[str, Any]) -> bool:
    """Save the values that differ from the row's values. Return whether there were any."""
    changed_fields = [field for field, value in values.items() if getattr(row, field) != value]
    for field in changed_fields:
        setattr(row, field, values[field])
    if changed_fields:
        row.save(update_fields=changed_fields)
    return bool(changed_fields)
