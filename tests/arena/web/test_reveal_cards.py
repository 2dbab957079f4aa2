"""Tests the texts about a model on the page of a judged battle."""

from datetime import UTC, datetime

import pytest

from arena.battles.reveal import RatingChanges
from arena.endpoints.performance import EndpointPerformance
from arena.models import Battle, Contestant
from arena.web.reveal_cards import build_ratings, describe_card, describe_prediction

FIELDS = (
    *("open_weights", "license", "size", "active_size", "answers", "first_token_s", "tokens_per_s", "tokens", "cost"),
    *("usual_performance", "price"),
)
NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
QUOKKA = "<bdi>Quokka &lt;7B&gt;</bdi>"
PREDICTED = "Predicted win rate of"
SLOW = EndpointPerformance(answers=9, failures=0, calls=9, first_token_s=None, tokens_per_s=4.4)


@pytest.mark.parametrize(
    ("card", "facts", "figures"),
    [
        ({}, [], []),
        ({"open_weights": False, "license": "MIT"}, ["closed", "MIT license"], []),
        ({"size": "8B"}, ["8B parameters"], []),
        ({"open_weights": True, "size": "9B", "active_size": "1B"}, ["open weights", "9B parameters, 1B active"], []),
        ({"cost": "$1"}, [], []),  # a cost alone says nothing
        ({"answers": 1, "tokens": 1, "cost": "$1"}, [], [("This answer", ["1 token", "$1"])]),
        ({"answers": 2, "first_token_s": 0}, [], [("These 2 answers", ["first token after 0.00 s"])]),
        ({"usual_performance": SLOW}, [], [("Usually", ["4 tokens/s"])]),
        ({"price": ("$1", "$2")}, [], [("Price per million tokens", ["$1 input", "$2 output"])]),
    ],
)
def test_card_says_what_is_known(card, facts, figures):
    assert describe_card(dict.fromkeys(FIELDS) | card) == {"facts": facts, "figures": figures}


@pytest.mark.parametrize(
    ("lead", "winner", "html"),
    [
        (-330, "a", f"<strong>An upset.</strong> {PREDICTED} {QUOKKA}: 13%."),
        (-330, "b", f"<strong>As expected.</strong> {PREDICTED} <bdi>Wombat</bdi>: 87%."),
        (160, "a", f"<strong>As expected.</strong> {PREDICTED} {QUOKKA}: 72%."),
        (20, "b", f"<strong>A close match.</strong> {PREDICTED} <bdi>Wombat</bdi>: 47%."),
        (35, "b", f"<strong>An upset.</strong> {PREDICTED} <bdi>Wombat</bdi>: 45%."),
        (330, "tie", f"{PREDICTED} {QUOKKA}: 87%."),
        (-330, "both_bad", f"{PREDICTED} <bdi>Wombat</bdi>: 87%."),
        (0, "tie", f"<strong>A close match.</strong> {PREDICTED} {QUOKKA}: 50%."),
    ],
)
def test_prediction_says_what_was_expected(lead, winner, html):
    models = {"contestant_a": Contestant(name="Quokka <7B>"), "contestant_b": Contestant(name="Wombat")}
    ratings = {"a": {"rating": 1000.0 + lead}, "b": {"rating": 1000.0}}

    assert describe_prediction(Battle(standing=ratings, **models), winner) == html
    for unrated in (None, ratings | {"b": None}, {"a": None, "b": None}):
        assert describe_prediction(Battle(standing=unrated, **models), winner) == ""


@pytest.mark.parametrize(
    ("before", "now", "board_time", "change"),
    [
        (1034.4, 1061.2, NOON, "+27"),
        (1034.4, 34.4, NOON, "\N{MINUS SIGN}1,000"),
        (1034.4, 1034.3, NOON, "±0"),
        (1012.5, 1030.5, NOON, "+18"),  # 1,013 and 1,031 on the page, and not 1,012 and 1,030
        (1013, 1030.5, NOON, "+18"),
        (1034.4, 1034.4, None, ""),
        (None, 1034.4, NOON, ""),
    ],
)
def test_change_is_the_difference_of_the_rounded_ratings_on_the_next_board(before, now, board_time, change):
    rows = [{"a": rating and {"rating": rating}, "b": None} for rating in (before, now)]
    ratings = build_ratings({side: Contestant() for side in "ab"}, RatingChanges("live", board_time, *rows, None))

    assert [row["change"] for row in ratings["rows"]] == [change, ""]
