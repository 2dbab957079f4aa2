"""The cards of the home page, the command `load_prompts`, and the files that it reads."""

import csv
import json
import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from arena.battles import suggestions
from arena.models import Suggestion

pytestmark = pytest.mark.django_db
GOOD = '{"prompt": "Why?", "category": "x"}\n'
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


def test_shipped_prompts_fit_on_a_card():
    for prompt in (card.prompt for card in SHIPPED):
        assert prompt == prompt.strip()
        assert 30 <= len(prompt) <= 300
        assert prompt.count("[") == prompt.count("]") <= 1


def test_marks_around_code_can_be_left_out():
    card = suggestions.SuggestionCard(1, "Fix this:\n```python\nx = 1\n```", "coding").without_code_marks()
    assert (card.key, card.category, card.prompt.split()) == (1, "coding", ["Fix", "this:", "x", "=", "1"])


def test_shipped_prompts_can_be_loaded_by_a_team_too():
    assert suggestions.import_suggestions(suggestions.BUNDLED_FILE) == {card.prompt: card.category for card in SHIPPED}


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


def run(path):
    out = StringIO()
    call_command("load_prompts", str(path), stdout=out)
    return out.getvalue()


def stored():
    return list(Suggestion.objects.values_list("prompt", "category"))


def write(folder, text, name="prompts.jsonl"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def lines(*rows):
    return "".join(json.dumps(row) + "\n" for row in rows)


def row(prompt="Why?", category="x", **more):
    return {"prompt": prompt, "category": category, **more}


def test_load_prompts_replaces_all_cards_and_counts(tmp_path):
    Suggestion.objects.create(prompt="An old one", category="old")
    rows = [row(f"Question {n}?", "xyz"[n % 3]) for n in range(12)]

    assert run(write(tmp_path, lines(*rows))) == "12 prompts in 3 categories\n"

    assert stored() == [(expected["prompt"], expected["category"]) for expected in rows]


def test_load_prompts_reads_csv_and_json_lines_alike(tmp_path):
    rows = [row('She said: "Why,\nthen?"', "zwei Wörter"), row("質問は？", "日本"), row("[x] = 'y'; --", "a;b")]
    for name in ("prompts.csv", "PROMPTS.CSV", "prompts.jsonl", "prompts"):
        path = write(tmp_path, lines(*rows), name)
        if name.lower().endswith(".csv"):
            with path.open("w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, ["category", "notes", "prompt"])
                writer.writeheader()
                writer.writerows(rows)
        assert run(path) == "3 prompts in 3 categories\n"
        assert stored() == [(expected["prompt"], expected["category"]) for expected in rows]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("p.jsonl", "\ufeff" + GOOD),
        ("p.jsonl", "\n" + GOOD.replace("\n", "\r\n") + " \n"),
        ("p.jsonl", GOOD.replace("}", ', "author": 7, "tags": [1]}')),
        ("p.jsonl", GOOD.rstrip("\n")),
        ("p.jsonl", GOOD.replace("Why?", r" \n Why? \u2003")),
        ("p.jsonl", GOOD * 3),
        ("p.jsonl", GOOD + GOOD.replace('"x"', '"y"')),
        ("p.csv", "\ufeffprompt,category\nWhy?,x\n"),
        ("p.csv", "category,,prompt\r\nx,,Why?\r\n\r\n"),
        ("p.csv", 'prompt,category\n" Why?\r\n",x\n'),
    ],
    ids=[
        *("mark", "blank lines", "other columns", "no last line break", "space around", "thrice", "in two categories"),
        *("CSV with mark", "CSV with other columns", "CSV with space around"),
    ],
)
def test_load_prompts_takes_what_a_file_may_have_beside_its_prompts(tmp_path, name, text):
    assert run(write(tmp_path, text, name)) == "1 prompt in 1 category\n"
    assert stored() == [("Why?", "x")]


def test_load_prompts_keeps_line_breaks_as_a_browser_sends_them(tmp_path):
    run(write(tmp_path, 'prompt,category\r\n"One\r\ntwo?",x\r\n', "p.csv"))

    assert stored() == [("One\ntwo?", "x")]


def test_load_prompts_takes_texts_up_to_their_length(tmp_path):
    run(write(tmp_path, lines(row("🙂" * 12_000, "y" * 100))))

    assert stored() == [("🙂" * 12_000, "y" * 100)]


WRONG = {
    "empty prompt": (lines(row(), row(" \n")), "line 2: prompt is missing or empty"),
    "no prompt": (lines({"category": "x"}), "line 1: prompt is missing or empty"),
    "empty category": (GOOD + "\n" + lines(row("How?", "")), "line 3: category is missing or empty"),
    "no category": (lines(row(), {"prompt": "How?"}), "line 2: category is missing or empty"),
    "number": (lines(row(7)), "line 1: prompt must be text"),
    "null": (lines(row("How?", None)), "line 1: category must be text"),
    "long prompt": (lines(row("y" * 24_001)), "line 1: prompt is longer than 24,000 characters"),
    "long category": (lines(row("How?", "y" * 101)), "line 1: category is longer than 100 characters"),
    "NUL": (lines(row("a\0b")), "line 1: prompt contains invalid characters"),
    "NUL in category": (lines(row("How?", "\0")), "line 1: category contains invalid characters"),
    "not JSON": (GOOD + "Why?", "line 2: invalid JSON: "),
    "not an object": (GOOD + '["Why?", "x"]', "line 2: not a JSON object; each line must contain one prompt as {…}"),
    "no rows": ("\n", "prompts.jsonl contains no prompts"),
}
WRONG_CSV = {
    "no header": ("Why?,x\n", "line 1: the column prompt is missing"),
    "no category": ("\n\nprompt,kind\nWhy?,x\n", "line 3: the column category is missing"),
    "a cell too few": ("prompt,category\nWhy?,x\nHow?\n", "line 3: the header has 2 columns, but this line has 1"),
    "line of a record": ('prompt,category\n"One\ntwo",x\n,x\n', "line 4: prompt is missing or empty"),
    "NUL": ("prompt,category\na\0b,x\n", "line 2: prompt contains invalid characters"),
    "no rows": ("prompt,category\n", "prompts.csv contains no prompts"),
}


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [("prompts.jsonl", *case) for case in WRONG.values()] + [("prompts.csv", *case) for case in WRONG_CSV.values()],
    ids=[*WRONG, *(f"CSV: {name}" for name in WRONG_CSV)],
)
def test_load_prompts_refuses_a_wrong_file_whole_with_one_line(tmp_path, name, text, sentence):
    Suggestion.objects.create(prompt="An old one", category="old")

    with pytest.raises(CommandError) as refusal:
        run(write(tmp_path, text, name))

    assert sentence in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert stored() == [("An old one", "old")]


def test_load_prompts_names_the_file_that_it_cannot_read(tmp_path):
    with pytest.raises(CommandError, match=r"missing\.csv cannot be read: No such file"):
        run(tmp_path / "missing.csv")
