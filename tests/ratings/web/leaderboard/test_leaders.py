"""The best models on the home page."""

import dataclasses
import re
from html import unescape
from itertools import pairwise

import pytest
from django.test import Client, RequestFactory

from arena.models import Pool
from ratings.models import SEED_POOL
from ratings.pipeline import board_refresh
from ratings.web.leaderboard.leaders import add_leaders, render_leaders
from tests import factories
from tests.arena.web.test_templates import Outline
from tests.ratings import reference_board

pytestmark = pytest.mark.django_db


def text(html):
    return " ".join(Outline(html).text.split())


def test_best_ten_are_listed_with_their_strips_on_one_axis():
    models = factories.models(12)
    for better, worse in pairwise(models):
        for winner in "aab":
            factories.cast(better, worse, winner)
    board_refresh.refresh()
    html = render_leaders()
    assert len(re.findall("<li>", html)) == 10
    assert html.count('class="strip strip-axis"') == 1
    assert html.count('<use href="#leaders"/>') == 10
    assert "33 votes. See the full leaderboard" in text(html)


def test_reference_board_says_who_published_it(tmp_path):
    factories.board()
    reference_board.loaded(tmp_path)
    factories.cast(factories.model("x"), factories.model("y"))
    board_refresh.refresh()
    html = render_leaders()
    shown = text(html)
    assert "Top models LMArena" in shown
    assert re.search(r"Published by .* on October \d+, 2026\. See the full leaderboard", shown)
    assert f'/?pool={reference_board.SLUG}"' in unescape(html)


def test_names_are_escaped_and_imported_votes_are_counted():
    factories.board()
    factories.pool(SEED_POOL, kind=Pool.Kind.IMPORT, name="Votes of <2024>")
    factories.cast(factories.model("x", name="<X>"), factories.model("y"), pool=SEED_POOL)
    board_refresh.refresh()
    html = render_leaders()
    assert "&lt;X&gt;" in html and "Votes of &lt;2024&gt;" in html
    assert "1 vote. See the full leaderboard" in text(html)


def test_home_page_shows_them_but_not_to_strangers_of_a_site_that_requires_login(client, settings):
    factories.board()
    factories.cast(factories.model("x"), factories.model("y"))
    board_refresh.refresh()
    assert "Top models" in client.get("/").content.decode()
    settings.ENVIRONMENT = dataclasses.replace(settings.ENVIRONMENT, arena_login="required")
    assert "Top models" not in Client().get("/", follow=True).content.decode()


def test_nothing_is_shown_without_a_board_and_the_variable_is_rendered_only_on_demand():
    factories.board()
    variables = add_leaders(RequestFactory().get("/"))
    assert variables["leaders"]() == ""
