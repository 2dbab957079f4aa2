"""Tests the texts about a model on the page of a judged battle."""

import pytest

from arena.endpoints.performance import EndpointPerformance
from arena.models import Battle
from arena.web.reveal_cards import describe_card, describe_prediction
from catalog.models import LanguageModel

FIELDS = (
    *("open_weights", "license", "size", "active_size", "answers", "first_token_s", "tokens_per_s", "tokens", "cost"),
    *("usual_performance", "price"),
)
QUOKKA = "<bdi>Quokka &lt;7B&gt;</bdi>"
FAVORED = f"{QUOKKA} was the favorite: predicted win rate"
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
    ("lead", "winner", "provisional", "html"),
    [
        (-330, "a", False, "<strong>An upset.</strong> <bdi>Wombat</bdi> was the favorite: predicted win rate 87%."),
        (160, "a", True, f"<strong>As expected.</strong> {FAVORED} 72%. Ratings are provisional."),
        (330, "tie", False, f"{FAVORED} 87%."),
        (0, "a", False, f"<strong>A close match.</strong> {QUOKKA} had a predicted win rate of 50%."),
    ],
)
def test_prediction_says_what_was_expected(lead, winner, provisional, html):
    models = {"model_a": LanguageModel(name="Quokka <7B>"), "model_b": LanguageModel(name="Wombat")}
    ratings = {"a": {"rating": 1000.0 + lead, "provisional": provisional}, "b": {"rating": 1000.0}}
    battle = Battle(standing=ratings, **models)

    assert describe_prediction(battle, winner) == html


def test_prediction_needs_two_ratings():
    assert describe_prediction(Battle(standing={"a": {"rating": 1000.0}, "b": None}), "a") == ""
