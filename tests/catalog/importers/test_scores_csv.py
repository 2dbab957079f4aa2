"""The parser of the plain CSV of scores."""

from datetime import date

import pytest

from catalog.importers.scores_csv import parse_scores
from tests.catalog.score_files import PLAIN


def test_what_is_given_is_taken_and_the_rest_filled_in():
    first, second = parse_scores(PLAIN.encode(), "f.csv")
    assert (first.model, first.benchmark_names, first.value, first.source) == (
        "Model-7B",
        ("mmlu",),
        0.7,
        "https://a.example",
    )
    assert (first.shots, first.n, first.chat_template, first.self_reported) == (5, 14_042, True, True)
    assert first.date == date(2025, 1, 2)
    assert (second.task, second.metric, second.shots, second.chat_template) == ("my-own-test", "acc", None, None)
    assert (second.measured_by, second.self_reported) == ("the author of the file", False)


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("value", "score", "line 1: the column value is missing"),
        ("shots", "shot", "line 1: the column shot is unknown"),
        (",0.7,", ",70,", "line 2: value must be between 0 and 1"),
        (",0.7,", ",,", "line 2: value is not a number"),
        (",0.25,", ",inf,", "line 3: value is not a finite number"),
        ("mmlu", "", "line 2: benchmark must be"),
        ("Model-8B", "x" * 201, "line 3: model must be"),
        (",5,14042,", ",five,14042,", "line 2: shots is not a number"),
        (",5,14042,", ",5,1.5,", "line 2: n is not a whole number from 0 to 2,147,483,647"),
        ("true,true", "maybe,true", "line 2: chat_template must be"),
        ("2025-01-02", "2.1.2025", "line 2: date must be"),
        (",,,,,", ",,,,,,", "line 3: the header has"),
        (",,,,,", "", "line 3: the header has"),
    ],
)
def test_broken_files_are_refused_with_line_and_field(old, new, place):
    assert old in PLAIN
    with pytest.raises(ValueError, match=f"^{place}"):
        parse_scores(PLAIN.replace(old, new, 1).encode(), "f.csv")


@pytest.mark.parametrize(("content", "line"), [(b"\xff", 1), (b"", 1), (b"\n\nmodel\n", 3)])
def test_files_without_columns_are_refused(content, line):
    with pytest.raises(ValueError, match=f"^line {line}: "):
        parse_scores(content, "f.csv")
