"""The leaderboard as a page."""

from itertools import pairwise

import pytest

from ratings import boards
from ratings.models import Pool
from ratings.pages import axis
from tests import factories

PAGE = "/leaderboard/"


@pytest.fixture
def voted(db):
    x = factories.model("x", name="<X> One", organization=factories.organization("Xenon Labs"))
    y = factories.model("y")
    factories.cast(x, y, categories=["coding"])
    factories.cast(x, y, "b")
    boards.refresh()


def test_leaderboard_shows_the_published_board(client, voted):
    response = client.get(PAGE)

    assert response.status_code == 200
    assert response.context["board"]["votes"] == 2
    assert (response.context["pool"].slug, response.context["category"].slug) == ("live", "overall")
    content = response.content.decode()
    assert "Xenon Labs" in content
    assert "&lt;X&gt; One" in content
    assert "<html" in content


def test_leaderboard_has_its_state_in_the_address(client, voted):
    response = client.get(PAGE, {"category": "coding"})
    assert response.context["category"].slug == "coding"
    assert response.context["board"]["votes"] == 1


def test_leaderboard_gives_htmx_the_table_alone(client, voted):
    whole, part = client.get(PAGE), client.get(PAGE, headers={"HX-Request": "true"})
    assert "<html" not in part.content.decode()
    assert "Xenon Labs" in part.content.decode()
    assert "HX-Request" in whole["Vary"]
    assert "HX-Request" in part["Vary"]


def test_leaderboard_without_votes_says_so(client, db):
    factories.board()
    response = client.get(PAGE)
    assert response.status_code == 200
    assert response.context["board"]["rows"] == []
    assert response.context["axis"] is None


@pytest.mark.parametrize(
    ("query", "status"), [({"pool": "nowhere"}, 404), ({"category": "juggling"}, 404), ({"at": "soon"}, 400)]
)
def test_leaderboard_refuses_with_a_page(client, db, query, status):
    response = client.get(PAGE, query)
    assert response.status_code == status
    assert "<html" in response.content.decode()


@pytest.mark.parametrize("models", [2, 30])
def test_leaderboard_asks_the_database_as_often_for_many_models_as_for_two(
    client, db, models, django_assert_num_queries
):
    contestants = factories.models(models)
    for a, b in pairwise(contestants):
        factories.cast(a, b)
    boards.refresh()

    with django_assert_num_queries(4):
        assert len(client.get(PAGE).context["board"]["rows"]) == models


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], None),
        ([(1000.0, 900.5, 1099.5)], {"low": 895, "high": 1105, "width": 210}),
        ([(1000.0, None, None)], {"low": 995, "high": 1005, "width": 10}),
        ([(1000.0, 950.0, 1050.0), (1300.0, 1250.0, None)], {"low": 945, "high": 1305, "width": 360}),
    ],
)
def test_axis_holds_all_closed_ends(rows, expected):
    names = ("rating", "ci_low", "ci_high")
    assert axis([dict(zip(names, row, strict=True)) for row in rows]) == expected


@pytest.mark.django_db
def test_leaderboard_of_imported_votes_says_whose_they_are_and_leads_to_the_others(client):
    factories.pool("elsewhere", kind=Pool.Kind.IMPORT, name="Votes of 2024", provenance="From a public file.")
    factories.cast(factories.model("x"), factories.model("y"), pool="elsewhere")
    boards.refresh()

    shown = client.get("/leaderboard/?pool=elsewhere").content.decode()

    assert "Votes of 2024: votes that were cast elsewhere" in shown
    assert "From a public file." in shown
    assert "models of this arena" not in shown
    assert '<a href="?pool=live"><bdi>' in shown
    assert '<a href="?pool=elsewhere" aria-current="page">' in shown
    assert 'href="/models/x/"' in shown
