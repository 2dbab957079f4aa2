"""Facts as text."""

from datetime import UTC, date, datetime

import pytest

from catalog.facts.claims import HAND_SOURCE, record_claims
from catalog.facts.fields import FACT_FIELDS, UNPUBLISHED, Claim
from catalog.facts.labels import FIELD_LABELS, build_fact_rows, extract_link, format_value, shorten_source
from catalog.models import Fact
from tests import factories


def test_every_field_has_a_name_and_a_sentence_on_why_it_matters():
    assert list(FIELD_LABELS) == list(FACT_FIELDS)
    assert all(
        str(label) and str(explanation).endswith(".") and str(explanation).count(". ") == 0
        for label, explanation in FIELD_LABELS.values()
    )


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("open_weights", True, "yes"),
        ("tools", False, "no"),
        ("release_date", "2024-05", "May 2024"),
        ("release_date", "2024-05-13", "May 13, 2024"),
        ("parameters_total", 671_000_000_000, "671B"),
        ("context_window", 128_000, "128,000"),
        ("modalities", ["text", "image"], "text, image"),
        ("license", "MIT", "MIT"),
        ("tokens_per_minute", "30000 (tier 1)", "30,000 (tier 1)"),
        ("fine_tuning", "api", "with the provider's API"),
        ("fine_tuning", "weights", "of the public weights"),
    ],
)
def test_values_are_as_precise_as_their_source(field, value, words):
    assert format_value(field, value) == words


@pytest.mark.parametrize(
    ("source", "address"),
    [
        ("https://a.example/b (as listed elsewhere)", "https://a.example/b"),
        ("litellm 1.110.2 price table, gpt-4", ""),
        ("see (http://a.example)", "http://a.example"),
        ("javascript:alert(1)", ""),
    ],
)
def test_only_web_addresses_become_links(source, address):
    assert extract_link(source) == address


@pytest.mark.django_db
def test_told_gives_the_chosen_fact_with_its_source_and_what_others_say():
    model = factories.model("x")
    day = date(2026, 1, 2)
    claims = [Claim("context_window", 5, "https://a.example", day), Claim("context_window", 6, "b", day)]
    record_claims({model.pk: [*claims, Claim("tools", True, "c", day)]}, Fact.Origin.SHIPPED)
    model.refresh_from_db()
    context, tools = build_fact_rows(model)
    assert (context.label, context.value, context.others) == ("Context", "5", ("6",))
    assert context.source == "https://a.example"
    assert (tools.label, tools.value, tools.source, tools.as_of, tools.others) == ("Tool calling", "yes", "c", day, ())
    assert not tools.by_hand


@pytest.mark.django_db
def test_a_value_that_the_maker_does_not_publish_is_shown_with_source_and_day():
    model = factories.model("x")
    day = date(2026, 1, 2)
    record_claims({model.pk: [Claim("parameters_total", UNPUBLISHED, "https://a.example", day)]}, Fact.Origin.SHIPPED)
    model.refresh_from_db()
    [row] = build_fact_rows(model)
    assert (row.value, row.source, row.as_of) == ("not published by its maker", "https://a.example", day)
    assert model.parameters_total is None


@pytest.mark.django_db
def test_told_says_what_was_set_by_hand_and_what_sources_say_instead():
    model = factories.model("x", context_window=7)
    today = datetime.now(UTC).date()
    assert [(row.value, row.source, row.as_of, row.by_hand) for row in build_fact_rows(model)] == [
        ("7", HAND_SOURCE, today, True)
    ]
    record_claims({model.pk: [Claim("layers", 5, "a", date(2026, 1, 2))]}, Fact.Origin.SHIPPED)
    model.refresh_from_db()
    model.layers = 6
    context, layers = build_fact_rows(model)
    assert (context.source, context.as_of) == (HAND_SOURCE, today)  # stored before the claims of the source
    assert (layers.value, layers.source, layers.as_of, layers.others) == ("6", HAND_SOURCE, today, ("5",))


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("https://github.com/BerriAI/litellm/blob/main/prices.json (litellm 1.110.2, gpt-4o)", "litellm 1.110.2"),
        ("https://github.com/x/y (llm-stats, October 2025, CC BY 4.0; host z)", "llm-stats"),
        ("https://models.dev", "models.dev"),
        ("https://api-docs.deepseek.com/pricing (off-peak)", "api-docs.deepseek.com"),
        ("https://maker.example/pricing and a call", "maker.example"),
        ("by hand (of the invoice)", "by hand (of the invoice)"),
        ("", ""),
    ],
)
def test_source_is_called_briefly(source, words):
    assert shorten_source(source) == words
