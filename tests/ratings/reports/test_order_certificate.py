"""The certificate call, and its sentence."""

import pytest

from ratings.boards.snapshots import BoardKey
from ratings.models import BoardCertificate
from ratings.pipeline import certificates
from ratings.reports import order_certificate
from tests.ratings.pipeline.test_certificates import three_models

pytestmark = pytest.mark.django_db
CALL = "/api/v1/leaderboard/certificate/"
NOTHING = {"at_least": None, "at_most": None, "of": None}


def test_call_returns_the_stored_certificate(client):
    three_models()
    certificates.update_certificates()
    answer = client.get(CALL).json()
    assert answer.pop("computed_at")
    assert answer == {
        "pool": "live", "category": "overall", "style_control": False, "method": "bt",
        "pairs": [
            {"above": "x", "below": "y", "at_least": 10, "at_most": 10, "of": 30},
            {"above": "y", "below": "z", "at_least": 7, "at_most": 8, "of": 30},
        ],
        "first": {"model": "x", "at_least": 7, "at_most": 9, "of": 30},
    }  # fmt: skip


@pytest.mark.parametrize("query", ["", "?method=elo", "?category=exclude-ties"])
def test_numbers_are_null_where_there_is_no_certificate(client, query):
    three_models()
    if query == "?method=elo":
        certificates.update_certificates()
    answer = client.get(CALL + query).json()
    assert answer["computed_at"] is None
    first, second, third = "yxz" if query == "?method=elo" else "xyz"
    assert answer["pairs"] == [
        {"above": first, "below": second, **NOTHING},
        {"above": second, "below": third, **NOTHING},
    ]
    assert answer["first"] == {"model": first, **NOTHING}


def test_board_under_style_control_has_no_rows_yet_and_so_no_pairs(client):
    three_models()
    answer = client.get(CALL + "?style_control=true").json()
    assert (answer["pairs"], answer["first"]) == ([], None)


@pytest.mark.parametrize(
    ("at_least", "at_most", "voters"),
    [
        (14, 1417, "between 14 and 1,417 of 4,120 voters"),
        (14, 14, "14 of 4,120 voters"),
        (0, 0, None),  # tied models
        (None, None, None),
    ],
)
def test_sentences_say_how_many_voters_an_order_depends_on(client, at_least, at_most, voters):
    three_models()
    certificates.update_certificates()
    numbers = {"at_least": at_least, "at_most": at_most, "of": 4120}
    BoardCertificate.objects.update(first={"model": "x", **numbers}, pairs=[{"above": "x", "below": "y", **numbers}])
    stored = order_certificate.find_certificate(BoardKey())
    first = order_certificate.describe_first_place(stored.first, {"x": "X1"})
    pairs = order_certificate.describe_pairs(stored.pairs)
    if voters is None:
        assert (first, pairs) == ("", {})
    else:
        assert first == f"To put another model ahead of X1, {voters} would have to be removed."
        assert pairs == {("x", "y"): f"To change their order, {voters} would have to be removed."}
        assert f"{voters} would have to be removed" in client.get("/method/").content.decode()
        board = client.get("/leaderboard/?pin=x&pin=y").content.decode()
        assert "To put another model ahead" in board
        assert "To change their order" in board
