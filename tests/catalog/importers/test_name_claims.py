"""Claims that the names of models make."""

from datetime import date

import pytest

from catalog.facts.claims import record_claims
from catalog.facts.conflicts import find_conflicts
from catalog.facts.fields import Claim
from catalog.importers.name_claims import iter_name_claims, record_name_claims
from catalog.models import Fact
from tests import factories

DAY = date(2026, 11, 27)


@pytest.mark.parametrize(
    ("name", "provider", "values"),
    [
        ("Granite 4.2 8B", "", {"organization": "IBM", "parameters_total": 8 * 10**9}),
        (
            "qwen3.5-35b-a3b",
            "",
            {"organization": "Alibaba", "parameters_total": 35 * 10**9, "parameters_active": 3 * 10**9},
        ),
        ("Aurora", "xai", {"organization": "xAI"}),
        ("ELIZA", "", {}),
    ],
)
def test_name_claims_what_it_states(name, provider, values):
    claims = list(iter_name_claims(name, provider, DAY))
    assert {claim.field: claim.value for claim in claims} == values
    assert all((claim.source, claim.as_of) == (f"read from the name “{name}”", DAY) for claim in claims)


@pytest.mark.django_db
def test_any_other_source_is_trusted_more_and_is_no_conflict():
    model = factories.model("granite-4.2-8b")
    record_name_claims({model.pk: "Granite 4.2 8B"})
    record_claims({model.pk: [Claim("parameters_total", 8_170_000_000, "a paper", DAY)]}, Fact.Origin.FILE)
    model.refresh_from_db()
    assert (model.organization.name, model.parameters_total) == ("IBM", 8_170_000_000)
    assert find_conflicts() == []


@pytest.mark.django_db
def test_second_run_changes_nothing():
    model = factories.model("granite-4.2-8b")
    record_name_claims({model.pk: "Granite 4.2 8B"})
    before = list(Fact.objects.values())
    record_name_claims({model.pk: "Granite 4.2 8B"})
    assert list(Fact.objects.values()) == before
