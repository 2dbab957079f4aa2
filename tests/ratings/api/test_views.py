"""The boards over HTTP."""

from datetime import datetime, timedelta
from urllib.parse import quote

import pytest

from arena.models import BUILT_IN_SLUGS, Pool
from core.http.errors import RequestError
from ratings.api.views import parse_model_slugs
from ratings.boards.snapshots import unpack_rows
from ratings.models import Snapshot
from ratings.pipeline import board_refresh
from tests import factories

pytestmark = pytest.mark.django_db

BOARD = "/api/v1/leaderboard/"
ROW = {
    *("rank", "rank_low", "rank_high", "rank_ub", "tier", "model", "variant_of", "name", "organization"),
    *("license", "open_weights"),
    *("rating", "ci_low", "ci_high", "se", "interval", "component", "unbounded", "votes", "voters"),
    *("wins", "losses", "ties", "both_bad", "win_rate", "provisional", "votes_to_rank", "weight"),
}


@pytest.fixture
def voted():
    x, y, z = (factories.model(slug) for slug in "xyz")
    factories.cast(x, y, voter=factories.voter_id(1), categories=["coding"])
    factories.cast(y, x, "both_bad", voter=factories.voter_id(2))
    factories.cast(x, z)
    board_refresh.refresh()


def test_leaderboard_is_the_board_of_the_contract(client, voted):
    response = client.get(BOARD)
    board = response.json()

    assert response["Content-Type"] == "application/json"
    assert [board[name] for name in ("pool", "category", "style_control", "method", "votes")] == [
        *("live", "overall", False, "bt", 3)
    ]
    assert board["scale"] == {"factor": 400, "base": 10, "mean": 1000}
    assert board["computed_at"].endswith("Z")
    assert [row["model"] for row in board["rows"]] == ["x", "y", "z"]
    assert all(row.keys() == ROW for row in board["rows"])
    assert board["rows"][2]["ci_low"] is None


def test_leaderboard_gives_full_precision(client, voted):
    shown = client.get(BOARD).json()["rows"][0]["rating"]
    assert shown == unpack_rows(Snapshot.objects.get(board__category__slug="overall", method="bt").rows)[0]["rating"]
    assert shown != round(shown, 6)


def test_leaderboard_shows_the_board_that_is_asked_for(client, voted):
    for query, votes in (
        ("?category=coding", 1),
        ("?pool=live&style_control=0&method=bt", 3),
        ("?method=elo", 3),
        ("?style_control=1", 0),
    ):
        board = client.get(BOARD + query).json()
        assert board["votes"] == votes
        assert bool(board["rows"]) == bool(votes)


def test_leaderboard_without_votes_is_empty(client):
    factories.board()
    board = client.get(BOARD).json()
    assert (board["rows"], board["votes"], board["computed_at"]) == ([], 0, None)


def test_board_that_takes_single_votes_is_not_there_where_they_came_as_counts(client):
    factories.pool("counts", kind=Pool.Kind.IMPORT, ordered=False)
    factories.cast(*factories.models(2), pool="counts", source="import")
    board_refresh.refresh()
    for call in ("", "pairwise/", "history/", "frontier/", "moved/"):
        for query in ("style_control=true", "method=elo"):
            answer = client.get(f"{BOARD}{call}?pool=counts&{query}")
            assert answer.status_code == 404
            assert "were imported as counts." in answer.json()["error"]["detail"]
        assert client.get(f"{BOARD}{call}?pool=counts").status_code == 200


def test_leaderboard_of_the_past_is_what_was_published_then(client, voted):
    then = client.get(BOARD)
    factories.cast(factories.model("x"), factories.model("y"))
    board_refresh.refresh()

    published = then.json()["computed_at"]
    again = client.get(f"{BOARD}?at={published}")
    before = datetime.fromisoformat(published) - timedelta(microseconds=1)

    assert again.content == then.content
    assert client.get(BOARD).json()["votes"] == 4
    assert client.get(f"{BOARD}?at={quote(before.isoformat())}").json()["rows"] == []


def test_board_is_sent_again_only_if_it_changed(client, voted):
    calls = ("", "pairwise/", "pairwise/?models=x,y", "history/", "frontier/")
    tags = {}
    for call in calls:
        first = client.get(BOARD + call)
        tags[call] = first["ETag"]
        same = client.get(BOARD + call, headers={"If-None-Match": first["ETag"]})
        assert (same.status_code, same.content, same["ETag"]) == (304, b"", first["ETag"])
        assert {first["Cache-Control"], same["Cache-Control"]} == {"no-cache"}

    factories.cast(factories.model("x"), factories.model("y"))
    board_refresh.refresh()
    for call in calls:
        new = client.get(BOARD + call, headers={"If-None-Match": tags[call]})
        assert new.status_code == 200
        assert new["ETag"] != tags[call]


def test_boards_can_only_be_read(client):
    for path in (BOARD, "/api/v1/pools/", "/api/v1/shortlist/", "/api/v1/leaderboard/events"):
        assert client.post(path).status_code in (403, 405)
        assert client.delete(path).status_code in (403, 405)


def test_pools_lists_what_there_is(client):
    factories.pool("old", name="Old votes", kind="import", provenance="A paper")
    found = client.get("/api/v1/pools/").json()
    same = {"visibility": "everyone", "votes": None, "categories": []}
    assert found["results"] == [
        {"slug": "api", "name": "This arena (API votes only)", "kind": "api", "provenance": "", **same},
        {"slug": "live", "name": "This arena", "kind": "live", "provenance": "", **same},
        {"slug": "old", "name": "Old votes", "kind": "import", "provenance": "A paper", **same},
        {"slug": "ready", "name": "Ready pairs", "kind": "ready", "provenance": "", **same},
    ]


def test_pools_tell_of_which_categories_they_have_boards(client, voted):
    factories.pool("old", kind="import")
    factories.cast(factories.model("x"), factories.model("y"), pool="old", source="import", categories=["math"])
    board_refresh.refresh()
    board_refresh.refresh_style_board()

    results = client.get("/api/v1/pools/").json()["results"]
    found = {pool["slug"]: pool["categories"] for pool in results}

    assert {pool["slug"]: pool["votes"] for pool in results} == {"api": None, "live": 3, "old": 1, "ready": None}
    assert found == {
        "api": [],
        "live": ["coding", "exclude-ties", "overall"],
        "old": ["exclude-ties", "math", "overall"],
        "ready": [],
    }
    for pool, categories in found.items():
        for category in categories:
            assert client.get(BOARD, {"pool": pool, "category": category}).json()["rows"]


@pytest.mark.parametrize("pool", ["live", "api", "ready"])
def test_board_of_a_built_in_pool_is_there_before_its_first_vote(client, pool):
    found = client.get(BOARD, {"pool": pool}).json()
    assert (found["computed_at"], found["votes"], found["rows"]) == (None, 0, [])


def test_categories_lists_what_there_is(client, voted):
    found = client.get("/api/v1/categories/").json()
    assert found["results"] == [
        {"slug": "coding", "name": "Coding"},
        {"slug": "exclude-ties", "name": "Without ties"},
        {"slug": "overall", "name": "Overall"},
    ]


def test_pools_come_in_pages(client):
    slugs = {*BUILT_IN_SLUGS.values(), *(factories.pool(f"import-{number:03}").slug for number in range(120))}

    first = client.get("/api/v1/pools/?page_size=1000").json()
    second = client.get(first["next"]).json()

    assert (len(first["results"]), len(second["results"]), second["next"]) == (100, 23, None)
    assert {pool["slug"] for page in (first, second) for pool in page["results"]} == slugs
    assert len(client.get("/api/v1/pools/?page_size=7").json()["results"]) == 7


def test_chosen_are_each_model_once_in_their_order_and_unknown_ones_are_refused():
    for slug in "ab":
        factories.model(slug)
    for named, meant in (([], []), ([""], []), (["b", "a"], ["b", "a"]), (["a", "b", "a", ""], ["a", "b"])):
        assert parse_model_slugs(named) == meant
    for slug in ("nobody", "\0", "A", " a"):
        with pytest.raises(RequestError) as refused:
            parse_model_slugs(["a", slug, "z"])
        assert (refused.value.status, repr(slug) in refused.value.detail) == (404, True)
