"""Which board orders a shortlist, and that it says so."""

import html

import pytest

from arena.models import Pool
from ratings.choice import ordering_board
from ratings.pipeline import board_refresh
from tests import factories
from tests.ratings.reference_board import SLUG, loaded

pytestmark = pytest.mark.django_db

API = "/api/v1/shortlist/"


def settle(pool, **fields):
    """Votes enough for two models, by people enough."""
    a, b = factories.model("a"), factories.model("b")
    for number in range(20):
        voter = factories.voter_id(number // 2)
        factories.cast(a, b, "ab"[number % 2], pool=pool, voter=voter, multiplicity=6, **fields)
    board_refresh.refresh()


def ordered_by(pool="", category="creative-writing"):
    board = ordering_board.load_ordering_board(pool, [category])
    return board["pool"], board["category"]


@pytest.fixture
def imported():
    factories.pool("of-2024", kind=Pool.Kind.IMPORT)
    settle("of-2024", categories=["creative-writing"])


def test_own_votes_go_first_then_what_was_published_then_votes_from_elsewhere(client, imported, tmp_path):
    assert ordered_by() == ("of-2024", "creative-writing")
    loaded(tmp_path)
    assert ordered_by(category="overall") == (SLUG, "overall")
    settle("live")
    assert ordered_by(category="overall") == ("live", "overall")
    found = client.get(API).json()
    assert (found["pool"], found["tiers_by"]) == ("live", "test")


def test_board_of_the_category_goes_before_one_of_all(imported, tmp_path):
    loaded(tmp_path)
    settle("live")
    # Of creative writing the reference board has one settled model, so the votes of 2024 are next.
    assert ordered_by() == ("of-2024", "creative-writing")
    assert ordered_by(category="math") == ("live", "overall")
    settle("live", categories=["creative-writing"])
    assert ordered_by() == ("live", "creative-writing")
    board = ordering_board.load_ordering_board("", ["overall", "creative-writing"])
    assert (board["pool"], board["category"]) == ("live", "creative-writing")  # overall comes last wherever it is given


LEGAL = (
    "overall,openai / gpt-4o,GPT-4o (2024-05-13),1285.3,1282.1,1288.5,117747,17",
    "legal,openai / gpt-4o,GPT-4o (2024-05-13),1285.3,1282.1,1288.5,1177,17",
    "legal,anthropic / claude-opus-4.6,Claude Opus 4.6 (High),1502.6,1499.3,1505.9,826,5",
)


def test_category_of_the_task_goes_before_one_that_stands_in_for_it(client, tmp_path):
    settle("live", categories=["longer-query"])
    asked = {"task": "legal-analysis"}
    assert [client.get(API, asked).json()[name] for name in ("pool", "category")] == ["live", "longer-query"]
    loaded(tmp_path, *LEGAL)
    assert [client.get(API, asked).json()[name] for name in ("pool", "category")] == [SLUG, "legal"]
    own = client.get(API, asked | {"pool": "live"}).json()
    assert [own[name] for name in ("pool", "category")] == ["live", "longer-query"]


def test_few_own_votes_do_not_order(tmp_path):
    loaded(tmp_path)
    factories.cast(factories.model("a"), factories.model("b"))
    board_refresh.refresh()
    assert ordered_by() == (SLUG, "overall")
    assert ordered_by("live") == ("live", "overall")


def test_few_own_votes_order_where_there_is_nothing_else():
    assert ordered_by() == ("live", "overall")
    factories.cast(factories.model("a"), factories.model("b"), categories=["creative-writing"])
    board_refresh.refresh()
    assert ordered_by() == ("live", "creative-writing")


def test_shortlist_by_a_reference_board_has_tiers_of_intervals(client, tmp_path):
    loaded(tmp_path)
    found = client.get(API).json()
    names = ("pool", "pool_name", "pool_kind", "category", "computed_at", "tiers_by")
    assert [found[name] for name in names] == [
        SLUG, "LMArena, October 2026", "reference", "overall", "2026-10-20T00:00:00Z", "interval",
    ]  # fmt: skip
    assert [(each["model"], each["tier"]) for each in found["survivors"]] == [
        ("claude-opus-4-6", 1),
        ("gpt-4o-2024-05-13", 2),
        ("gemma-3-4b-it", 3),
        ("mistral-medium", 3),
        ("gpt-4o-2024-08-06", None),
    ]


def test_model_that_was_rated_with_several_settings_has_its_best_rating(client, tmp_path):
    loaded(
        tmp_path,
        "overall,openai / gpt-4o,GPT-4o (2024-05-13),1285.3,1282.1,1288.5,117747,17",
        "overall,anthropic / claude-opus-4.6,Claude Opus 4.6 (High),1502.6,1499.3,1505.9,82619,5",
        "overall,anthropic / claude-opus-4.6,Claude Opus 4.6 (Low),1202.6,1199.3,1205.9,82619,5",
    )
    found = {each["model"]: (each["tier"], each["rating"]) for each in client.get(API).json()["survivors"]}
    assert found == {"claude-opus-4-6": (1, 1502.6), "gpt-4o-2024-05-13": (2, 1285.3)}


def test_page_says_which_board_ordered_the_list_and_its_day(client, tmp_path):
    loaded(tmp_path)
    for address, query in (
        ("/choose/", {"task": "coding"}),
        ("/choose/decision/", {}),
        ("/choose/", {"pool": SLUG}),
    ):
        shown = html.unescape(client.get(address, query).content.decode())
        assert "LMArena, October 2026 (Overall), as of October 20, 2026" in shown
        assert ("not based on votes on this site" in shown) or ("published by another site" in shown)
    written = client.get("/choose/decision/", {"format": "md"}).content.decode()
    assert "Tiers: LMArena, October 2026 (Overall), as of 2026-10-20." in written
    assert "published by another site" in written
