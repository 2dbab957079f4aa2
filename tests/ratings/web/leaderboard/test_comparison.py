"""Models side by side: the figures are those of the board and of its pairs."""

from collections import defaultdict
from dataclasses import asdict, replace
from datetime import date

import pytest

from catalog.models import LanguageModel
from ratings.boards import pairwise, snapshot_cache
from ratings.boards.interval_explanations import PUBLISHED_INTERVAL
from ratings.boards.model_facts import UNKNOWN_FACTS, BoardModelFacts, load_facts
from ratings.boards.snapshots import BoardKey
from ratings.pipeline import board_refresh
from ratings.web.leaderboard.columns import LeaderboardEntry
from ratings.web.leaderboard.comparison import compare_models, round_estimate
from tests import factories

pytestmark = pytest.mark.django_db
LIVE = BoardKey()
DASH = "\N{EN DASH}"


def entries(board_key=LIVE):
    return [LeaderboardEntry(row) for row in snapshot_cache.get_board(board_key).rows]


@pytest.fixture
def voted():
    x, y, z = (factories.model(slug) for slug in "xyz")
    for a, b, outcomes in ((x, y, "a" * 9 + "b" * 4), (y, z, "a" * 8 + "b" * 4), (x, z, "a" * 3 + "b")):
        for outcome in outcomes:
            factories.cast(a, b, outcome)
    factories.cast(x, y, "tie")
    factories.cast(factories.model("w"), x, "a")
    board_refresh.refresh()


def test_pair_has_the_figures_of_the_pairs_of_the_board(voted):
    found = pairwise.build_matrices(LIVE, ["x", "y"])
    shown = compare_models(LIVE, entries(), ("y", "x", "nobody"))
    assert [card.row["model"] for card in shown.cards] == ["x", "y"]
    assert shown.computed_at == found["computed_at"]
    diff, error, chance, needed = (found[name][0][1] for name in ("diff", "diff_se", "win_probability", "votes_needed"))
    [pair] = shown.pairs
    assert asdict(pair) == {
        "better": "X",
        "worse": "Y",
        "diff": f"+{diff:.0f} ± {1.96 * error:.0f}",
        "chance": f"{100 * chance:.0f}%",
        "direct": "14 votes: 9 won, 4 lost, 1 tied",
        "needed": f"about {round_estimate(needed)}",
        "note": "",
        "is_significant": False,
    }
    all_pairs = compare_models(LIVE, entries(), ("z", "y", "x")).pairs
    assert [(each.better, each.worse) for each in all_pairs] == [("X", "Y"), ("X", "Z"), ("Y", "Z")]
    assert all(each.diff.startswith("+") for each in all_pairs)


def test_unbounded_model_cannot_be_compared_and_says_why(voted):
    shown = compare_models(LIVE, entries(), ("w", "y"))
    [pair] = shown.pairs
    assert (pair.diff, pair.direct) == ("cannot be compared", "no votes between them")
    assert pair.note == "The interval of W has an open end, so no difference can be estimated."
    [card, _] = shown.cards
    assert any("never lost" in reason for reason in card.reasons)
    assert lines(shown)["Rating"][0] == f"{card.row['rating']:,.0f} (at least {card.row['ci_low']:,.0f})"


def lines(shown):
    return {line.label: line.cells for line in shown.lines}


def test_figures_stand_in_lines_and_what_is_unknown_of_one_is_a_dash(voted):
    known = BoardModelFacts(organization="Acme", open_weights=True, context=131_072)
    both = [
        replace(each, facts=known if each.slug == "x" else UNKNOWN_FACTS) for each in entries() if each.slug in "xy"
    ]
    both[0] = replace(both[0], row=both[0].row | {"organization": "Acme", "open_weights": True})
    shown = compare_models(LIVE, both, ("x", "y"))
    found = lines(shown)
    assert list(found)[:3] == ["Rank", "Rating", "Tier"]
    assert found["Votes"] == ["19", "26"]
    assert found["Context"] == ["131K", DASH]
    assert (found["Maker"], found["Weights"]) == (["Acme", DASH], ["open", DASH])
    assert all("±" in text for text in found["Rating"])
    assert not {"Price per 1M", "License"} & found.keys()
    assert any("19 votes" in reason for reason in shown.cards[0].reasons)

    assert compare_models(LIVE, entries(), ("x", "y")).unknown == [
        "No data yet: Size, Price per 1M, Context, Speed, First token, Failed, Released.",
    ]
    assert compare_models(LIVE, entries(), ("nobody",)).unknown == []


def test_elo_has_differences_without_errors(voted):
    elo = BoardKey(method="elo")
    [pair] = compare_models(elo, entries(elo), ("x", "z")).pairs
    assert "±" not in pair.diff
    assert pair.needed == DASH
    assert pair.note.startswith("Elo ratings have no standard errors")


@pytest.mark.parametrize(
    ("votes", "told"), [(1, 1), (99, 99), (100, 100), (149, 150), (218_578, 220_000), (1_234_567, 1_200_000)]
)
def test_estimate_has_two_digits_that_count(votes, told):
    assert round_estimate(votes) == told


def test_pair_without_a_chain_of_votes_says_why_it_has_no_figures(voted):
    for winner in "aab":
        factories.cast(factories.model("p"), factories.model("q"), winner)
    board_refresh.refresh()
    why = [pair.note for pair in compare_models(LIVE, entries(), ("x", "p")).pairs]
    assert why == ["No chain of votes connects these models, so their ratings are on different scales."]


def test_pins_that_are_not_on_the_board_are_named(voted):
    assert compare_models(LIVE, entries(), ("x", "nobody")).missing == ["nobody"]
    factories.model("gone", name="Gone 7B")
    assert compare_models(LIVE, entries(), ("x", "gone")).missing == ["Gone 7B"]
    assert compare_models(LIVE, entries(), ("nobody",)).cards == []
    assert compare_models(LIVE, entries(), ()) is None


def test_page_says_that_a_pin_is_not_on_the_board(client, voted):
    for pins in (["<nobody>"], ["x", "<nobody>"], ["x", "y", "<nobody>"]):
        html = client.get("/leaderboard/", {"pin": pins}).content.decode()
        assert "Not on this board: <bdi>&lt;nobody&gt;</bdi>" in " ".join(html.split())


def published(model, rating, half, **facts):
    figures = {"rating": rating, "ci_low": rating - half, "ci_high": rating + half, "interval": PUBLISHED_INTERVAL}
    about = {"model": model, "name": model.upper(), "unbounded": False, "provisional": False}
    row = defaultdict(lambda: None, **about, **figures)
    return LeaderboardEntry(row, replace(UNKNOWN_FACTS, **facts))


@pytest.mark.parametrize(("lead", "diff"), [(10.4, "+10.4 ± 10.0"), (10.04, "+10.04 ± 10.00"), (10.6, "+11 ± 10")])
def test_difference_has_enough_decimals_to_agree_with_the_verdict(lead, diff):
    [pair] = compare_models(LIVE, [published("x", 1500 + lead, 6), published("y", 1500, 8)], ("x", "y")).pairs
    assert (pair.diff, pair.is_significant) == (diff, True)


@pytest.mark.parametrize(
    ("lead", "why"),
    [
        (10, "The difference is not significant: their order is uncertain."),
        (11, "They differ significantly."),
    ],
)
def test_published_ratings_are_compared_by_their_intervals(lead, why):
    rows = [published("x", 1500 + lead, 6, retires_on=date(2026, 12, 1)), published("y", 1500, 8)]
    shown = compare_models(LIVE, rows, ("x", "y"))
    [pair] = shown.pairs
    assert (pair.better, pair.worse, pair.diff, pair.note) == ("X", "Y", f"+{lead} ± 10", why)
    lines = {line.label: line.cells for line in shown.lines}
    assert lines["Retirement"] == ["December 1, 2026", DASH]


def test_best_value_of_a_line_is_named_unless_all_are_alike_or_none_is_better(voted):
    prices = {"x": 2, "y": 1, "z": 2}
    both = [
        replace(each, facts=BoardModelFacts(price_input=prices[each.slug], price_output=prices[each.slug], context=8))
        for each in entries()
        if each.slug in prices
    ]
    best = {line.label: line.best for line in compare_models(LIVE, both, ("x", "y", "z")).lines}
    assert (best["Price per 1M"], best["Context"], best["Votes"]) == ("$1.00", "", "")


def test_exactly_two_models_that_answer_here_can_battle(voted):
    def can_battle(pins):
        facts = load_facts([{"model": slug} for slug in "wxyz"])
        return compare_models(LIVE, [replace(each, facts=facts[each.slug]) for each in entries()], pins).can_battle

    for slug in "xz":
        factories.endpoint(LanguageModel.objects.get(slug=slug))
    assert (can_battle("xz"), can_battle("xy")) == (True, False)
    factories.endpoint(LanguageModel.objects.get(slug="y"))
    assert (can_battle("xy"), can_battle("xyz")) == (True, False)
