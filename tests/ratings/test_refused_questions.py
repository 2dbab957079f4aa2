"""Questions that cannot be answered get a page or an error in one shape, which names the field."""

import pytest

from tests import factories

pytestmark = pytest.mark.django_db
NOWHERE = {"pool=nowhere": None, "pool=%00": None}
TWENTY_ONE = "&".join(["model=x"] * 21)
# Address → query → the field of the error, or None if something does not exist.
CALLS = {
    "leaderboard/": NOWHERE
    | {"category=juggling": None, "method=elo&style_control=1": None, "method=magic": None}
    | {"style_control=1&pool=%00": None, "at=soon": "at", "style_control=perhaps": "style_control"},
    "leaderboard/method/": NOWHERE | {"category=coding": "category"},
    "leaderboard/pairwise/": NOWHERE | {"models=a,nobody": None, "at=soon": "at"},
    "leaderboard/history/": NOWHERE
    | {"model=nobody": None, "since=soon": "since", "until=2026-13-01": "until", TWENTY_ONE: "model"},
    "leaderboard/frontier/": NOWHERE | {"category=juggling": None, "against=beauty": "against"},
    "leaderboard/moved/": NOWHERE
    | {"since=soon": "since", "until=a%00b": "until", "since=2030-01-01&until=2029-12-31": "since"}
    | {"since=9000-01-01": "since", "until=0001-01-01T00:00:00Z": "since", "at=2026-01-01": "at"},
    "leaderboard/certificate/": NOWHERE | {"category=juggling": None},
    "models/x/": NOWHERE | {"pol=live": "pol"},
    "votes/": NOWHERE
    | dict.fromkeys(("after=120", "after=x", "after=%00", "after=69a42f404c1e4b7a9d3f2f6a8c0b5e71"), "after")
    | {"export=0f9a3c5e7d1b2a4c6e8f0a1b2c3d4e5f": "export"},
    "shortlist/": NOWHERE
    | {
        "pool=%00": "pool",
        "context=lots": "context",
        "price=-1": "price",
        "task=juggling": "task",
        "cutoff=soon": "cutoff",
    }
    | {"monthly=5": "input_tokens"},
}
PAGES = {
    "/leaderboard/plots/": {"at=soon": 400, "top=3": 400, "against=beauty": 400},
    "/history/": {"then=soon": 400, "then=2030-01-01&at=2029-12-31": 400, "then=9000-01-01": 400}
    | {"then=a%00b": 400, "category=juggling": 404},
    "/method/": {f"pool={'ü' * 300}": 404},
    "/models/x/": {},
}


@pytest.fixture
def board():
    factories.model("x")
    return factories.board()


@pytest.mark.parametrize("call", CALLS)
def test_call_names_the_field_or_says_that_something_does_not_exist(client, board, call):
    for query, field in CALLS[call].items():
        response = client.get(f"/api/v1/{call}?{query}")
        error = response.json()["error"]
        assert (response.status_code, error["code"]) == ((400, "invalid") if field else (404, "not_found")), query
        assert error["detail"]
        assert next(iter(error.get("fields", [None]))) == field


@pytest.mark.parametrize("address", PAGES)
def test_page_refuses_with_a_page(client, board, address):
    for query, status in (PAGES[address] | dict.fromkeys(NOWHERE, 404)).items():
        response = client.get(f"{address}?{query}")
        assert response.status_code == status, query
        assert "<html" in response.content.decode()
        assert status == 400 or "There is no" in response.content.decode()
