"""The call of the API for prices and speeds."""

import pytest

from ratings import frontier
from ratings.snapshots import Asked
from tests import factories
from tests.ratings.published import met, published
from tests.ratings.test_frontier import priced

pytestmark = pytest.mark.django_db
CALL = "/api/v1/leaderboard/frontier/"


def test_call_says_what_the_function_says(client):
    one, other = factories.models(2)
    met(one, other)
    priced(one, "1", "2")
    published()

    answer = client.get(CALL)

    assert answer.status_code == 200
    said, found = answer.json(), frontier.against(Asked(), "price")
    assert [row["model"] for row in said["rows"]] == [one.slug]
    assert said["rows"][0]["as_of"] == "2026-02-01"
    assert (said["rows"][0]["rating"], said["left_out"]) == (found["rows"][0]["rating"], found["left_out"])
    assert said["computed_at"] == "2026-03-20T12:00:00Z"


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [({"against": "beauty"}, 400, "against"), ({"at": "soon"}, 400, "at"), ({"pool": "nowhere"}, 404, None)],
)
def test_call_refuses_what_it_does_not_know(client, query, status, code):
    factories.board()
    answer = client.get(CALL, query)
    assert answer.status_code == status
    assert list(answer.json()["error"].get("fields", {})) == ([code] if code else [])
