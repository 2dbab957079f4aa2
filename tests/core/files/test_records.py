"""Files of records: byte order marks, blank lines, multi-line records, and errors with line numbers."""

import pytest

from core.files.records import iter_json_lines, read_csv


def lines(content):
    return content.splitlines(keepends=True)


def test_json_lines_are_numbered_as_in_the_file():
    content = b'\xef\xbb\xbf{"a": 1}\n\n   \n{"a": "\xc3\xa9"}'
    assert [*iter_json_lines(lines(content), "thing")] == [(1, {"a": 1}), (4, {"a": "é"})]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{}\n{", "line 2: invalid JSON: "),
        (b"{}\n\n[1]", "line 3: not a JSON object; each line must contain one thing as {…}"),
        (b"{}\n\xff", "line 2: byte 1 is not valid UTF-8"),
        (b'{"a": "\xff"}', "line 1: byte 8 is not valid UTF-8"),
    ],
)
def test_json_lines_name_the_first_wrong_line(content, message):
    with pytest.raises(ValueError) as fault:
        list(iter_json_lines(lines(content), "thing"))
    assert str(fault.value).startswith(message)


def test_csv_rows_are_numbered_where_they_begin():
    number, header, rows = read_csv(lines(b'\xef\xbb\xbfa,b\r\n1,"two\r\nlines"\r\n\r\n3,\xc3\xa9\r\n'))
    assert (number, header) == (1, ["a", "b"])
    assert [*rows] == [(2, {"a": "1", "b": "two\r\nlines"}), (5, {"a": "3", "b": "é"})]


def test_csv_of_nothing_has_no_columns():
    number, header, rows = read_csv([])
    assert (number, header, [*rows]) == (1, [], [])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a,b,a\n", "line 1: the column a occurs twice"),
        (b"\n\na,b,a\n", "line 3: the column a occurs twice"),
        (b"a,b\n1\n", "line 2: the header has 2 columns, but this line has 1"),
        (b'a,b\n1,2\n\n3,"4', "line 4: invalid CSV: "),
        (b'a,b\n1,"2"3\n', "line 2: invalid CSV: "),
        (b"a\n\xff\n", "line 2: byte 1 is not valid UTF-8"),
        (b"\xff\n", "line 1: byte 1 is not valid UTF-8"),
    ],
)
def test_csv_faults_name_the_line(content, message):
    with pytest.raises(ValueError) as fault:
        list(read_csv(lines(content))[2])
    assert str(fault.value).startswith(message)
