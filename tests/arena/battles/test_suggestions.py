"""The cards of the home page."""

import re

import pytest

from arena.battles import suggestions, suggestions_file
from arena.models import Suggestion

pytestmark = pytest.mark.django_db
SHIPPED = list(suggestions._load_bundled_cards().values())


def own(*categories):
    """The keys of a team's own cards, one for each of these categories."""
    questions = [Suggestion(prompt=f"Question {n}?", category=category) for n, category in enumerate(categories)]
    return [suggestion.pk for suggestion in Suggestion.objects.bulk_create(questions)]


def test_shipped_prompts_are_many_and_of_all_kinds():
    assert len(SHIPPED) >= 60
    assert {card.category for card in SHIPPED} == set(suggestions.CATEGORY_NAMES)
    assert len({card.prompt for card in SHIPPED}) == len(SHIPPED)
    assert sum("[" in card.prompt for card in SHIPPED) >= len(SHIPPED) / 2


@pytest.mark.parametrize("card", SHIPPED, ids=lambda card: f"{card.category}-{card.key}")
def test_shipped_prompt_fits_on_a_card(card):
    assert card.prompt == card.prompt.strip()
    assert 30 <= len(card.prompt) <= 300
    assert card.prompt.count("[") == card.prompt.count("]") <= 1


def test_marks_around_code_can_be_left_out():
    card = suggestions.SuggestionCard(1, "Fix this:\n```python\nx = 1\n```", "coding").without_code_marks()
    assert (card.key, card.category, card.prompt.split()) == (1, "coding", ["Fix", "this:", "x", "=", "1"])


def test_shipped_prompts_can_be_loaded_by_a_team_too():
    assert suggestions_file.import_suggestions(suggestions.BUNDLED_FILE) == {
        card.prompt: card.category for card in SHIPPED
    }


def test_some_are_four_of_different_categories():
    for _ in range(20):
        cards = suggestions.draw_cards()
        assert len(cards) == len({card.category for card in cards}) == 4


def test_some_are_shuffled():
    assert len({tuple(card.key for card in suggestions.draw_cards()) for _ in range(20)}) > 10


def test_some_are_a_teams_own_as_soon_as_there_are_any():
    keys = own("x")

    assert [(card.key, card.prompt, card.title) for card in suggestions.draw_cards()] == [(keys[0], "Question 0?", "x")]


@pytest.mark.parametrize(
    ("categories", "count"),
    [("x", 1), ("xxx", 3), ("xxxxx", 4), ("xxxxy", 4), ("vwxyz", 4)],
)
def test_some_are_as_many_and_as_various_as_there_are(categories, count):
    own(*categories)
    for _ in range(10):
        cards = suggestions.draw_cards()
        assert len(cards) == len({card.key for card in cards}) == count
        assert len({card.category for card in cards}) == min(len(set(categories)), 4)


@pytest.mark.parametrize(("categories", "fresh"), [("xxxxxxxx", 4), ("vwxyvwxy", 4), ("xxxxx", 1), ("vwxyzz", 2)])
def test_some_are_others_than_the_shown_ones_as_far_as_there_are_enough(categories, fresh):
    previous = own(*categories)[:4]
    for _ in range(10):
        cards = suggestions.draw_cards(previous)
        assert len(cards) == 4
        assert len({card.key for card in cards} - set(previous)) == fresh


def test_some_read_only_the_texts_that_are_shown(django_assert_num_queries):
    own(*"vwxyz" * 40)
    with django_assert_num_queries(2):
        suggestions.draw_cards()


def test_card_of_ours_shows_its_category_by_name():
    assert suggestions.SuggestionCard(1, "Why?", "roleplay").title == "Role play"


@pytest.mark.parametrize("teams", [False, True])
def test_prompt_of_is_that_of_a_card_that_is_offered(teams):
    keys = own("x") if teams else [1]

    assert suggestions.get_card_prompt(keys[0]) == ("Question 0?" if teams else SHIPPED[0].prompt)
    assert suggestions.get_card_prompt(keys[0] + 10**9) == ""


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        (SHIPPED[0].prompt, True),
        (f"\n {SHIPPED[-1].prompt}\t", True),
        ("Question 0?", True),
        ("Question 0", False),
        (SHIPPED[0].prompt + "!", False),
        (re.sub(r"\[.*\]", "[a bus company]", SHIPPED[0].prompt), False),
        ("x" * 24_000, False),
    ],
    ids=["shipped", "with space around", "a team's own", "nearly", "longer", "filled in", "long"],
)
def test_is_suggestion_compares_whole_texts(prompt, expected):
    own("x")

    assert suggestions.is_suggestion(prompt) is expected


@pytest.mark.parametrize(("categories", "like", "first"), [("vvwxyz", 0, 1), ("wxyzvv", 4, 5), ("wxyzv", 4, None)])
def test_first_card_is_of_the_category_that_was_asked(categories, like, first):
    keys = own(*categories)
    for _ in range(10):
        cards = suggestions.draw_cards(like=keys[like])
        assert keys[like] not in {card.key for card in cards}
        assert first is None or cards[0].key == keys[first]


@pytest.mark.parametrize("teams", [False, True])
def test_card_is_found_by_its_question(teams):
    keys = own("x") if teams else [1]

    assert suggestions.find_card_key(suggestions.get_card_prompt(keys[0]) + " ") == keys[0]
    assert suggestions.find_card_key("Something else?") == 0
