"""Reads JSON Lines and CSV files one record at a time. Errors are ValueErrors that name the invalid line."""

import csv
from collections.abc import Iterable, Iterator
from typing import Any

import orjson

MAX_LINE_BYTES = 64 * 2**20
BYTE_ORDER_MARK = "\ufeff"  # some programs begin files with it
JsonRecord = tuple[int, dict[str, Any]]
CsvRecord = tuple[int, dict[str, str]]


def iter_json_lines(lines: Iterable[bytes], noun: str) -> Iterator[JsonRecord]:
    """Yield each object in a JSON Lines file with its line number, skipping blank lines.

    `noun` is the word for one record in error messages. The iterator raises ValueError.
    """
    for number, line in enumerate(lines, 1):
        text = line.removeprefix(BYTE_ORDER_MARK.encode()) if number == 1 else line
        if not text.strip():
            continue
        try:
            row = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            _decode_line(number, line)  # raises a more precise error if the line is not valid UTF-8
            raise ValueError(f"line {number}: invalid JSON: {error.msg}") from None
        if not isinstance(row, dict):
            raise ValueError(f"line {number}: not a JSON object; each line must contain one {noun} as {{…}}")
        yield number, row


def read_csv(lines: Iterable[bytes]) -> tuple[int, list[str], Iterator[CsvRecord]]:
    """Return the header's line number, the header, and an iterator of rows: pairs of a line number and a dict.

    The function and the iterator raise ValueError.
    """
    records = _iter_records(lines)
    number, header = next(records, (1, []))
    for column in header:
        if header.count(column) > 1:
            raise ValueError(f"line {number}: the column {column} occurs twice")
    return number, header, _iter_rows(records, header)


def _iter_rows(records: Iterator[tuple[int, list[str]]], header: list[str]) -> Iterator[CsvRecord]:
    for number, cells in records:
        if len(cells) != len(header):
            raise ValueError(f"line {number}: the header has {len(header)} columns, but this line has {len(cells)}")
        yield number, dict(zip(header, cells, strict=True))


def _iter_records(lines: Iterable[bytes]) -> Iterator[tuple[int, list[str]]]:
    """Yield the cells of each row that is not blank, with the number of the row's first line.

    A row can have several lines, because quoted cells can contain line breaks.
    """
    csv.field_size_limit(MAX_LINE_BYTES)  # in characters, for the whole process; the default is only 128 KiB
    reader = csv.reader(_decode_lines(lines), strict=True)
    while True:
        number = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise ValueError(f"line {number}: invalid CSV: {error}") from None
        if cells is None:
            return
        if cells:
            yield number, cells


def _decode_lines(lines: Iterable[bytes]) -> Iterator[str]:
    for number, line in enumerate(lines, 1):
        text = _decode_line(number, line)
        yield text.removeprefix(BYTE_ORDER_MARK) if number == 1 else text


def _decode_line(number: int, line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise ValueError(f"line {number}: byte {error.start + 1} is not valid UTF-8") from None
