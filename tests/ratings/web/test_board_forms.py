"""What the forms of plots and history let one choose of a board: what the leaderboard does, and nothing that is not."""

import html
import re

import pytest

from tests import factories
from tests.ratings import reference_board
from tests.ratings.benchmark_boards import AVERAGES, scored
from tests.ratings.board_history import met, published

pytestmark = pytest.mark.django_db
PLOTS, HISTORY = PAGES = "/leaderboard/plots/", "/history/"
DISAGREEMENT = "/benchmarks/b/disagreement/"


@pytest.fixture
def pools(tmp_path):
    """Votes of this arena, single ones and counts from elsewhere, and published ratings; each has a category."""
    models = factories.models(2)
    for slug, ordered, kind in (("live", True, "live"), ("single", True, "import"), ("counts", False, "import")):
        pool = factories.pool(slug, ordered=ordered, kind=kind)
        met(*models, pool=pool.slug, categories=[f"of-{slug}"])
    published()
    reference_board.loaded(tmp_path)


def shown(client, page, status=200, **query):
    answer = client.get(page, query)
    assert answer.status_code == status
    return html.unescape(answer.content.decode())


def options(text, name):
    """Of the field of this name in the form: word → whether it can be chosen. None if the form has no such field."""
    [form, *_] = re.findall(r'<form class="(?:chooser|board-form)".*?</form>', text, re.DOTALL)
    fields = re.findall(rf'<select name="{name}">(.*?)</select>', form, re.DOTALL)
    if not fields:
        return None
    found = re.findall(r"<option([^>]*)>(.*?)</option>", fields[0], re.DOTALL)
    return {word: "disabled" not in attributes for attributes, word in found}


def categories(text):
    return {name.casefold() for name in options(text, "category")}


STYLES, METHODS = {"off": True, "on": True}, {"Bradley–Terry": True, "Elo": True}


def test_form_offers_what_the_pool_has(client, pools):
    for pool, own, style, method in (
        ("live", {"of live", "without ties"}, STYLES, METHODS),
        ("single", {"of single", "without ties"}, STYLES, METHODS),
        ("counts", {"of counts", "without ties"}, None, None),
        (reference_board.SLUG, {"creative writing"}, None, None),
    ):
        for page in (*PAGES, "/leaderboard/"):
            text = shown(client, page, pool=pool)
            assert categories(text) == {"overall"} | own
            assert (options(text, "style_control"), options(text, "method")) == (style, method)
    scored(AVERAGES)
    assert categories(shown(client, DISAGREEMENT, pool="counts")) == {"overall", "of counts", "without ties"}


def test_form_does_not_offer_elo_under_style_control(client, pools):
    for page in (*PAGES, "/leaderboard/"):
        elo = shown(client, page, pool="single", method="elo")
        assert options(elo, "style_control") == {"off": True, "on (not with Elo)": False}
        assert options(elo, "method") == METHODS
        styled = shown(client, page, pool="single", style_control="true")
        assert options(styled, "style_control") == STYLES
        assert options(styled, "method") == {"Bradley–Terry": True, "Elo (not with style control)": False}


def test_board_without_votes_says_why(client, pools):
    for query, words, wrong in (
        ({"pool": "live", "category": "of-counts"}, "This board has no votes yet.", "None of these"),
        ({"pool": "counts", "category": "of-live"}, "None of these votes are in this category.", "no votes yet"),
        ({"pool": "counts", "style_control": "true"}, "The style of the answers is unknown", "no votes yet"),
        ({"pool": "single", "style_control": "true"}, "The style of the answers is unknown", "no votes yet"),
        ({"pool": "live", "style_control": "true"}, "will appear once there are votes for which", "no votes yet"),
        ({"pool": "counts", "at": "2020-01-01"}, "We have no board from that time", "no votes yet"),
    ):
        for page in PAGES:
            text = shown(client, page, **query)
            assert words in text
            assert wrong not in text


def test_page_of_what_cannot_be_leads_back_to_the_pool(client, pools):
    for page, query, kept in (
        (PLOTS, {"pool": "counts", "method": "elo"}, "?pool=counts"),
        (PLOTS, {"pool": "single", "method": "elo", "style_control": "true"}, "?pool=single"),
        (HISTORY, {"pool": reference_board.SLUG, "category": "of-live"}, f"?pool={reference_board.SLUG}"),
        (HISTORY, {"pool": "nowhere"}, ""),
        (PLOTS, {"pool": "a\0b"}, ""),
        ("/method/", {"pool": "nowhere"}, ""),
    ):
        assert f'class="button" href="/leaderboard/{kept}"' in shown(client, page, status=404, **query)
