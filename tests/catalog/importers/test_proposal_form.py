"""Values that the proposal form accepts and rejects."""

import pytest

from catalog.importers.proposal_form import MAX_WHY_LENGTH, ProposalForm

GOOD = {
    "model": "Third 7B",
    "organization": "Third Lab",
    "weights": "https://example.com/third",
    "license": "MIT",
    "why": "It is missing.\n<b>Really</b>",
}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"weights": ""},
        {"license": ""},
        {"weights": "http://example.com"},
        {"model": "漢字 7B"},
        {"why": "x" * 2000},
    ],
)
def test_good_proposals_are_taken(changes):
    form = ProposalForm(GOOD | changes)
    assert form.is_valid(), form.errors
    assert form.cleaned_data == GOOD | changes


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("model", ""),
        ("model", "  "),
        ("model", "x" * 201),
        ("model", "a\nb"),
        ("model", "a\x00b"),
        ("model", "a\u202eb"),
        ("model", "\ud800"),
        ("organization", ""),
        ("organization", "x" * 201),
        ("license", "x" * 201),
        ("license", "a\tb"),
        ("weights", "javascript:alert(1)"),
        ("weights", "data:text/html,x"),
        ("weights", "ftp://example.com/x"),
        ("weights", "//example.com/x"),
        ("weights", "example.com"),
        ("weights", "https://"),
        ("weights", "https://user:word@example.com/"),
        ("weights", 'https://example.com/"onclick=x y'),
        ("weights", f"https://example.com/{'x' * 300}"),
        ("why", ""),
        ("why", "x" * (MAX_WHY_LENGTH + 1)),
        ("why", "a\x00b"),
    ],
)
def test_others_are_refused_at_their_field(field, value):
    assert list(ProposalForm(GOOD | {field: value}).errors) == [field]
