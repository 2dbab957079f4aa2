"""CSV cells that a spreadsheet would run as formulas."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.files.csv_injection import escape_formula, unescape_formula


@pytest.mark.parametrize(
    "cell", ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "\n=3", "＝1+1", "＋1", "－1", "＠x", "'=1", "''@", "'＝1"]
)  # fmt: skip
def test_cell_that_a_spreadsheet_would_run_is_defused(cell):
    assert escape_formula(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "x=1", "'tis", "''", "gpt-4", " =1"])
def test_harmless_cell_stays_as_it_is(cell):
    assert escape_formula(cell) == cell


@given(st.text(alphabet=st.sampled_from("'=+-@＝＋－＠\t\r\nx"), max_size=6))
def test_cell_is_read_back(cell):
    assert unescape_formula(escape_formula(cell)) == cell
