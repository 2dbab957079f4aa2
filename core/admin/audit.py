"""What operators change is written down by signals, so that no form, action or inline of the admin can forget to."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.db.models.signals import m2m_changed, post_save, pre_delete, pre_save

from core.models import AuditEntry

HIDDEN = "(hidden)"
# Names of columns, of whatever table; the name of a variable (`api_key_env`) is none.
SECRET_FIELD_NAME = re.compile(r"password|secret|hash|encrypted|(^|_)key$", re.IGNORECASE)
# In parameters of an endpoint, which go to its provider as they are.
SECRET_PARAMETER_NAME = re.compile(r"key|secret|token|password|authori[sz]ation|cookie", re.IGNORECASE)
MAX_NAME_LENGTH = 300
ADDED, CHANGED, DELETED = "added", "changed", "deleted"
RELATION_ACTIONS = {"post_add": "added", "post_remove": "removed", "pre_clear": "removed all"}
Values = dict[str, Any]


@dataclass
class _AuditedRequest:
    """A request in the admin: who it is from, and rows as they were before it changes them."""

    who: str
    before: dict[tuple[type[Model], Any], Values | None] = field(default_factory=dict)


_audited_request: ContextVar[_AuditedRequest | None] = ContextVar("act", default=None)


@contextmanager
def log_changes_as(who: str) -> Iterator[None]:
    """Meanwhile every change of what is watched is written down as this person's."""
    token = _audited_request.set(_AuditedRequest(who))
    try:
        yield
    finally:
        _audited_request.reset(token)


def list_watched_models() -> list[type]:
    """The models that can be changed in the admin, inlines included."""
    from core.admin.read_only import ReadOnlyAdmin  # whose package registers pages with a site that imports this module

    pages = [page for page in admin.site._registry.values() if not isinstance(page, ReadOnlyAdmin)]  # noqa: SLF001  # Django has no public way
    return [page.model for page in pages] + [inline.model for page in pages for inline in page.inlines]


def watch_model(model: type[Model]) -> None:
    for signal, receiver in ((pre_save, _remember_row), (post_save, _record_save), (pre_delete, _record_deletion)):
        signal.connect(receiver, sender=model, dispatch_uid=f"changes {model._meta.label}")
    for each in model._meta.many_to_many:
        through = each.remote_field.through
        m2m_changed.connect(
            _record_relation_change, sender=through, dispatch_uid=f"changes {model._meta.label}.{each.name}"
        )


def record_change(who: str, kind: str, row: Model, before: Values | None = None, after: Values | None = None) -> None:
    """Write down one thing that somebody did."""
    AuditEntry.objects.create(
        who=who,
        kind=kind,
        what=row._meta.label_lower,
        key=str(row.pk),
        name=str(row)[:MAX_NAME_LENGTH],
        before=before,
        after=after,
    )


def _remember_row(sender: type[Model], instance: Model, **_: Any) -> None:
    if act := _audited_request.get():
        act.before[sender, instance.pk] = _load_values(instance) if instance.pk else None


def _record_save(sender: type[Model], instance: Model, **_: Any) -> None:
    if act := _audited_request.get():
        old, new = act.before.pop((sender, instance.pk), None), _load_values(instance)
        if old is None or new is None:
            act.before.pop((sender, None), None)
            record_change(act.who, ADDED, instance, after=_mask_secrets(new or {}))
        elif changed := [name for name, value in new.items() if old[name] != value]:
            old, new = ({name: values[name] for name in changed} for values in (old, new))
            record_change(act.who, CHANGED, instance, _mask_secrets(old), _mask_secrets(new))


def _record_deletion(sender: type[Model], instance: Model, **_: Any) -> None:
    if act := _audited_request.get():
        record_change(act.who, DELETED, instance, before=_mask_secrets(_load_values(instance) or {}))


def _record_relation_change(
    instance: Model, action: str, model: type[Model], pk_set: set[Any] | None, **_: Any
) -> None:
    """The other side of a relation of many to many, such as the groups of a person."""
    act, did = _audited_request.get(), RELATION_ACTIONS.get(action)
    if act and did:
        others = sorted(map(str, model._default_manager.filter(pk__in=pk_set or ())))
        record_change(act.who, CHANGED, instance, after={str(model._meta.verbose_name_plural): {did: others}})


def _load_values(instance: Model) -> Values | None:
    return type(instance)._base_manager.filter(pk=instance.pk).values().first()


def _mask_secrets(values: Mapping[str, Any]) -> Values:
    """Without what is secret, wherever it stands."""
    return {name: HIDDEN if _is_secret(name, value) else _mask_nested_secrets(value) for name, value in values.items()}


def _is_secret(name: str, value: object) -> bool:
    """Bytes are hidden too: they are what is encrypted or packed, and nothing to read."""
    return isinstance(value, bytes | memoryview) or (isinstance(value, str) and bool(SECRET_FIELD_NAME.search(name)))


def _mask_nested_secrets(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            name: HIDDEN if isinstance(each, str) and SECRET_PARAMETER_NAME.search(name) else _mask_nested_secrets(each)
            for name, each in value.items()
        }
    if isinstance(value, list):
        return [_mask_nested_secrets(each) for each in value]
    return value
