"""The command `load_prompts`, and the files it reads."""

import csv
import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from arena.models import Suggestion

pytestmark = pytest.mark.django_db
GOOD = '{"prompt": "Why?", "category": "x"}\n'


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
    "no category": ("prompt,kind\nWhy?,x\n", "line 1: the column category is missing"),
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
