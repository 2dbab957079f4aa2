"""The leaderboard as a page and as files: what is in the address is what is shown, in both."""

import csv
import io
import re
from datetime import date, timedelta
from decimal import Decimal
from html import unescape
from itertools import pairwise

import pytest
from django.test import Client
from django.utils import timezone

from arena.models import Pool
from catalog.models import Price
from core.files.csv_injection import unescape_formula
from ratings.boards import model_facts
from ratings.boards.snapshots import pack_rows, unpack_rows
from ratings.models import SEED_POOL, Board, PairTable, Snapshot
from ratings.pipeline import board_refresh
from ratings.web.leaderboard import downloads
from ratings.web.leaderboard.columns import COLUMNS_BY_NAME, OPTIONAL_COLUMNS
from tests import factories
from tests.arena.web.test_templates import Outline

PAGE = "/leaderboard/"
pytestmark = pytest.mark.django_db
SLUGS = re.compile(r'<tr id="model-([^"]+)"')


def slugs(response):
    return SLUGS.findall(response.content.decode())


def text(response):
    return Outline(response.content.decode()).text


@pytest.fixture
def voted():
    """Four models, the better the earlier in the alphabet; of d nothing is known."""
    apache = factories.license("Apache-2.0", commercial="yes")
    known = {"license": apache, "context_window": 131_072, "release_date": date(2026, 1, 2)}
    a = factories.model("a", name="<A> One", organization=factories.organization("Acme"), open_weights=False, **known)
    b = factories.model("b", organization=factories.organization("Bolt"), open_weights=True,
                        parameters_total=9 * 10**9, **known)  # fmt: skip
    c = factories.model("c", organization=factories.organization("Acme"), open_weights=True,
                        parameters_total=70 * 10**9, status="retired", license=apache)  # fmt: skip
    d = factories.model("d")
    Price.objects.create(model=a, input=Decimal(2), output=Decimal(10), source="s", as_of=date(2026, 1, 1))
    Price.objects.create(model=b, input=Decimal("0.1"), output=Decimal("0.5"), source="s", as_of=date(2026, 1, 1))
    for better, worse in pairwise((a, b, c, d)):
        for winner in "aaab":
            factories.cast(better, worse, winner, categories=["coding"] if worse != d else [])
    factories.cast(b, d)
    board_refresh.refresh()


def test_page_shows_the_published_board(client, voted):
    response = client.get(PAGE)
    assert response.status_code == 200
    assert slugs(response) == ["a", "b", "c", "d"]
    shown = text(response)
    assert "4 of 4 models · Overall" in shown
    assert "1 1\N{EN DASH}" in shown
    assert "<A> One Acme closed Apache-2.0" in shown
    assert "C retired Acme open Apache-2.0" in shown
    assert "from 13 votes" in shown
    assert "<A> One leads, but 3 others are in the same tier." in shown
    assert "These ranks are provisional: a rank needs 100 votes." in shown
    assert "○" not in shown
    assert "Votes 4 " in shown
    assert "Price per 1M $4.00 " in shown
    assert "Context 131K" in shown


def test_bars_and_caption_tell_of_intervals_and_tiers_only_where_there_are(client, voted):
    for query, intervals, words in (("", 4, "ranks or tiers."), ("method=elo", 0, "ranks.")):
        response = client.get(f"{PAGE}?{query}")
        html = response.content.decode()
        assert (html.count('class="strip-dot"'), html.count('class="strip-interval"')) == (4, intervals)
        assert f"Filters do not change {words}" in text(response)


def test_lead_is_true_of_the_models_shown_and_tiers_are_explained_where_they_are(client, voted):
    for query, words, has_tiers in (
        ("", "<A> One leads, but 3 others are in the same tier.", True),
        ("sort=votes", "<A> One leads, but 3 others are in the same tier.", False),
        ("method=elo", "<A> One ranks highest among the models shown.", False),
        ("weights=open", "B ranks highest among the models shown.", True),
        ("q=bolt", "", True),
    ):
        board = client.get(f"{PAGE}?{query}", headers={"HX-Request": "true"}).content.decode()
        shown = Outline(board).text
        assert words in shown
        assert ("leads" in shown, "ranks highest" in shown) == ("leads" in words, "ranks highest" in words)
        assert (shown.count("Tier 1"), shown.count("tier: about as good")) == (has_tiers, has_tiers)


def test_lower_model_in_a_higher_tier_is_explained(client, voted):
    snapshot = Snapshot.objects.exclude(method="elo").get(board__category__slug="overall", board__style_control=False)
    for tiers, is_explained in ((1, 1, 2, 3), False), ((1, 2, 1, 2), True):
        rows = [{**row, "tier": tier} for row, tier in zip(unpack_rows(snapshot.rows), tiers, strict=True)]
        snapshot.pk, snapshot.rows, snapshot.computed_at = None, pack_rows(rows), timezone.now()
        snapshot.save()
        words = "A wide interval can put a lower-rated model in a higher tier."
        assert (words in text(client.get(PAGE))) == is_explained


def test_board_with_nothing_to_say_above_its_table_has_no_empty_hint(client):
    pool, (one, other) = factories.pool("ranked", ordered=True), factories.models(2)
    for winner in "aab":
        factories.cast(one, other, winner, multiplicity=100, pool=pool.slug)
    board_refresh.refresh()
    board = client.get(f"{PAGE}?pool=ranked&method=elo", headers={"HX-Request": "true"}).content.decode()
    assert "ranks highest" in board
    assert '<p class="hint">' not in board


def test_models_that_no_chain_of_votes_joins_stand_apart_and_say_so(client, voted):
    """Their ranks and ratings are on a scale of their own, so a rank 1 of theirs is not one of the board."""
    assert "group" not in text(client.get(PAGE))
    x, y = (factories.model(slug) for slug in "xy")
    for winner in "aaaaaaaaab":
        factories.cast(x, y, winner)
    board_refresh.refresh()
    for query in ("", "sort=rating", "pin=y"):
        response = client.get(f"{PAGE}?{query}")
        assert slugs(response) == ["a", "b", "c", "d", "x", "y"]
        shown = text(response)
        assert ("Y group 2 " in shown, "A> One group" in shown) == (True, False)
        assert "The models in group 2 are not connected to the others by any chain of votes" in shown


def test_page_has_one_heading_unique_ids_and_nothing_inline(client, voted):
    outline = Outline(client.get(PAGE, {"pin": ["a", "b"], "weights": "open"}).content.decode())
    ids = [attrs["id"] for _, attrs in outline.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert len(outline.all("h1")) == 1
    assert not outline.all("style")
    assert not [name for _, attrs in outline.tags for name in attrs if name == "style" or name.startswith("on")]


def test_page_and_files_show_the_same_models_in_the_same_order(client, voted):
    for query, found in (
        ("", "abcd"),
        ("q=acme", "ac"),
        ("weights=open&size_max=10&category=coding", "b"),
        ("commercial=yes&released_after=2026-01-02", "ab"),
        ("sort=price&order=desc", "abcd"),
        ("sort=votes", "bcda"),
        ("method=elo&sort=rating&order=asc", "dcba"),
        ("q=nobody", ""),
    ):
        assert "".join(slugs(client.get(f"{PAGE}?{query}"))) == found
        as_json = client.get(f"{PAGE}?{query}&format=json").json()
        as_csv = csv.DictReader(io.StringIO(client.get(f"{PAGE}?{query}&format=csv").content.decode()))
        assert "".join(row["model"] for row in as_json["rows"]) == found
        assert "".join(row["model"] for row in as_csv) == found


def test_files_tell_of_each_model_what_its_row_does(client, voted):
    query = {"column": "price", "sort": "model"}
    as_json = client.get(PAGE, query | {"format": "json"}).json()["rows"]
    as_csv = list(csv.DictReader(io.StringIO(client.get(PAGE, query | {"format": "csv"}).content.decode())))
    names = ("retired", "provisional", "commercial_use", "price", "price_input", "price_output")
    nothing = (None, None, None)
    assert [tuple(row[name] for name in names) for row in as_json] == [
        (False, True, "yes", 4.0, 2.0, 10.0),
        (False, True, "yes", 0.2, 0.1, 0.5),
        (True, True, "yes", *nothing),
        (False, True, "unknown", *nothing),
    ]
    assert [tuple(row[name] for name in names) for row in as_csv] == [
        ("false", "true", "yes", "4", "2", "10"),
        ("false", "true", "yes", "0.2", "0.1", "0.5"),
        ("true", "true", "yes", "", "", ""),
        ("false", "true", "unknown", "", "", ""),
    ]


def test_what_is_unknown_is_said_and_counted(client, voted):
    response = client.get(PAGE, {"size_max": "10", "price_max": "1"})
    assert "1 of 4 models" in text(response)
    assert "1 more is hidden because we lack data (price: 1, size: 1)." in text(response)
    assert "2 more are hidden because we lack data (size: 2)." in text(client.get(PAGE, {"size_max": "10"}))
    assert "lack data" not in text(client.get(PAGE, {"q": "acme"}))


def test_columns_can_be_chosen_on_page_and_in_files(client, voted):
    for column in (column.name for column in OPTIONAL_COLUMNS):
        outline = Outline(client.get(PAGE, {"column": column}).content.decode())
        names = [attrs["class"] for attrs in outline.all("th", scope="col")]
        assert names == ["cell-rank", "cell-model", "cell-rating", f"cell-{column}", "cell-pin"]
        [row, *_] = client.get(PAGE, {"column": column, "format": "json"}).json()["rows"]
        assert row.keys() == {key for name in downloads.API_COLUMNS | {column} for key in COLUMNS_BY_NAME[name].fields}
        assert [box["value"] for box in outline.all("input", name="column") if "checked" in box] == [column]

    none = Outline(client.get(PAGE, {"column": "none"}).content.decode())
    assert len(none.all("th", scope="col")) == 4
    assert not [box for box in none.all("input", name="column") if "checked" in box]
    assert none.all("input", name="column", type="hidden")[0]["value"] == "none"


def test_form_of_an_empty_board_takes_no_column_away_unless_one_was_chosen(client):
    factories.board()
    for query, sent in (({}, 0), ({"column": "none"}, 1), ({"column": "votes"}, 1)):
        outline = Outline(client.get(PAGE, query).content.decode())
        assert len(outline.all("input", name="column", type="hidden")) == sent


def test_form_says_again_what_was_asked(client, voted):
    query = {"category": "coding", "q": "a", "weights": "open", "size_max": "10.5", "released_after": "2020-01-01"}
    outline = Outline(client.get(PAGE, query | {"sort": "votes", "pin": "c"}).content.decode())
    said = {attrs["name"]: attrs.get("value") for attrs in outline.all("input") if "name" in attrs}
    assert said["q"] == "a"
    assert said["size_max"] == "10.5"
    assert said["released_after"] == "2020-01-01"
    assert said["pool"] == "live"
    chosen = {attrs["value"] for attrs in outline.all("option") if "selected" in attrs}
    assert chosen == {"live", "coding", "open", "votes"}
    assert [box["value"] for box in outline.all("input", name="pin") if "checked" in box] == ["c"]
    assert outline.all("form", id="board-form")[0]["method"] == "get"


def test_links_of_the_table_keep_the_rest_of_the_state(client, voted):
    outline = Outline(client.get(PAGE, {"weights": "open", "sort": "votes", "pin": "b"}).content.decode())
    links = {attrs["id"]: attrs["href"] for attrs in outline.all("a") if attrs.get("id", "").startswith("sort-")}
    assert links["sort-votes"] == "?weights=open&sort=votes&order=asc&pin=b"
    assert links["sort-rank"] == "?weights=open&pin=b"
    [header] = [attrs for attrs in outline.all("th") if "aria-sort" in attrs]
    assert (header["class"], header["aria-sort"]) == ("cell-votes", "descending")
    assert outline.all("a", href="?weights=open&sort=votes&pin=b&format=csv")
    assert outline.all("a", href="/leaderboard/plots/")


def test_pinned_models_are_compared_on_top(client, voted):
    response = client.get(PAGE, {"pin": ["a", "b"], "weights": "open"})
    shown = text(response)
    assert "Side by side" in shown
    assert "<A> One against B" in shown
    assert "4 votes: 3 won, 1 lost, 0 tied" in shown
    assert "It has only 4 votes" in shown
    assert slugs(response) == ["b", "c"]


def test_fifth_model_cannot_be_pinned(client, voted):
    outline = Outline(client.get(PAGE, {"pin": ["w", "x", "y", "z"]}).content.decode())
    boxes = outline.all("input", name="pin", type="checkbox")
    assert len(boxes) == 4
    assert all("disabled" in box for box in boxes)
    assert client.get(PAGE, {"pin": list("vwxyz")}).status_code == 400


def test_page_refuses_with_a_page_in_our_words(client, voted):
    for query, status, words in (
        ({"pool": "nowhere"}, 404, "There is no pool"),
        ({"pool": "\0"}, 404, "There is no pool"),
        ({"category": "juggling"}, 404, "There is no category"),
        ({"method": "elo", "style_control": "true", "pool": "nowhere"}, 404, "There is no pool"),
        ({"method": "elo", "style_control": "true", "format": "csv"}, 400, "under style control"),
        ({"at": "soon"}, 400, "“at” must be a time"),
        ({"style_control": "perhaps"}, 400, "true or false"),
        ({"size_max": "big"}, 400, "“size_max” must be zero or a positive number"),
        ({"sort": "beauty"}, 400, "“sort” must be one of: rank"),
        ({"format": "xlsx"}, 400, "“format” must be one of: csv, json"),
    ):
        response = client.get(PAGE, query)
        assert response.status_code == status
        assert words in text(response)
        assert "<html" in response.content.decode()


ELO_STYLED = {"category": "coding", "q": "a", "sort": "votes", "pin": "b", "method": "elo", "style_control": "true"}


def test_form_that_asks_for_two_things_that_exclude_each_other_keeps_all_and_says_so(client, voted):
    response = client.get(PAGE, ELO_STYLED)
    outline = Outline(response.content.decode())
    assert response.status_code == 400
    assert "Elo ratings are not available under style control" in outline.text
    assert "Side by side" not in outline.text
    assert "open" in outline.all("details", **{"class": "board-more"})[0]
    chosen = {attrs["value"] for attrs in outline.all("option") if "selected" in attrs}
    assert chosen == {"live", "coding", "elo", "true"}
    kept = {(attrs["name"], attrs.get("value")) for attrs in outline.all("input", form="board-form")}
    assert kept == {("pool", "live"), ("pin", "b"), ("sort", "votes")}
    assert slugs(client.get(PAGE, ELO_STYLED | {"style_control": ""}, follow=True)) == ["a", "c"]


def test_htmx_gets_the_board_alone_and_the_address_of_its_state(client, voted):
    whole = client.get(PAGE)
    part = client.get(PAGE, {"q": "", "sort": "votes", "order": "", "pool": "live"}, headers={"HX-Request": "true"})
    assert "<html" not in part.content.decode()
    assert slugs(part) == ["b", "c", "d", "a"]
    assert part["HX-Push-Url"] == "/leaderboard/?sort=votes"
    assert all("HX-Request" in response["Vary"] for response in (whole, part))
    news = client.get(PAGE, headers={"HX-Request": "true", "HX-Trigger": "board"})
    assert not {"HX-Replace-Url", "HX-Push-Url"} & news.headers.keys()


def test_choice_is_a_step_of_the_history_and_a_letter_is_none(client, voted):
    for before, query, header in (
        ("?pool=live", "?sort=votes", "Push"),
        ("?sort=votes&q=a#compare", "?sort=votes", "Replace"),
        ("?q=a", "?q=ab", "Replace"),
        ("?q=a", "?q=a&pin=b", "Push"),
        ("?pin=a&pin=b", "?pin=a", "Push"),
        ("", "?", "Replace"),
    ):
        headers = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{PAGE}{before}"}
        told = client.get(f"{PAGE}{query}", headers=headers).headers
        assert {name for name in told if name.startswith("HX-")} == {f"HX-{header}-Url"}


def test_past_board_is_shown_as_of_then(client, voted):
    then = client.get(PAGE, {"format": "json"}).json()
    factories.cast(factories.model("d"), factories.model("a"))
    board_refresh.refresh()
    past = client.get(PAGE, {"at": then["computed_at"], "format": "json"}).json()
    assert past["rows"] == then["rows"]
    page = client.get(PAGE, {"at": then["computed_at"]}).content.decode()
    assert "data-past" in page
    assert "from 13 votes" in page
    assert "data-past" not in client.get(PAGE).content.decode()


def test_change_within_a_day_is_shown(client, voted):
    Snapshot.objects.update(computed_at=Snapshot.objects.latest("pk").computed_at - timedelta(hours=30))
    for _ in range(30):
        factories.cast(factories.model("d"), factories.model("a"))
    factories.cast(factories.model("e"), factories.model("a"))
    board_refresh.refresh()
    rows = {row["model"]: row for row in client.get(PAGE, {"format": "json"}).json()["rows"]}
    assert rows["d"]["rating_change_24h"] > 0
    assert rows["d"]["rank_change_24h"] > 0
    assert rows["e"]["new"] is True
    assert rows["d"]["beyond_noise_24h"] is True
    assert "beyond_noise_24h" in client.get(PAGE, {"format": "csv"}).content.decode()
    shown = text(client.get(PAGE))
    assert re.search(r"24 h \+\d+ ↑\d", shown)
    assert "24 h new" in shown


def test_file_has_all_that_rows_of_the_api_have_to_the_last_digit(client, voted):
    for query in ({}, {"column": "price"}, {"method": "elo"}):
        [row, *_] = client.get("/api/v1/leaderboard/", {"method": query.get("method", "bt")}).json()["rows"]

        [found, *_] = client.get(PAGE, query | {"format": "json"}).json()["rows"]
        [line, *_] = csv.DictReader(io.StringIO(client.get(PAGE, query | {"format": "csv"}).content.decode()))

        assert {name: found[name] for name in row} == row
        assert line.keys() == found.keys()
    [*rows] = csv.DictReader(io.StringIO(client.get(PAGE, {"format": "csv", "column": "price"}).content.decode()))
    board = client.get("/api/v1/leaderboard/").json()["rows"]
    assert [float(row["rating"]) for row in rows] == [row["rating"] for row in board]
    assert [row["ci_low"] for row in rows] == ["" if row["ci_low"] is None else str(row["ci_low"]) for row in board]
    assert [row["unbounded"] for row in rows] == ["false"] * 4
    assert [Decimal(row["price"]) if row["price"] else None for row in rows] == [4, Decimal("0.2"), None, None]


def test_csv_holds_no_formula_and_is_read_back(client):
    bad = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\r=1", "\n=3", "＝1+1", "'=1", "a,b", 'q"uote', "line\nbreak"]
    for number, name in enumerate(bad):
        factories.cast(factories.model(f"x{number}", name=name), factories.model("y"))
    board_refresh.refresh()
    response = client.get(PAGE, {"format": "csv", "sort": "model"})
    names = {row["model"]: row["name"] for row in csv.DictReader(io.StringIO(response.content.decode(), newline=""))}
    assert names.pop("y") == "Y"
    assert [unescape_formula(names[f"x{number}"]) for number in range(len(bad))] == bad
    assert not [name for name in names.values() if name[0] in "=+-@\t\r\n＝＋－＠"]


def test_file_is_named_after_pool_category_and_time(client, voted):
    for query, name in (
        ("format=csv", r"leaderboard-live-overall-\d{8}T\d{6}Z\.csv"),
        ("format=json&category=coding&method=elo", r"leaderboard-live-coding-elo-\d{8}T\d{6}Z\.json"),
        ("format=csv&style_control=true", r"leaderboard-live-overall-style-control-empty\.csv"),
    ):
        response = client.get(f"{PAGE}?{query}")
        assert re.fullmatch(f'attachment; filename="{name}"', response["Content-Disposition"])
        assert response["Content-Type"] in ("text/csv; charset=utf-8", "application/json")


def test_json_says_what_was_asked_and_left_out(client, voted):
    found = client.get(PAGE, {"format": "json", "size_max": "10"}).json()
    assert (found["pool"], found["category"], found["votes"]) == ("live", "overall", 13)
    assert (found["query"], found["left_out_unknown"], found["unknown"]) == ("?size_max=10", 2, {"size": 2})


def test_models_side_by_side_without_kept_pairs_say_so(client, voted):
    PairTable.objects.all().delete()
    for query, words in (("", "yet."), ("&at=2999-01-01T00:00:00Z", "for that time, because")):
        assert f"No pairs of these models are stored {words}" in text(client.get(f"{PAGE}?pin=a&pin=b{query}"))


def test_page_without_votes_says_how_to_begin(client):
    factories.board()
    response = client.get(PAGE)
    assert "No votes yet" in text(response)
    assert 'href="/"' in response.content.decode()
    assert slugs(response) == []
    assert "Download votes: none yet" in text(response)
    assert "votes.jsonl" not in response.content.decode()


def test_empty_board_that_no_battle_fills_promises_nothing_and_leads_to_votes(client, voted):
    factories.cast(*factories.models(2), pool=factories.pool("old", kind=Pool.Kind.IMPORT, name="Old <votes>").slug)
    board_refresh.refresh()
    past = "No board from that time The oldest snapshot of this board is from"
    for query, said, leads in (
        ("pool=old&category=coding", "No votes here This pool has no votes in this category.", True),
        ("pool=old&at=2020-01-01T00:00:00Z", past, True),
        ("pool=old&style_control=true", "No votes here This pool has no style-controlled ratings in this", True),
        ("pool=api", "No votes yet Votes cast by programs with an API key will appear here", False),
        ("pool=live&at=2020-01-01T00:00:00Z", past, True),
    ):
        found = client.get(f"{PAGE}?{query}")
        assert said in text(found)
        assert ("Go to the overall board for" in text(found)) == leads
        assert (f'href="?{query.partition("&")[0]}">Go to the' in found.content.decode()) == leads
        for wrong in ("appears here automatically", "Start a battle", "This board will appear"):
            assert wrong not in text(found)


@pytest.fixture
def public():
    factories.pool(SEED_POOL, kind=Pool.Kind.IMPORT, name="Votes of 2024", provenance="From a public file.")
    factories.cast(factories.model("x"), factories.model("y"), pool=SEED_POOL)
    board_refresh.refresh()


def test_public_board_stands_in_while_nobody_has_named_a_board_and_ours_is_empty(client, public):
    factories.board()
    for query, found in (("", "xy"), ("pool=live", ""), ("method=elo", ""), (f"pool={SEED_POOL}", "xy")):
        response = client.get(f"{PAGE}?{query}")
        assert slugs(response) == [*found]
        assert ("This arena has" in text(response)) == (query == "")


def test_own_board_is_first_as_soon_as_all_models_that_are_up_are_ranked(client, public):
    v, w = factories.model("v"), factories.model("w")
    for model in (v, w):
        factories.endpoint(model)
    for number, winner in enumerate("ab" * 50, start=1):
        factories.cast(v, w, winner)
        if number in {1, 99, 100}:
            board_refresh.refresh()
            page = client.get(PAGE)
            assert 'data-event-key="live/overall/false/bt"' in page.content.decode()
            assert slugs(page) == (["v", "w"] if number == 100 else ["x", "y"])


def test_page_of_imported_votes_says_whose_they_are_and_leads_to_the_others_and_to_files(client, public):
    shown = client.get(PAGE, {"pool": SEED_POOL}).content.decode()
    assert "Votes of 2024: votes cast elsewhere" in shown
    assert "From a public file." in shown
    assert "models on this site" not in shown
    assert '<option value="live">This arena (0 votes)' in shown
    assert f'<option value="{SEED_POOL}" selected>Votes of 2024 (1 vote)' in shown
    assert f'href="/models/x/?pool={SEED_POOL}"' in shown
    for page in (shown, client.get(PAGE, {"pool": "live"}).content.decode()):
        assert re.findall(r'<a href="(/api/v1/votes.jsonl[^"]*)" download[^>]*><bdi>([^<]*)</bdi></a>', page) == [
            (f"/api/v1/votes.jsonl?pool={SEED_POOL}", "Votes of 2024 (1 vote)")
        ]


def test_legend_explains_the_hollow_dots_if_only_some_ratings_are_provisional(client, voted):
    snapshot = Snapshot.objects.exclude(method="elo").get(board__category__slug="overall", board__style_control=False)
    rows = [{**row, "provisional": row["model"] == "b"} for row in unpack_rows(snapshot.rows)]
    Snapshot.objects.filter(pk=snapshot.pk).update(
        rows=pack_rows(rows), parameters={**snapshot.parameters, "provisional": False}
    )
    assert "about as good as its top model ○ provisional" in text(client.get(PAGE))


def test_page_tells_why_a_board_under_style_control_has_no_rows(client, voted):
    assert "will appear once there are votes for which the style" in text(client.get(PAGE, {"style_control": "true"}))
    styled = Board.objects.create(pool=factories.pool(), category=factories.board().category, style_control=True)
    problem = {"problem": "separable"}
    Snapshot.objects.create(board=styled, votes=3, code_version="1", rows=pack_rows([]), parameters=problem)
    assert "These votes have no finite ratings" in text(client.get(PAGE, {"style_control": "true"}))


def test_page_begins_with_the_best_and_files_have_all(client):
    models = factories.models(60)
    fifty, all_60 = "?sort=votes&rows=50", "?sort=votes&rows=all"
    for number, cases in (
        (25, [("", 25, [])]),
        (30, [("", 25, [("Show all 30", "?rows=all")])]),
        (
            60,
            [
                ("sort=votes", 25, [("Show 50", fifty), ("Show all 60", all_60)]),
                ("rows=50", 50, [("Show all 60", "?rows=all")]),
                ("rows=all", 60, []),
            ],
        ),
    ):
        for a, b in pairwise(models[:number]):
            factories.cast(a, b)
        board_refresh.refresh()
        for query, rows, choices in cases:
            response = client.get(f"{PAGE}?{query}")
            html = response.content.decode()
            assert len(slugs(response)) == rows
            assert f"{number} of {number} models" in text(response)
            found = re.findall(r'class="board-rows" href="([^"]*)"[^>]*>([^<]*)', html)
            assert [(words, unescape(link)) for link, words in found] == choices
            assert ('name="rows"' in html) == ("rows=" in query)
            assert len(client.get(f"{PAGE}?{query}&format=json").json()["rows"]) == number


def test_page_that_was_asked_for_just_now_costs_one_small_query(client, voted, ours, django_assert_num_queries):
    model_facts.context_cache.seconds = 60.0
    first = client.get(PAGE)
    with django_assert_num_queries(1):
        again = client.get(PAGE)
    assert slugs(again) == slugs(first)
    with django_assert_num_queries(1):
        assert slugs(client.get(PAGE, {"weights": "open"})) == ["b", "c"]


def test_frame_that_is_kept_is_nobodys(client, voted, django_user_model):
    """The token of its form is each reader's own, and a name is shown only to whoever has it."""
    client.get(PAGE)
    reader = Client(enforce_csrf_checks=True)
    token = re.search(r'csrfmiddlewaretoken" value="([^"]+)', reader.get(PAGE).content.decode())[1]
    form = {"scheme": "dark", "next": PAGE, "csrfmiddlewaretoken": token}
    assert Client(enforce_csrf_checks=True).post("/appearance/", form).status_code == 403
    assert reader.post("/appearance/", form).status_code == 302

    client.force_login(django_user_model.objects.create_user("somebody"))
    shown = [each.get(f"{PAGE}?q=a").content.decode() for each in (client, reader, Client(), client)]
    assert ["somebody" in page for page in shown] == [True, False, False, True]
    assert ['data-scheme="dark"' in page for page in shown] == [False, True, False, False]
    assert all(f'name="next" value="{PAGE}?q=a"' in page for page in shown)


def test_page_shows_new_votes_at_once_though_views_are_kept(client, voted):
    model_facts.context_cache.seconds = 60.0
    client.get(PAGE)
    factories.cast(factories.model("d"), factories.model("a"))
    board_refresh.refresh()
    assert "from 14 votes" in text(client.get(PAGE))


def test_earlier_board_names_its_day_and_leads_back_to_today(client):
    factories.cast(*factories.models(2))
    board_refresh.refresh()
    day = timezone.now() + timedelta(days=1)
    response = client.get(PAGE, {"pool": "live", "at": f"{day:%Y-%m-%dT%H:%M:%S}", "rows": "all"})
    assert f"The board as of {day:%B} {day.day}, {day.year}, {day:%H:%M} UTC . Back to today" in text(response)
    assert re.search(r'<a href="\?(pool=live&amp;)?rows=all">Back to today', response.content.decode())
    assert "Back to today" not in text(client.get(PAGE, {"pool": "live"}))
