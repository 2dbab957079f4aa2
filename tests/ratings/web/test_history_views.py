"""The page of the past."""

import re

import pytest

from tests import factories
from tests.ratings.board_history import ago, beat, published

pytestmark = pytest.mark.django_db
PAGE = "/history/"


def text(client, **query):
    answer = client.get(PAGE, query)
    assert answer.status_code == 200
    return " ".join(re.sub(r"<[^>]*>", " ", answer.content.decode()).split())


def test_page_compares_with_a_day_and_a_week_ago_and_says_what_moved(client, week):
    context = client.get(PAGE).context
    day, seven = context["comparisons"]
    assert (day.changes.votes_change, seven.changes.votes_change) == (5, 165)
    assert [each["model"] for each in day.changes.added] == ["newcomer"]
    assert not any("rating" in movement.significant for movement in day.changes.significant_movements)
    significant = {each.current["model"]: each.significant[0] for each in seven.changes.significant_movements}
    assert significant["zinc"] == "rating"
    assert context["directions"]["zinc"] == "up"
    assert "newcomer" not in context["directions"]
    days = context["days"]
    assert days[0]["day"] >= days[-1]["day"]
    assert sum(each["votes"] for each in days) == 365
    assert max(each["percent"] for each in days) == 100

    shown = text(client)
    html = client.get(PAGE).content.decode()
    assert "165 more votes since the board of" in shown
    assert " UTC</time>." in html
    assert "New on the board: Newcomer" in shown
    *_, row = re.findall(r"<tr>(?:(?!</tr>).)*Zinc</bdi>.*?</tr>", html)
    assert re.findall(r"<td>(<strong>)?[+]", row) == ["<strong>"]

    assert client.get(PAGE, {"method": "elo"}).context["directions"] == {}
    assert "we cannot test whether a change is significant" in text(client, method="elo")


def test_page_compares_two_times_of_choice_and_its_presets_lead_to_them(client, week):
    answer = client.get(PAGE, {"then": f"{ago(days=9):%Y-%m-%dT%H:%M}", "at": f"{ago(days=1):%Y-%m-%dT%H:%M}"})
    [found] = answer.context["comparisons"]
    assert (found.changes.votes_change, found.changes.added) == (160, [])
    assert "We have no board from that time." in text(client, then="2020-01-01T00:00")

    yesterday, seven, _ = client.get(PAGE, {"category": "overall"}).context["presets"]
    context = client.get(PAGE + seven["changes"]).context
    [found] = context["comparisons"]
    assert found.changes.votes_change == 165
    assert [each["is_current"] for each in context["presets"]] == [False, True, False]
    assert client.get("/leaderboard/" + yesterday["board"]).context["board"]["votes"] == 360


def test_page_names_retired_models(client, week):
    factories.model("outsider", status="retired")
    week[0].status = "retired"
    week[0].save()
    shown = text(client)
    assert "no longer appear in battles: Xenon" in shown
    assert "Outsider" not in shown


def test_page_of_a_pool_without_votes_says_so(client):
    factories.board()
    shown = text(client)
    assert "This board has no votes yet." in shown
    assert "Votes per day" not in shown


def test_page_of_two_models_with_open_ends_works(client):
    beat(*factories.models(2))
    published(at=ago(days=8))
    assert "No significant changes." in text(client)
