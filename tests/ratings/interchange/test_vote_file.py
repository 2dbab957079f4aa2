"""The parser of vote files, from bytes to checked rows."""

import io
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.files import csv_injection
from ratings.interchange import vote_file
from ratings.interchange.vote_fields import VoteRow
from tests.ratings.interchange.vote_files import COUNTS_HEADER, FEATURES, METADATA, csv_text, json_lines, row


def parse(content, *, is_csv=False):
    return list(vote_file.parse_vote_file(io.BytesIO(content), is_csv=is_csv).rows)


def one(**fields):
    """The vote of one row, the same in both formats."""
    (by_json,) = parse(json_lines(row(**fields)))
    (by_csv,) = parse(csv_text(row(**fields)), is_csv=True)
    assert by_csv._replace(line=1) == by_json
    return by_json


def test_plain_vote_has_the_defaults():
    assert one() == VoteRow(1, "one", "two", "a")


@pytest.mark.parametrize(
    ("winner", "meant"),
    [("model_a", "a"), ("model_b", "b"), ("tie", "tie"), ("tie (bothbad)", "both_bad"), ("both_bad", "both_bad")],
)
def test_winner_has_five_spellings(winner, meant):
    assert one(winner=winner).winner == meant


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("tstamp", 1700000000),
        ("tstamp", 1700000000.0),
        ("tstamp", "1700000000"),
        ("timestamp", "2023-11-14T22:13:20Z"),
        ("timestamp", "2023-11-14 22:13:20"),
        ("timestamp", "2023-11-15T00:13:20+02:00"),
    ],
)
def test_time_is_seconds_or_iso(field, value):
    if value == "1700000000":  # digits as text are seconds only in a cell, which has no other type
        (vote,) = parse(csv_text(row(tstamp=value)), is_csv=True)
    else:
        vote = one(**{field: value})
    assert vote.created_at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)


@pytest.mark.parametrize("field", ["judge", "evaluation_session_id", "voter"])
@pytest.mark.parametrize(("value", "meant"), [("arena_user_1", "arena_user_1"), (17, "17")])
def test_voter_may_be_named_by_three_fields_and_is_never_kept_aside(field, value, meant):
    vote = one(**{field: value})
    assert (vote.voter, vote.other_fields) == (meant, {})


def test_judge_goes_before_session_and_voter():
    vote = one(voter="v", evaluation_session_id="s", judge="j")
    assert (vote.voter, vote.other_fields) == ("j", {})


def test_style_sums_nested_counts():
    assert one(conv_metadata=METADATA).features == FEATURES


def test_style_that_lacks_a_count_is_kept_aside():
    some = {name: count for name, count in METADATA.items() if name != "bold_count_b"}
    vote = one(conv_metadata=some)
    assert (vote.features, vote.other_fields) == (None, {"conv_metadata": some})


def test_own_fields_are_read_back():
    vote = one(weight=3, counted=False, reason="leak", source="live", propensity=0.25, turns=4, categories=["math"])
    assert vote == VoteRow(1, "one", "two", "a", 3, None, False, "leak", "live", ("math",), None, 0.25, 4)


def test_what_is_counted_has_no_reason():
    assert one(counted=True, reason="leak").reason == ""


@pytest.mark.parametrize("name", ["7", "true", "null", "[]", '"x"'])
def test_name_in_a_cell_is_a_text_whatever_it_looks_like(name):
    assert one(model_a=name).model_a == name


@pytest.mark.parametrize("value", ["True", "true"])
def test_switches_of_python_and_json_are_understood_in_cells(value):
    (vote,) = parse(csv_text(row(is_code=value)), is_csv=True)
    assert vote.categories == ("coding",)


@pytest.mark.parametrize(
    ("fields", "categories"),
    [
        ({"language": "English"}, ("english",)),
        ({"language": "pl", "is_code": True}, ("polish", "coding")),
        ({"turns": 2}, ("multi-turn",)),
        ({"category_tag": {"math_v0.1": {"math": True}}, "is_code": False}, ("math",)),
        ({"categories": [], "language": "English", "is_code": True}, ()),
        ({"categories": ["coding", "coding"], "language": "English"}, ("coding",)),
    ],
)
def test_categories_come_from_tags_unless_they_are_given(fields, categories):
    assert one(**fields).categories == categories


def test_unknown_columns_are_kept_aside_and_empty_ones_are_not():
    vote = one(question_id="17", anony="yes")
    assert vote.other_fields == {"question_id": "17", "anony": "yes"}
    assert parse(json_lines(row(note=None, tstamp=None, weight="")))[0] == VoteRow(1, "one", "two", "a")


def test_conversations_are_told_apart_from_what_is_kept_aside():
    messages = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "hello"}]
    vote = one(conversation_a=messages, conversation_b=messages, full_conversation=[])
    assert vote.conversations == {"conversation_a": messages, "conversation_b": messages, "full_conversation": []}
    assert vote.other_fields == {}


def test_counts_become_a_row_for_each_outcome_that_occurred():
    content = COUNTS_HEADER + "one,two,3,0,2,1\none,three,0,0,0,0\n"
    votes = vote_file.parse_vote_file(io.BytesIO(content.encode()), is_csv=True)
    assert not votes.ordered
    assert [(each.winner, each.multiplicity, each.line) for each in votes.rows] == [
        ("a", 3, 2), ("tie", 2, 2), ("both_bad", 1, 2),
    ]  # fmt: skip


def test_blank_lines_byte_order_mark_and_windows_ends_do_no_harm():
    mark = b"\xef\xbb\xbf"
    content = mark + b"model_a,model_b,winner\r\n\r\none,two,model_a\r\n"
    assert parse(content, is_csv=True) == [VoteRow(3, "one", "two", "a")]
    assert parse(mark + b"\n\n" + json_lines(row()), is_csv=False) == [VoteRow(3, "one", "two", "a")]


def test_line_of_a_row_is_the_one_on_which_it_begins():
    content = b'model_a,model_b,winner,note\none,two,tie,"a\nb"\none,two,tie,c\n'
    assert [each.line for each in parse(content, is_csv=True)] == [2, 4]


FIELDS = {
    "an unknown winner": (row(winner="left"), "winner must be one of model_a, model_b, tie"),
    "a winner that is a number": (row(winner=1), "winner must be one of"),
    "no winner": (row(winner=""), "winner is missing or empty"),
    "a weight of nothing": (row(weight=0), "weight must be a whole number from 1 to 1000000000"),
    "a negative weight": (row(weight=-1), "weight must be a whole number"),
    "a weight beyond the most": (row(weight=10**9 + 1), "weight must be a whole number"),
    "half a vote": (row(weight=1.5), "weight must be a whole number"),
    "a weight in words": (row(weight="two"), "weight must be a whole number"),
    "a weight that is a switch": (row(weight=True), "weight must be a whole number"),
    "an empty name": (row(model_a=""), "model_a is missing or empty"),
    "a blank name": (row(model_b="  "), "model_b is blank or contains NUL"),
    "a long name": (row(model_b="x" * 201), "model_b is longer than 200 characters"),
    "a name with NUL": (row(model_a="a\0b"), "model_a is blank or contains NUL"),
    "a negative count": (
        row(conv_metadata=METADATA | {"bold_count_a": {"**": -1}}),
        "conv_metadata must contain counts from 0 to 1000000000, but bold_count_a is not such a count",
    ),
    "a count in words": (
        row(conv_metadata=METADATA | {"list_count_b": "x"}),
        "conv_metadata .*, but list_count_b is not such a count",
    ),
    "a negative count among too few": (
        row(conv_metadata={"header_count_a": -2}),
        "conv_metadata .*, but header_count_a is not such a count",
    ),
    "style that is a list": (row(conv_metadata=[1]), "conv_metadata must be an object"),
    "a time in words": (row(tstamp="yesterday"), "tstamp must be a Unix time in seconds or an ISO 8601 time"),
    "a time in milliseconds": (row(timestamp=1700000000000), "timestamp must be a Unix time in seconds"),
    "a time before all": (row(timestamp="0001-01-01T00:00:00+05:00"), "timestamp must be a Unix time in seconds"),
    "a time that is a switch": (row(tstamp=True), "tstamp must be a Unix time in seconds"),
    "a voter that is a list": (row(judge=[1]), "judge must be text or a number"),
    "a switch in words": (row(counted="perhaps"), "counted must be true or false"),
    "code in numbers": (row(is_code=2), "is_code must be true or false"),
    "a long reason": (row(reason="x" * 21), "reason must be text of at most 20 characters"),
    "another source": (row(source="hearsay"), "source must be one of live, api, import"),
    "no chance": (row(propensity=0), "propensity must be a number above 0 and at most 1"),
    "too many turns": (row(turns=32768), "turns must be a whole number from 1 to 32767"),
    "a language in numbers": (row(language=[7]), "language must be text"),
    "a language without an end": (row(language="x" * 41), "language must be the name of a language"),
    "tags that are a list": (row(category_tag=["math"]), "category_tag must be an object whose values are objects"),
    "a category with blanks": (row(categories=["a b"]), "categories must be a list of names"),
    "a conversation in one text": (row(conversation_a="hi"), "conversation_a must be a list of messages"),
}


@pytest.mark.parametrize("case", FIELDS)
def test_wrong_field_is_named_with_its_line_in_json_lines(case):
    wrong, message = FIELDS[case]
    with pytest.raises(ValueError, match=f"^line 3: {message}"):
        parse(json_lines(row(), row(), wrong))


# Every cell is text, so these are parsed correctly or are no different.
CELLS = [
    case
    for case in FIELDS
    if case not in ("a winner that is a number", "a voter that is a list", "a language in numbers")
]


@pytest.mark.parametrize("case", CELLS)
def test_wrong_field_is_named_with_its_line_in_csv(case):
    wrong, message = FIELDS[case]
    with pytest.raises(ValueError, match=f"^line 2: {message}"):
        parse(csv_text(wrong), is_csv=True)


@pytest.mark.parametrize("name", [7, None, True, ["one"], {"a": 1}])
def test_name_must_be_a_text(name):
    with pytest.raises(ValueError, match=r"^line 1: model_a (must be text|is missing or empty)$"):
        parse(json_lines(row(model_a=name)))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"{", "invalid JSON"),
        (b"model_a,model_b", "invalid JSON"),
        (b'{"model_a": NaN}', "invalid JSON"),
        (b"[1]", "not a JSON object"),
        (b'"text"', "not a JSON object"),
        (b'{"model_a": "\xff"}', "byte 14 is not valid UTF-8"),
        ('{"model_a": "ü"}'.encode("utf-16"), "byte 1 is not valid UTF-8"),
        (b"{}", "model_a is missing or empty"),
        (b'{"model_a": "x", "winner": "tie"}', "model_b is missing or empty"),
        (b'{"model_a": "x", "model_b": "y"}', "winner is missing or empty"),
    ],
)
def test_wrong_line_of_json_is_named(line, message):
    with pytest.raises(ValueError, match=f"^line 2: {message}"):
        parse(json_lines(row()) + line)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "line 1: column model_a is missing"),
        (b"\n\nmodel_a,winner\n", "line 3: column model_b is missing"),
        (b"model_a,model_b,win_a\n", "line 1: column winner is missing"),
        (b"model_a,model_b,model_a,winner\n", "line 1: the column model_a occurs twice"),
        (b"model_a,model_b,winner\na,b\n", "line 2: the header has 3 columns, but this line has 2"),
        (b"model_a,model_b,winner\na,b,tie,c\n", "line 2: the header has 3 columns, but this line has 4"),
        (b'model_a,model_b,winner\n\na,b,"tie', "line 3: invalid CSV: unexpected end of data"),
        (b'model_a,model_b,winner\na,"b"c,tie\n', "line 2: invalid CSV"),
        (b"model_a,model_b,winner\na,b,tie\n\xff,b,tie\n", "line 3: byte 1 is not valid UTF-8"),
        (COUNTS_HEADER.encode() + b"a,b,1,1,1,-1\n", "line 2: tie_bothbad must be a whole number from 0 to 1000000000"),
        (COUNTS_HEADER.encode() + b"a,b,1,x,1,1\n", "line 2: win_b must be a whole number"),
        (COUNTS_HEADER.encode() + b"a,b,1000000001,1,1,1\n", "line 2: win_a must be a whole number"),
        (COUNTS_HEADER.encode() + b"a,,1,1,1,1\n", "line 2: model_b is missing or empty"),
    ],
)
def test_wrong_line_of_csv_is_named(content, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        parse(content, is_csv=True)


@given(st.text(alphabet=st.sampled_from("'=+-@\t\rx,\"\n"), max_size=6).filter(str.strip))
def test_defused_name_is_read_back(name):
    content = csv_text(row(model_a=csv_injection.escape_formula(name), model_b="plain"))
    assert [vote.model_a for vote in parse(content, is_csv=True)] == [name]


@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_are_read_or_refused_in_our_words(content, is_csv):
    try:
        parse(content, is_csv=is_csv)
    except ValueError as error:
        assert str(error).startswith("line ")
