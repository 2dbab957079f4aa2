import re

import pytest

from tests import house
from tests.house import Sized, Target


@pytest.mark.parametrize(
    ("sizes", "share", "expected"),
    [([], 0.5, 0), ([7], 0.95, 7), ([3, 1, 2], 0.5, 2), ([3, 1, 2], 1, 3), (list(range(101)), 0.95, 95)],
)
def test_quantile_is_one_of_the_sizes(sizes, share, expected):
    assert house.quantile([Sized(size, "") for size in sizes], share) == expected


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
    found = house.EXEMPTION.search(line)
    assert found is not None
    assert re.sub(r"\s+", " ", found[1]) == kind
    assert bool(found[3]) is explained


def test_own_files_leave_out_what_is_generated_or_vendored():
    paths = {str(path) for path in house.ours("arena", "static", suffixes=(".py", ".js"))}
    assert "arena/models/battles.py" in paths
    assert not any("migrations" in path or "vendor" in path or ".min." in path for path in paths)


def test_measure_counts_functions_tests_and_mocks():
    code = house.measure("tests/config")
    assert code.tests > 20
    assert code.mocks >= 1
    assert code.lines == sum(file.lines for file in code.files)
    assert max(function.lines for function in code.functions) < 60
