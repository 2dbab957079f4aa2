"""Records operators' changes with model signals, which cover all forms, actions, and inlines of the admin."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db.models import Model
from django.db.models.signals import m2m_changed, post_save, pre_delete, pre_save

from core.models import AuditEntry

HIDDEN = "(hidden)"
# Names of secret columns in any table. Names of environment variables (`api_key_env`) are not secret.
SECRET_FIELD_NAME = re.compile(r"password|secret|hash|encrypted|(^|_)key$", re.IGNORECASE)
# Names of secret endpoint parameters, which are sent to the provider.
SECRET_PARAMETER_NAME = re.compile(r"key|secret|token|password|authori[sz]ation|cookie", re.IGNORECASE)
MAX_NAME_LENGTH = 300
ADDED = "added"
CHANGED = "changed"
DELETED = "deleted"
RELATION_ACTIONS = {"post_add": "added", "post_remove": "removed", "pre_clear": "removed all"}
Values = dict[str, Any]


@dataclass
class _AuditedRequest:
    """The operator of an admin request, and the earlier values of the changed rows."""

    username: str
    before: dict[tuple[type[Model], Any], Values | None] = field(default_factory=dict)


_audited_request: ContextVar[_AuditedRequest | None] = ContextVar("audited_request", default=None)


@contextmanager
def log_changes_as(username: str) -> Iterator[None]:
    """Record all changes to watched models in this block under the operator's username."""
    token = _audited_request.set(_AuditedRequest(username))
    try:
        yield
    finally:
        _audited_request.reset(token)


def list_watched_models() -> list[type]:
    """Return the models that operators can change in the admin, including inlines."""
    from core.admin.read_only import ReadOnlyAdmin  # avoids a circular import

    registered = [admin.site.get_model_admin(model) for model in apps.get_models() if admin.site.is_registered(model)]
    pages = [page for page in registered if not isinstance(page, ReadOnlyAdmin)]
    return [page.model for page in pages] + [inline.model for page in pages for inline in page.inlines]


def watch_model(model: type[Model]) -> None:
    """Connect signal receivers that record all changes to this model within `log_changes_as`."""
    for signal, receiver in ((pre_save, _store_old_values), (post_save, _record_save), (pre_delete, _record_deletion)):
        signal.connect(receiver, sender=model, dispatch_uid=f"changes {model._meta.label}")
    for relation in model._meta.many_to_many:
        uid = f"changes {model._meta.label}.{relation.name}"
        m2m_changed.connect(_record_relation_change, sender=relation.remote_field.through, dispatch_uid=uid)


def record_change(
    username: str, kind: str, row: Model, before: Values | None = None, after: Values | None = None
) -> None:
    """Record one operator action in the audit log.

    `kind` is `ADDED`, `CHANGED`, `DELETED`, or the name of another action. `before` and `after` must not contain
    secrets.
    """
    AuditEntry.objects.create(
        who=username,
        kind=kind,
        what=row._meta.label_lower,
        key=str(row.pk),
        name=str(row)[:MAX_NAME_LENGTH],
        before=before,
        after=after,
    )


def _store_old_values(sender: type[Model], instance: Model, **_: Any) -> None:
    if request := _audited_request.get():
        request.before[sender, instance.pk] = _load_values(instance) if instance.pk else None


def _record_save(sender: type[Model], instance: Model, **_: Any) -> None:
    request = _audited_request.get()
    if request is None:
        return
    before = request.before.pop((sender, instance.pk), None)
    after = _load_values(instance)
    if before is None or after is None:
        request.before.pop((sender, None), None)  # a new row had no primary key in `_store_old_values`
        record_change(request.username, ADDED, instance, after=_mask_secrets(after or {}))
        return
    names = [name for name, value in after.items() if before[name] != value]
    if names:
        old_values = _mask_secrets({name: before[name] for name in names})
        new_values = _mask_secrets({name: after[name] for name in names})
        record_change(request.username, CHANGED, instance, old_values, new_values)


def _record_deletion(sender: type[Model], instance: Model, **_: Any) -> None:
    if request := _audited_request.get():
        record_change(request.username, DELETED, instance, before=_mask_secrets(_load_values(instance) or {}))


def _record_relation_change(
    instance: Model, action: str, model: type[Model], pk_set: set[Any] | None, **_: Any
) -> None:
    """Record a change to a many-to-many relation, such as a user's groups."""
    request = _audited_request.get()
    action_name = RELATION_ACTIONS.get(action)
    if request and action_name:
        related_names = sorted(map(str, model._default_manager.filter(pk__in=pk_set or ())))
        changes = {str(model._meta.verbose_name_plural): {action_name: related_names}}
        record_change(request.username, CHANGED, instance, after=changes)


def _load_values(instance: Model) -> Values | None:
    return type(instance)._base_manager.filter(pk=instance.pk).values().first()


def _mask_secrets(values: Mapping[str, Any]) -> Values:
    """Return a copy in which `HIDDEN` replaces all secrets, including those in nested JSON."""
    return {name: HIDDEN if _is_secret(name, value) else _mask_nested_secrets(value) for name, value in values.items()}


def _is_secret(name: str, value: object) -> bool:
    """Return True if this value must be hidden. Bytes are always hidden, because they are encrypted or compressed."""
    return isinstance(value, bytes | memoryview) or (isinstance(value, str) and bool(SECRET_FIELD_NAME.search(name)))


def _mask_nested_secrets(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            name: HIDDEN if isinstance(item, str) and SECRET_PARAMETER_NAME.search(name) else _mask_nested_secrets(item)
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [_mask_nested_secrets(item) for item in value]
    return value
