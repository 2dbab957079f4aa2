"""Facts and their sources. All claims are stored, and the chosen claim for each field is copied to the model's column.

Sources, most trusted first:

1. values set by hand: the newest one is used
2. values shipped with Arena
3. values listed in Python packages (see `catalog.sources.registry`)
4. score files
5. the models' names

If a source other than the first makes several claims about a field, the first claim is used.

Edits in the admin and imports of a models file set the columns directly and also store the new values as facts set by
hand. A column can also be set without a fact, for example with SQL. Imports of claims first store such a value as a
fact set by hand, so they do not overwrite it.
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

HAND_SOURCE = "the operator of this site"
MAX_SOURCE_LENGTH = 500
RELATED_MODELS = {"organization": Organization, "license": License}


@transaction.atomic
def record_claims(claims: Mapping[int, Collection[Claim]], origin: Fact.Origin) -> None:
    """Replace the claims from this origin about these models, and choose the models' facts again.

    `claims` contains all current claims from this origin, keyed by the models' primary keys. Other models stay
    unchanged.
    """
    adopted = adopt_column_values(claims)
    old_facts = Fact.objects.filter(origin=origin, model__in=claims).select_related("model").order_by("pk")
    old_by_model: dict[int, list[Fact]] = defaultdict(list)
    for fact in old_facts:
        old_by_model[fact.model_id].append(fact)
    old_claims = {
        key: [Claim(fact.field, fact.value, fact.source, fact.as_of) for fact in old_by_model[key]] for key in claims
    }
    changed = {key: new for key, new in claims.items() if old_claims[key] != list(new)}
    # The source might have withdrawn its claims, so the columns begin again with their defaults.
    chosen = [fact for key in changed for fact in old_by_model[key] if fact.chosen]
    models = {fact.model_id: fact.model for fact in chosen}
    for fact in chosen:
        setattr(models[fact.model_id], fact.field, to_column_value(fact.field, None))
    _save_models(models.values())
    old_facts.filter(model__in=changed).delete()
    Fact.objects.bulk_create(
        Fact(model_id=key, origin=origin, **vars(claim)) for key, new in changed.items() for claim in new
    )
    choose_facts({*changed, *adopted})


@transaction.atomic
def record_edits(key: int, source: str = HAND_SOURCE, as_of: date | None = None) -> None:
    """Store the values that an operator has saved in a model's columns as facts set by hand.

    source: the source of the values
    as_of: the day on which the operator read the values there; None means today
    """
    choose_facts(adopt_column_values([key], source, as_of))


def adopt_column_values(keys: Iterable[int], source: str = HAND_SOURCE, as_of: date | None = None) -> set[int]:
    """Store each column value that differs from its chosen fact as a fact set by hand, with this source and day.

    The new facts replace earlier facts set by hand. If `as_of` is None, the day is today. Return the keys of the models
    that had such values.
    """
    models = _load_locked_models(keys)
    current = [fact for model, facts in models for fact in get_current_facts(model, facts).values()]
    unsaved = [fact for fact in current if fact.pk is None]
    for fact in unsaved:
        fact.source = source
        fact.as_of = as_of or fact.as_of
    edited = {(fact.model_id, fact.field) for fact in unsaved}
    stored = [fact for _, facts in models for fact in facts if (fact.model_id, fact.field) in edited]
    Fact.objects.filter(pk__in=[fact.pk for fact in stored if fact.by_hand]).delete()
    Fact.objects.bulk_create(unsaved)
    return {fact.model_id for fact in unsaved}


def get_current_facts(model: LanguageModel, facts: Iterable[Fact]) -> dict[str, Fact]:
    """Return the fact for each field's column value, keyed by field.

    This is the chosen fact, or, if the column has a different value, an unsaved fact set by hand with today's date.
    Fields with no chosen fact and the default value are omitted.

    `facts` must contain all facts about the model.
    """
    chosen_facts = {fact.field: fact for fact in facts if fact.chosen}
    current = {}
    for field in FACT_FIELDS:
        fact = chosen_facts.get(field)
        expected = to_column_value(field, fact.value) if fact else COLUMN_DEFAULTS.get(field)
        value = getattr(model, field)
        if value is not None and field in RELATED_MODELS:
            value = value.name
        if value != expected:
            value = value.isoformat() if isinstance(value, date) else value
            hand = {"origin": Fact.Origin.HAND, "source": HAND_SOURCE, "as_of": now().date()}
            fact = Fact(model=model, field=field, value=value, **hand)
        if fact:
            current[field] = fact
    return current


@transaction.atomic
def set_hand_fact(key: int, field: str, value: Any, source: str, as_of: date | None = None) -> Fact:
    """Store an operator's value for a field, with its source and day (by default today).

    It replaces an earlier value set by hand. Raises ValueError if the field is unknown or if the value or source is
    invalid.
    """
    value = parse_value(field, value)
    if not source.strip() or len(source) > MAX_SOURCE_LENGTH or not source.isprintable():
        raise ValueError(f"source must be text of at most {MAX_SOURCE_LENGTH} characters")
    adopt_column_values([key])
    Fact.objects.filter(model=key, field=field, origin=Fact.Origin.HAND).delete()
    claim = Claim(field, value, source.strip(), as_of or now().date())
    fact = Fact.objects.create(model_id=key, origin=Fact.Origin.HAND, **vars(claim))
    choose_facts([key])
    fact.refresh_from_db()
    return fact


def choose_facts(keys: Iterable[int]) -> None:
    """Choose the most trusted fact for each field of these models, and copy its value to the model's column."""
    related_rows = {field: _RowsByName(kind) for field, kind in RELATED_MODELS.items()}
    models = []
    chosen_keys = []
    for model, facts in _load_locked_models(keys):
        best: dict[str, Fact] = {}
        for fact in sorted(facts, key=_get_trust_key):
            best.setdefault(fact.field, fact)
        for field, fact in best.items():
            value = to_column_value(field, fact.value)
            if field in related_rows:
                value = related_rows[field].get_or_create(value)
            setattr(model, field, value)
        models.append(model)
        chosen_keys += [fact.pk for fact in best.values()]
    previously_chosen = Fact.objects.filter(model__in=[model.pk for model in models], chosen=True)
    previously_chosen.exclude(pk__in=chosen_keys).update(chosen=False)
    Fact.objects.filter(pk__in=chosen_keys, chosen=False).update(chosen=True)
    _save_models(models)


def _get_trust_key(fact: Fact) -> tuple[int, int, int]:
    """Return a sort key that puts the most trusted fact first.

    Among facts set by hand, this is the newest one. Among facts from another origin, it is the first one stored.
    """
    if fact.by_hand:
        return 0, -fact.as_of.toordinal(), -fact.pk
    return list(Fact.Origin).index(Fact.Origin(fact.origin)), 0, fact.pk


def _save_models(models: Collection[LanguageModel]) -> None:
    """Write the fact columns of existing models. `bulk_update` would send a CASE expression per model and field."""
    LanguageModel.objects.bulk_create(models, update_conflicts=True, unique_fields=("pk",), update_fields=FACT_FIELDS)


def _load_locked_models(keys: Iterable[int]) -> list[tuple[LanguageModel, list[Fact]]]:
    """Load models and their facts, sorted by key. The row locks prevent deletions before `_save_models`.

    The locks do not block new battles, because they allow foreign keys to reference the rows.
    """
    models = LanguageModel.objects.filter(pk__in=list(keys)).select_related(*RELATED_MODELS).prefetch_related("facts")
    models = models.order_by("pk").select_for_update(of=("self",), no_key=True)
    return [(model, list(model.facts.all())) for model in models]


class _RowsByName:
    """All organizations or all licenses, loaded once and looked up by name."""

    def __init__(self, kind: Any) -> None:
        self._kind = kind
        self._rows = {row.name: row for row in kind.objects.all()}

    def get_or_create(self, name: str | None) -> Any:
        """Return the row with this name, and create it if it is missing. Return None if `name` is None."""
        if name is None:
            return None
        if name not in self._rows:
            self._rows[name] = self._kind.objects.create(name=name, slug=pick_free_slug(self._kind, name))
        return self._rows[name]


def pick_free_slug(kind: Any, name: str) -> str:
    """Return an unused slug for this name, with a number at the end if the plain slug is taken."""
    slug = slugify(name)[:90] or "unnamed"  # the column can store 100 characters, including the number
    candidates = (slug if number == 1 else f"{slug}-{number}" for number in count(1))
    return next(candidate for candidate in candidates if not kind.objects.filter(slug=candidate).exists())
