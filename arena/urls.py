"""Where arena's pages and calls are."""

from collections.abc import Callable
from typing import Any

from django.urls import URLPattern, path
from django.views.decorators.cache import cache_control

from arena import api as calls
from arena import pages as views


def _of_battles(route: str, view: Callable[..., Any], name: str) -> URLPattern:
    """What is said about battles is for one reader, and for now: nobody may store it."""
    return path(f"battles/{route}", cache_control(no_store=True)(view), name=name)


pages = [
    path("", views.home, name="home"),
    _of_battles("<uuid:battle_id>/", views.battle, "battle"),
    _of_battles("<uuid:battle_id>/vote/", views.vote, "battle-vote"),
    path("appearance/", views.appearance, name="appearance"),
]
api = [
    _of_battles("", calls.Battles.as_view(), "battle-list"),
    _of_battles("<uuid:battle_id>/", calls.OneBattle.as_view(), "battle-detail"),
    _of_battles("<uuid:battle_id>/events", calls.events, "battle-events"),
    _of_battles("<uuid:battle_id>/vote/", calls.BattleVote.as_view(), "battle-cast-vote"),
    _of_battles("<uuid:battle_id>/turns/", calls.BattleTurns.as_view(), "battle-turns"),
    _of_battles("<uuid:battle_id>/stop/", calls.BattleStop.as_view(), "battle-stop"),
    _of_battles("<uuid:battle_id>/retry/", calls.BattleRetry.as_view(), "battle-retry"),
    path("models/", calls.Models.as_view(), name="model-list"),
    path("models/<str:slug>/", calls.OneModel.as_view(), name="model-detail"),
]
