"""Each part of a library that is not public is still there, is in the document, and is looked for at the start."""

import re

import pytest

from config import library_parts, prepare
from config.library_parts import PARTS, LibraryPart, list_missing_functions, list_missing_parts
from launcher.embedded import PROJECT_ROOT

DOCUMENT = PROJECT_ROOT / "docs/explanation/decisions/upgrades.md"
MAX_ROWS = 14


def test_all_parts_are_there():
    assert list_missing_parts() == []


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.file)
def test_each_part_that_goes_is_named(part):
    [sentence] = list_missing_parts([part._replace(names=f"{part.names} gone_in_the_next_release")])
    assert re.match(rf"{part.library} \d\S* has no gone_in_the_next_release in {part.file}, which", sentence)


def test_file_that_goes_is_named():
    [sentence] = list_missing_parts([LibraryPart("django", "django/gone.py", "One two")])
    assert re.match(r"django 5\.2\.\d+ has no One, two in django/gone\.py, ", sentence)


@pytest.mark.django_db
def test_functions_of_postgresql_are_there_and_one_that_goes_is_named():
    assert list_missing_functions() == []
    [sentence] = list_missing_functions(["hashtextextended", "gone"])
    assert sentence.startswith("PostgreSQL has no function gone,")


@pytest.mark.django_db
def test_service_does_not_start_without_a_part(monkeypatch):
    gone = LibraryPart("uvicorn", "uvicorn/main.py", "gone")
    monkeypatch.setattr(library_parts.list_missing_parts, "__defaults__", ((gone,),))
    with pytest.raises(SystemExit, match=r"uvicorn \S+ has no gone in uvicorn/main\.py"):
        prepare.main([])


def test_document_has_a_row_for_each_part_and_each_row_a_test():
    lines = DOCUMENT.read_text().splitlines()
    rows = [line.strip("|").split("|") for line in lines if re.match(r"\| (?!Library)\w", line)]
    assert len(rows) <= MAX_ROWS
    names = {name for row in rows for name in re.findall(r"`([^`]+)`", row[1])}
    assert [part for part in PARTS if names.isdisjoint(part.names.split())] == []
    assert {part.library for part in PARTS} <= {row[0].strip().lower() for row in rows}
    for row in rows:
        places = [PROJECT_ROOT / name for cell in (row[2], row[5]) for name in re.findall(r"`([^`]+)`", cell)]
        assert len(places) >= 2, row
        assert [place for place in places if not place.exists()] == []
