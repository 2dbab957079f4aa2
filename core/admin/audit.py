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

from core.models import Change

HIDDEN = "(hidden)"
# Names of columns, of whatever table; the name of a variable (`api_key_env`) is none.
SECRET_FIELD = re.compile(r"password|secret|hash|encrypted|(^|_)key$", re.IGNORECASE)
# In parameters of an endpoint, which go to its provider as they are.
SECRET_WORDS = re.compile(r"key|secret|token|password|authori[sz]ation|cookie", re.IGNORECASE)
LONGEST_NAME = 300
ADDED, CHANGED, DELETED = "added", "changed", "deleted"
RELATED = {"post_add": "added", "post_remove": "removed", "pre_clear": "removed all"}
Values = dict[str, Any]


@dataclass
class _Act:
    """A request in the admin: who it is from, and rows as they were before it changes them."""

    who: str
    before: dict[tuple[type[Model], Any], Values | None] = field(default_factory=dict)


_act: ContextVar[_Act | None] = ContextVar("act", default=None)


@contextmanager
def by(who: str) -> Iterator[None]:
    """Meanwhile every change of what is watched is written down as this person's."""
    token = _act.set(_Act(who))
    try:
        yield
    finally:
        _act.reset(token)


def watched() -> list[type]:
    """The models that can be changed in the admin, inlines included."""
    from core.admin.read_only import ReadOnly  # whose package registers pages with a site that imports this module

    pages = [page for page in admin.site._registry.values() if not isinstance(page, ReadOnly)]  # noqa: SLF001  # Django has no public way
    return [page.model for page in pages] + [inline.model for page in pages for inline in page.inlines]


def watch(model: type[Model]) -> None:
    for signal, receiver in ((pre_save, _before), (post_save, _saved), (pre_delete, _deleted)):
        signal.connect(receiver, sender=model, dispatch_uid=f"changes {model._meta.label}")
    for each in model._meta.many_to_many:
        through = each.remote_field.through
        m2m_changed.connect(_related, sender=through, dispatch_uid=f"changes {model._meta.label}.{each.name}")


def note(who: str, kind: str, row: Model, before: Values | None = None, after: Values | None = None) -> None:
    """Write down one thing that somebody did."""
    Change.objects.create(
        who=who,
        kind=kind,
        what=row._meta.label_lower,
        key=str(row.pk),
        name=str(row)[:LONGEST_NAME],
        before=before,
        after=after,
    )


def _before(sender: type[Model], instance: Model, **_: Any) -> None:
    if act := _act.get():
        act.before[sender, instance.pk] = _stored(instance) if instance.pk else None


def _saved(sender: type[Model], instance: Model, **_: Any) -> None:
    if act := _act.get():
        old, new = act.before.pop((sender, instance.pk), None), _stored(instance)
        if old is None or new is None:
            act.before.pop((sender, None), None)
            note(act.who, ADDED, instance, after=_shown(new or {}))
        elif changed := [name for name, value in new.items() if old[name] != value]:
            old, new = ({name: values[name] for name in changed} for values in (old, new))
            note(act.who, CHANGED, instance, _shown(old), _shown(new))


def _deleted(sender: type[Model], instance: Model, **_: Any) -> None:
    if act := _act.get():
        note(act.who, DELETED, instance, before=_shown(_stored(instance) or {}))


def _related(instance: Model, action: str, model: type[Model], pk_set: set[Any] | None, **_: Any) -> None:
    """The other side of a relation of many to many, such as the groups of a person."""
    act, did = _act.get(), RELATED.get(action)
    if act and did:
        others = sorted(map(str, model._default_manager.filter(pk__in=pk_set or ())))
        note(act.who, CHANGED, instance, after={str(model._meta.verbose_name_plural): {did: others}})


def _stored(instance: Model) -> Values | None:
    return type(instance)._base_manager.filter(pk=instance.pk).values().first()


def _shown(values: Mapping[str, Any]) -> Values:
    """Without what is secret, wherever it stands."""
    return {name: HIDDEN if _is_secret(name, value) else _without_secrets(value) for name, value in values.items()}


def _is_secret(name: str, value: object) -> bool:
    """Bytes are hidden too: they are what is encrypted or packed, and nothing to read."""
    return isinstance(value, bytes | memoryview) or (isinstance(value, str) and bool(SECRET_FIELD.search(name)))


def _without_secrets(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            name: HIDDEN if isinstance(each, str) and SECRET_WORDS.search(name) else _without_secrets(each)
            for name, each in value.items()
        }
    if isinstance(value, list):
        return [_without_secrets(each) for each in value]
    return value
