"""Whose votes the pages about a board show, and that links between them keep to it."""

import re
from datetime import UTC, datetime
from html import unescape

import pytest

from arena.models import LIVE_POOL, Pool, Vote
from ratings.boards import board_selection, snapshots
from ratings.boards.board_selection import OwnBoardProgress
from ratings.boards.snapshots import BoardKey, pack_rows
from ratings.models import SEED_POOL, Board, Category, Snapshot
from ratings.pipeline import board_refresh
from tests import factories
from tests.arena.web.test_templates import Outline

pytestmark = pytest.mark.django_db
PAGES = ("/leaderboard/", "/leaderboard/plots/", "/history/", "/method/", "/models/x/")
OF_BOARDS = re.compile(r"/(leaderboard/(plots/)?|history/|method/|models/[^/]+/)")
STANDS_IN = "This arena has"


def opened(client, page, **query):
    answer = client.get(page, query)
    assert answer.status_code == 200
    return answer.content.decode()


def text(html):
    return " ".join(Outline(html).text.split())


def links(html):
    """The links within the page to pages about boards, without those of the frame."""
    main = html.partition("<main")[2].partition("</main>")[0]
    found = {unescape(address) for address in re.findall(r'href="([^"#]+)', main)}
    return {address for address in found if OF_BOARDS.fullmatch(address.partition("?")[0])}


@pytest.fixture
def public():
    """Two models of the public board, and none of this arena."""
    factories.board()
    factories.pool(SEED_POOL, kind=Pool.Kind.IMPORT, name="Votes of 2024", provenance="From a public file.")
    for winner in "aab":
        factories.cast(factories.contestant("x"), factories.contestant("y"), winner, pool=SEED_POOL)
    board_refresh.refresh()


def rank_two(*slugs):
    """Cast enough votes that two models get a rank in this arena, and nothing else can be drawn."""
    x, y = map(factories.contestant, slugs)
    factories.cast_at_once(
        Vote(pool_id=LIVE_POOL, contestant_a=x, contestant_b=y, winner=winner) for winner in "ab" * 50
    )
    for model in (x, y):
        factories.endpoint(model)
    board_refresh.refresh()


def test_reference_board_stands_in_on_every_page_until_enough_models_are_ranked_here(client, public):
    for page in PAGES:
        found = links(opened(client, page)) - {"/leaderboard/"}  # which leads to it too
        assert found
        assert all(f"pool={SEED_POOL}" in address for address in found)

    factories.cast(factories.contestant("x"), factories.contestant("z"))
    board_refresh.refresh()
    for page in PAGES:
        html = opened(client, page)
        assert ("From a public file." in html) == (page != "/models/x/")
        assert page == "/models/x/" or STANDS_IN in text(html)
        assert "from 3 votes" in text(html) or page != "/leaderboard/"

    rank_two("x", "z")
    for page in PAGES:
        html = opened(client, page)
        assert STANDS_IN not in text(html)
        assert SEED_POOL not in "".join(links(html) - {f"/leaderboard/?pool={SEED_POOL}"})


@pytest.mark.parametrize(
    ("years", "pool"), [((), SEED_POOL), ((2025,), "of-2025"), ((2026, 2025), "of-2026"), ((2025, 2026), "of-2026")]
)
def test_newest_reference_board_is_the_default_one(public, years, pool):
    for year in years:
        reference = factories.pool(f"of-{year}", kind=Pool.Kind.REFERENCE)
        board = Board.objects.create(pool=reference, category=factories.board().category)
        Snapshot.objects.create(
            board=board,
            code_version="1",
            rows=pack_rows([]),
            parameters={},
            computed_at=datetime(year, 1, 1, tzinfo=UTC),
        )
    assert board_selection.select_board(BoardKey(), {})[0].pool == pool
    assert board_selection.select_board(BoardKey(), {"pool": "live"})[0].pool == "live"
    assert board_selection.select_board(BoardKey(method="elo"), {})[0].pool == "live"


def ranked(*slugs, votes_to_rank=0):
    return [{"model": slug, "rank": 1, "votes_to_rank": votes_to_rank} for slug in slugs]


@pytest.mark.parametrize(
    ("rows", "up", "enough"),
    [
        (ranked(*"abcde"), "abcdefg", True),
        (ranked(*"abcd"), "abcdefg", False),
        (ranked(*"abcd"), "abcd", True),
        (ranked(*"abcd"), "abce", False),
        (ranked(*"abcd"), "", False),
        (ranked(*"abcdefg", votes_to_rank=1), "abcd", False),
        ([{"model": "a", "rank": None, "votes_to_rank": 0}], "a", False),
        ([], "ab", False),
    ],
)
def test_board_ranks_enough_models_if_five_or_all_that_are_up_are_ranked(rows, up, enough):
    for slug in up:
        factories.endpoint(factories.model(slug))
    assert board_selection.has_enough_ranks(rows) == enough


@pytest.mark.parametrize(
    ("query", "parameters"),
    [
        ({}, {"pool": SEED_POOL}),
        ({"pool": "live"}, {"pool": "live"}),
        ({"category": "coding"}, {"pool": "live", "category": "coding"}),
        ({"pool": SEED_POOL}, {"pool": SEED_POOL}),
    ],
)
def test_parameters_ask_for_the_same_board_again(public, query, parameters):
    Category.objects.get_or_create(slug="coding", defaults={"name": "Coding"})
    requested_key = snapshots.parse_board_key(query)
    board_key, board = board_selection.select_board(requested_key, query)
    selection = board_selection.build_selection(requested_key, board_key, board)
    assert selection.parameters == parameters
    assert board_selection.select_board(snapshots.parse_board_key(parameters), parameters)[0] == board_key


@pytest.mark.parametrize(
    ("rows", "up", "progress"),
    [
        (ranked("a", "b"), "abcdef", OwnBoardProgress(ranked=2, needed=5, missing_votes=150)),
        (ranked("a", "b"), "abcd", OwnBoardProgress(ranked=2, needed=4, missing_votes=100)),
        (ranked("a") + ranked("b", votes_to_rank=30), "ab", OwnBoardProgress(ranked=1, needed=2, missing_votes=30)),
        (
            [{"model": "a", "rank": None, "votes_to_rank": 0}],
            "a",
            OwnBoardProgress(ranked=0, needed=1, missing_votes=1),
        ),
        ([], "", OwnBoardProgress(ranked=0, needed=5, missing_votes=0)),
        (ranked(*"abcdef"), "xyz", OwnBoardProgress(ranked=5, needed=5, missing_votes=0)),
    ],
)
def test_progress_counts_the_votes_that_are_missing_at_least(rows, up, progress):
    for slug in up:
        factories.endpoint(factories.model(slug))
    assert board_selection.measure_progress(rows) == progress


@pytest.mark.parametrize(
    ("progress", "text"),
    [
        (OwnBoardProgress(1, 5, 64, votes=1), "1 vote. Its board becomes the default after at least 64 more."),
        (
            OwnBoardProgress(0, 1, 1, votes=1200),
            "1,200 votes. Its board becomes the default after at least 1 more.",
        ),
        (OwnBoardProgress(0, 5, 0), "0 votes. Its board needs 5 ranked models to become the default. It has 0."),
    ],
)
def test_progress_says_what_is_missing(progress, text):
    assert str(progress) == f"This arena has {text}"


@pytest.mark.parametrize(
    ("page", "sent", "kept"),
    [
        ("/leaderboard/", "pool=live&q=&sort=rank&order=&column=votes&weights=open", "?weights=open&column=votes"),
        ("/leaderboard/", "q=&size_max=10.0&pin=x", "?size_max=10&pin=x"),
        ("/leaderboard/", "q=&sort=rank", ""),
        ("/leaderboard/plots/", "category=&method=&top=&against=speed", "?against=speed"),
        ("/leaderboard/plots/", "category=&top=all&pool=live", "?top=all"),
        ("/history/", "category=&then=2026-01-01T00:00&at=", "?then=2026-01-01T00%3A00%3A00Z"),
        ("/history/", "then=&at=", ""),
    ],
)  # fmt: skip
def test_form_without_scripts_ends_at_an_address_that_says_only_what_was_chosen(client, page, sent, kept):
    factories.cast(factories.contestant("x"), factories.contestant("y"))
    board_refresh.refresh()
    answer = client.get(f"{page}?{sent}")
    assert (answer.status_code, answer["Location"]) == (302, page + kept)
    assert client.get(answer["Location"]).status_code == 200


@pytest.mark.parametrize("pool", ["nowhere", "\0"])
def test_page_of_an_unknown_pool_says_so_and_leads_to_the_leaderboard(client, public, pool):
    for page in PAGES[:4]:
        answer = client.get(page, {"pool": pool})
        assert answer.status_code == 404
        assert "This board does not exist." in answer.content.decode()
        assert 'href="/leaderboard/"' in answer.content.decode()
