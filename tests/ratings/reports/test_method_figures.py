"""The figures of the method page, and the page."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.template.loader import render_to_string

from arena.models import Pool
from ratings.boards import snapshots
from ratings.boards.snapshots import BoardKey
from ratings.pipeline import board_refresh, pool_figures
from ratings.reports import method_figures
from ratings.reports.method_figures import ModelShare, StoredCounts, build_maker_shares
from tests import factories

PAGE = "/method/"
pytestmark = pytest.mark.usefixtures("at_once")


def published():
    board_refresh.refresh()
    pool_figures.update_pool_figures()


def figures():
    return method_figures.load_method_figures(
        snapshots.load_newest_board(BoardKey("live", "overall", style_control=False, method="bt"))
    )


def text(client, **query):
    answer = client.get(PAGE, query)
    assert answer.status_code == 200
    return plain(answer.content.decode())


def plain(html):
    return " ".join(re.sub(r"<[^>]*>|&nbsp;", " ", html).split())


@pytest.mark.parametrize(
    ("least", "most", "words"),
    [
        (20.0, 28.0702, "Least likely pair 20% Most likely pair 28.1%"),
        (0.00123, 99.97, "Least likely pair 0.00123% Most likely pair 100%"),
    ],
)
def test_chances_are_told_in_digits_that_count(least, most, words):
    draw = {"pairs": 3, "least": least, "most": most}
    shown = render_to_string("ratings/method/_method_draw.html", {"counts": {"draw": draw}, "even_share": 20})
    assert words in plain(shown)


@pytest.mark.django_db
def test_models_that_are_drawn_and_have_no_votes_yet_are_told_too(client):
    x, y, newcomer = (factories.fighter(factories.model(slug)) for slug in ("x", "y", "newcomer"))
    factories.cast(x, y)
    published()

    parts = figures().counts.shares

    assert [(part.slug, part.counted, part.uncounted, part.percent) for part in parts[2:]] == [("newcomer", 0, 0, 0.0)]
    assert sum(part.chance for part in parts) == pytest.approx(200)
    assert figures().counts.rated == 2
    assert newcomer.name in text(client)


@pytest.mark.django_db
def test_page_shows_the_figures_of_the_board(client):
    x, y = factories.model("x", name="<X> One", organization=factories.organization("Kiwi")), factories.model("y")
    for winner, number in (("a", 3), ("b", 2)):
        for _ in range(number):
            factories.cast(x, y, winner, propensity=0.5)
    factories.cast(x, y, counted=False, created_at=factories.LONG_AGO, reason="identity_leak")
    published()

    shown = text(client)

    for words in (
        "Votes that count 5",
        "Votes that do not count 1",
        "1 : an answer revealed which model wrote it",
        "Of the 5 votes with a winner, 60.0% went to the left answer (95% interval: 23.1 to 88.2%)",
        "&lt;X&gt; One 5 100.0 1 1: an answer revealed which model wrote it",
        "Kiwi 1 0 50.0",
        "2 models have votes that count, and 2 are on the board. So no model was tested in secret",
        "This board has 2 bounded intervals",
        "95.7% if 5 such people cast a total of 400 votes on 4 models (74.1% if the votes are treated as independent),",
        "94.8% for 10 people, and 95.8% for 20 people",
        "98.7% if one of the 5 people cast 60% of the votes (61.2% if the votes are treated as independent), and 98.6%",
        "and 98.6% if one of 60",
        "the expected number that miss the true rating is about 0.1",
        "./scripts/manage verify_ratings --pool live",
        "No private tests.",
        "A vote that could be unfair does not count, or counts less.",
    ):
        assert words in shown


@pytest.mark.django_db
def test_page_of_imported_votes_leaves_out_what_has_no_meaning(client):
    factories.pool("public", kind=Pool.Kind.IMPORT, name="Votes of 2024", provenance="From a public file.")
    factories.cast(*factories.models(2), pool="public", source="import")
    published()

    shown = text(client, pool="public")

    assert "Votes that count 1" in shown
    assert "could be unfair" not in shown  # these votes were not checked here
    assert "From a public file." in shown
    assert "Of the 1 votes with a winner" in shown
    assert "These votes were cast elsewhere. That site's rules decided which models were compared" in shown
    absent = (
        "How pairs are drawn",
        "if 5 such people",
        "were skipped. In",
        "Next battle",
        "No private tests",
        "None",
    )
    for words in absent:
        assert words not in shown


@pytest.mark.django_db
def test_page_of_counts_without_an_order_knows_neither_sides_nor_elo_nor_people(client):
    factories.pool("sums", kind=Pool.Kind.IMPORT, ordered=False)
    factories.cast(*factories.models(2), pool="sums", source="import")
    published()
    shown = text(client, pool="sums")
    assert "went to the left answer" not in shown
    assert "so we don't know which answer was on the left, which battles were skipped" in shown
    assert "fewer than 100 votes, or if its interval's half-width is more than 50 points." in shown
    assert "Every model starts at 1,000" not in shown


@pytest.mark.django_db
def test_page_before_the_first_vote_is_whole(client):
    shown = text(client)
    assert "are being counted" in shown
    pool_figures.update_pool_figures()
    shown = text(client)
    assert "Votes that count 0" in shown
    assert "No votes have been counted yet." in shown
    assert "None" not in shown


FIGURES = ("rank_low", "rank_high", "rank_ub", "tier", "provisional", "votes_needed", "exclude-ties", "unbounded")


@pytest.mark.django_db
def test_page_tells_how_each_figure_is_made(client):
    factories.cast(*factories.models(2))
    published()
    html, shown = client.get(PAGE).content.decode(), text(client)
    assert html.count('href="#figures"') == 2
    assert 'id="figures"' in html
    for name in FIGURES:
        assert f"<code>{name}</code>" in html
    for words in (
        "in each group of connected models, the mean rating of the models with a bounded interval is set to 1,000",
        "fewer than 100 votes or fewer than 5 voters, or if its interval's half-width is more than 50 points.",
        "the first model gains 4 (y − p) points and the second loses as many",
        "and otherwise unbounded at both ends",
    ):
        assert words in shown
    assert "is shown with a rating" not in shown
    assert "With style control, p is" not in shown


@pytest.mark.django_db
def test_page_tells_of_the_anchor(client, settings):
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, arena_anchor=("x", 1234.5))
    factories.cast(factories.model("x"), factories.model("y"))
    published()
    assert (
        "In this arena, x is shown with a rating of 1,234.50, and its whole group is shifted by the same amount"
        in text(client)
    )


def part(slug, maker, percent, *, retired=False, chance=None):
    return ModelShare(slug, slug.title(), maker, retired, 1, [], percent, chance)


def test_makers_have_the_sides_of_all_votes_between_them():
    shares = [
        part("a", "Acme", 90.0),
        part("b", "Bolt", 80.0),
        part("c", "Acme", 20.0, retired=True),
        part("d", "", 10.0),
    ]
    found = build_maker_shares(shares)
    assert [(maker.name, maker.model_count, maker.retired_count, maker.percent) for maker in found] == [
        ("Acme", 2, 1, 55.0),
        ("Bolt", 1, 0, 40.0),
        ("", 1, 0, 5.0),
    ]
    assert sum(maker.percent for maker in found) == pytest.approx(100)
    assert {maker.chance for maker in found} == {None}


def test_retired_models_have_the_answers_of_their_votes():
    shares = [part("a", "Acme", 150.0), part("b", "Bolt", 20.0, retired=True), part("c", "", 30.0, retired=True)]
    counts = StoredCounts(datetime.now(UTC), 100, 0, [], [], 0, None, None, None, shares, [], None)
    assert counts.retired_percent == 25
    assert [share.slug for share in counts.retired] == ["b", "c"]


def test_makers_have_the_sides_of_the_next_battle_between_them():
    shares = [part("a", "Acme", 50.0, chance=120.0), part("b", "Bolt", 150.0, chance=80.0)]
    assert [(maker.name, maker.chance) for maker in build_maker_shares(shares)] == [("Bolt", 40.0), ("Acme", 60.0)]
