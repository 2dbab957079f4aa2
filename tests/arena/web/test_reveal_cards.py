"""Tests the texts about a model on the page of a judged battle."""

import pytest

from arena.endpoints.performance import EndpointPerformance
from arena.web.reveal_cards import describe_card

FIELDS = (
    *("open_weights", "license", "size", "active_size", "answers", "first_token_s", "tokens_per_s", "tokens", "cost"),
    *("usual_performance", "price"),
)
SLOW = EndpointPerformance(answers=9, failures=0, calls=9, first_token_s=None, tokens_per_s=4.4)


@pytest.mark.parametrize(
    ("card", "facts", "figures"),
    [
        ({}, [], []),
        ({"open_weights": False, "license": "MIT"}, ["closed", "license MIT"], []),
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
