"""Claims about a model's maker and size that are parsed from its name. They are the least trusted claims."""

from collections.abc import Iterator, Mapping
from datetime import date

from django.utils.timezone import now

from catalog.facts.claims import record_claims
from catalog.facts.fields import Claim
from catalog.matching.names import parse_model_name
from catalog.models import Fact

MAX_NAME_LENGTH = 300  # leaves room for the other words of a source


def record_name_claims(names: Mapping[int, str], providers: Mapping[int, str] | None = None) -> None:
    """Record the claims in the names of models. Models that already have such claims are skipped.

    names: names of models, keyed by model key.
    providers: the companies that list the models, keyed by model key (see `names.parse_model_name`).
    """
    known_keys = set(Fact.objects.filter(origin=Fact.Origin.NAME, model__in=names).values_list("model", flat=True))
    today = now().date()
    listed_by = providers or {}
    claims = {
        key: list(iter_name_claims(name, listed_by.get(key, ""), today))
        for key, name in names.items()
        if key not in known_keys
    }
    record_claims({key: name_claims for key, name_claims in claims.items() if name_claims}, Fact.Origin.NAME)


def iter_name_claims(name: str, provider: str, today: date) -> Iterator[Claim]:
    """Yield the claims in a name. The source of each claim contains the name."""
    parsed = parse_model_name(name, provider)
    values = {
        "organization": parsed.maker,
        "parameters_total": parsed.parameters_total,
        "parameters_active": parsed.parameters_active,
    }
    for field, value in values.items():
        if value is not None:
            yield Claim(field, value, f"read from the name “{name[:MAX_NAME_LENGTH]}”", today)
