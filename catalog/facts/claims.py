"""Facts with their sources: all claims are kept, one of each field is chosen, and the model's columns hold it.

Who is believed: what was set by hand, then what is shipped with Arena, then models.dev, then files of scores; within a
source the first claim. A column that differs from its chosen fact was set by hand (in the admin, by a models file), and
becomes such a fact before anything is imported: so importers never overwrite it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from itertools import count
from typing import Any

from django.db import transaction
from django.utils.text import slugify
from django.utils.timezone import now

from catalog.facts.fields import COLUMN_DEFAULTS, FACT_FIELDS, Claim, parse_value, to_column_value
from catalog.models import Fact, LanguageModel, License, Organization

HAND_SOURCE = "set by hand in this arena"
MAX_SOURCE_LENGTH = 500
TRUST_ORDER = {origin: place for place, origin in enumerate(Fact.Origin)}
RELATED_MODELS = {"organization": Organization, "license": License}


@transaction.atomic
def record_claims(claims: Mapping[int, Collection[Claim]], origin: Fact.Origin) -> None:
    """Replace what this origin said of these models (by key), and choose anew."""
    by_hand = adopt_column_values(claims)
    old = Fact.objects.filter(origin=origin, model__in=claims).select_related("model").order_by("pk")
    stored = _group_by_model(old)
    changed = {key: said for key, said in claims.items() if _list_claims(stored[key]) != list(said)}
    _clear_columns([fact for key in changed for fact in stored[key] if fact.chosen])
    old.filter(model__in=changed).delete()
    Fact.objects.bulk_create(
        Fact(model_id=key, origin=origin, **vars(claim)) for key, said in changed.items() for claim in said
    )
    choose_facts({*changed, *by_hand})


def _group_by_model(facts: Iterable[Fact]) -> dict[int, list[Fact]]:
    grouped: dict[int, list[Fact]] = defaultdict(list)
    for fact in facts:
        grouped[fact.model_id].append(fact)
    return grouped


def _list_claims(facts: Iterable[Fact]) -> list[Claim]:
    return [Claim(fact.field, fact.value, fact.source, fact.as_of) for fact in facts]


def _clear_columns(facts: list[Fact]) -> None:
    """Take what these facts say out of the columns: their source may have withdrawn it."""
    models = {fact.model_id: fact.model for fact in facts}
    for fact in facts:
        setattr(models[fact.model_id], fact.field, to_column_value(fact.field, None))
    _save_models(models.values())


def adopt_column_values(keys: Iterable[int]) -> set[int]:
    """Keep as facts what somebody has set in the columns of these models; says of which models there was something."""
    held = [fact for model, facts in _load_locked_models(keys) for fact in get_current_facts(model, facts).values()]
    rows = [fact for fact in held if fact.pk is None]
    for row in rows:
        row.as_of = now().date()
    Fact.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=("model", "field", "origin", "source"),
        update_fields=("value", "as_of"),
    )
    return {row.model_id for row in rows}


def get_current_facts(model: LanguageModel, facts: Iterable[Fact]) -> dict[str, Fact]:
    """Field → the fact that a model's column holds; where somebody has set another value, one that is not stored yet.

    facts: all of the model. Nobody knows of what is not stored when it was set: its `as_of` is None.
    """
    chosen, found = {fact.field: fact for fact in facts if fact.chosen}, {}
    for field in FACT_FIELDS:
        held, fact = _get_column_value(model, field), chosen.get(field)
        if held != (to_column_value(field, fact.value) if fact else COLUMN_DEFAULTS.get(field)):
            fact = _build_hand_fact(model, field, held)
        if fact:
            found[field] = fact
    return found


def _build_hand_fact(model: LanguageModel, field: str, held: Any) -> Fact:
    value = held.isoformat() if isinstance(held, date) else held
    return Fact(model=model, field=field, value=value, origin=Fact.Origin.HAND, source=HAND_SOURCE)


@transaction.atomic
def set_hand_fact(key: int, field: str, value: Any, source: str) -> Fact:
    """What an operator has decided of a model, and where it stands: it takes the place of what was set by hand before.

    Raises ValueError for what is no field, no value of it, or no source.
    """
    value = parse_value(field, value)
    if not source.strip() or len(source) > MAX_SOURCE_LENGTH or not source.isprintable():
        raise ValueError(f"source must be a text of at most {MAX_SOURCE_LENGTH} characters")
    adopt_column_values([key])
    Fact.objects.filter(model=key, field=field, origin=Fact.Origin.HAND).delete()
    claim = {"field": field, "value": value, "source": source.strip(), "as_of": now().date()}
    made = Fact.objects.create(model_id=key, origin=Fact.Origin.HAND, **claim)
    choose_facts([key])
    made.refresh_from_db()
    return made


def choose_facts(keys: Iterable[int]) -> None:
    """Choose the fact of each field that is believed, and write it into the model's column."""
    names = {field: _NamedRows(kind) for field, kind in RELATED_MODELS.items()}
    models, chosen = [], []
    for model, facts in _load_locked_models(keys):
        best = _pick_best(facts)
        for field, fact in best.items():
            value = to_column_value(field, fact.value)
            setattr(model, field, names[field].row(value) if field in names else value)
        models.append(model)
        chosen += [fact.pk for fact in best.values()]
    Fact.objects.filter(model__in=[model.pk for model in models], chosen=True).exclude(pk__in=chosen).update(
        chosen=False
    )
    Fact.objects.filter(pk__in=chosen, chosen=False).update(chosen=True)
    _save_models(models)


def _pick_best(facts: Iterable[Fact]) -> dict[str, Fact]:
    """Field → the fact that is believed."""
    best: dict[str, Fact] = {}
    for fact in sorted(facts, key=_trust_key):
        best.setdefault(fact.field, fact)
    return best


def _trust_key(fact: Fact) -> tuple[int, int, int]:
    """Smallest first. Of what was set by hand the newest, also of one day; of a source's claims the first."""
    if fact.origin == Fact.Origin.HAND:
        return TRUST_ORDER[Fact.Origin.HAND], -fact.as_of.toordinal(), -fact.pk
    return TRUST_ORDER[Fact.Origin(fact.origin)], 0, fact.pk


def _save_models(models: Collection[LanguageModel]) -> None:
    """The columns of facts of models that are there. `bulk_update` would spell out a case for each model and field."""
    LanguageModel.objects.bulk_create(models, update_conflicts=True, unique_fields=("pk",), update_fields=FACT_FIELDS)


def _load_locked_models(keys: Iterable[int]) -> list[tuple[LanguageModel, list[Fact]]]:
    """Locked, so that none is deleted before `_save_models`; not its key, which new battles refer to meanwhile."""
    models = LanguageModel.objects.filter(pk__in=list(keys)).select_related(*RELATED_MODELS).prefetch_related("facts")
    models = models.order_by("pk").select_for_update(of=("self",), no_key=True)
    return [(model, list(model.facts.all())) for model in models]


def _get_column_value(model: LanguageModel, field: str) -> Any:
    value = getattr(model, field)
    return value.name if value is not None and field in RELATED_MODELS else value


class _NamedRows:
    """Organizations or licenses by name; new ones are made."""

    def __init__(self, kind: Any) -> None:
        self._kind = kind
        self._rows = {row.name: row for row in kind.objects.all()}

    def row(self, name: str | None) -> Any:
        if name is not None and name not in self._rows:
            self._rows[name] = self._kind.objects.create(name=name, slug=pick_free_slug(self._kind, name))
        return name and self._rows[name]


def pick_free_slug(kind: Any, name: str) -> str:
    """From the name; two names may say the same in a-z, or nothing."""
    slug = slugify(name)[:90] or "unnamed"
    candidates = (slug if number == 1 else f"{slug}-{number}" for number in count(1))
    return next(candidate for candidate in candidates if not kind.objects.filter(slug=candidate).exists())
