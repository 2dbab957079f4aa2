"""Tests the code measurements on the tree and on small examples."""

import re

import pytest

from tests import house
from tests.house import Target


@pytest.mark.parametrize(
    ("value", "at_least", "met"),
    [(8, False, True), (8.1, False, False), (8, True, True), (7.9, True, False)],
)
def test_target_is_met_at_its_bound(value, at_least, met):
    assert Target("lines", value, 8, at_least=at_least).met is met


@pytest.mark.parametrize(
    ("line", "kind", "explained"),
    [
        ("x = 1  # noqa: E501  # a table reads better wide", "noqa", True),
        ("x = 1  # noqa: E501", "noqa", False),
        ("x = 1  # type: ignore[arg-type]  # the stubs are behind", "type: ignore", True),
        ("x = 1  # type: ignore[arg-type]", "type: ignore", False),
        ("x = 1  # noqa", "noqa", False),
    ],
)
def test_exemption_needs_a_reason(line, kind, explained):
    match = house.EXEMPTION.search(line)
    assert match is not None
    assert re.sub(r"\s+", " ", match[1]) == kind
    assert bool(match[3]) is explained


def test_own_files_leave_out_what_is_generated_or_vendored():
    paths = {str(path) for path in house.iter_own_files("arena", "static", suffixes=(".py", ".js"))}
    assert "arena/models/battles.py" in paths
    assert not any("migrations" in path or "vendor" in path or ".min." in path for path in paths)


def test_measure_counts_functions_tests_and_mocks():
    code = house.measure("tests/config")
    assert code.tests > 20
    assert code.mocks >= 1
    assert code.files > 10
    assert code.annotated < code.functions < code.lines


def test_class_name_occurs_once_outside_of_other_classes():
    sources = {
        "a.py": "class Board: ...\nclass Command: ...\n",
        "b.py": "class Row:\n    class Board: ...\n",
        "c.py": "\nclass Board: ...\nclass Command: ...\n",
    }
    assert house.find_repeated_classes(sources) == ["Board: a.py:1, c.py:2"]


@pytest.mark.parametrize(
    "source",
    [
        "from core import b\n",
        "import core.b\n",
        "from core.b import x\n",
        "def f():\n    from core.b import x\n",
        "try:\n    import core.b\nexcept ImportError:\n    pass\n",
    ],
)
def test_import_is_part_of_the_graph(source):
    graph = house.build_import_graph({"core": "", "core.a": source, "core.b": "import sys\n"})
    assert graph == {"core": set(), "core.a": {"core.b"}, "core.b": set()}


def test_import_for_the_type_checker_is_not_part_of_the_graph():
    source = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import core.b\n"
    assert house.build_import_graph({"core.a": source, "core.b": ""})["core.a"] == set()


def test_cycle_is_found_unless_one_of_its_imports_is_allowed():
    graph = {"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}
    [cycle] = house.find_cycle(graph)
    assert set(cycle.split(" ← ")) == {"a", "b", "c"}
    assert house.find_cycle(graph, [("b", "c")]) == []


def test_packages_are_joined_and_modules_of_an_app_stand_for_themselves():
    modules = {
        "arena.urls": {"arena.web.home", "arena.models"},
        "arena.web.home": {"arena.web.links", "arena.models.battles"},
        "arena.web.links": set(),
        "arena.models": {"arena.models.battles"},
        "arena.models.battles": set(),
    }
    assert house.group_by_package(modules, ["arena", "arena.web", "arena.models"]) == {
        "arena.urls": {"arena.web", "arena.models"},
        "arena.web": {"arena.models"},
        "arena.models": set(),
    }


@pytest.mark.slow
def test_tree_has_no_fault_of_structure():
    structure = house.examine_structure()
    assert structure == house.Structure([], [])
