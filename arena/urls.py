"""Where arena's pages and calls are."""

from django.urls import path

from arena import api as calls
from arena import pages as views

pages = [
    path("", views.home, name="home"),
    path("battles/<uuid:battle_id>/", views.battle, name="battle"),
    path("battles/<uuid:battle_id>/vote/", views.vote, name="battle-vote"),
    path("appearance/", views.appearance, name="appearance"),
]
api = [
    path("battles/", calls.Battles.as_view(), name="battle-list"),
    path("battles/<uuid:battle_id>/", calls.OneBattle.as_view(), name="battle-detail"),
    path("battles/<uuid:battle_id>/events", calls.events, name="battle-events"),
    path("battles/<uuid:battle_id>/vote/", calls.BattleVote.as_view(), name="battle-cast-vote"),
    path("battles/<uuid:battle_id>/turns/", calls.BattleTurns.as_view(), name="battle-turns"),
    path("battles/<uuid:battle_id>/stop/", calls.BattleStop.as_view(), name="battle-stop"),
    path("battles/<uuid:battle_id>/retry/", calls.BattleRetry.as_view(), name="battle-retry"),
    path("models/", calls.Models.as_view(), name="model-list"),
    path("models/<str:slug>/", calls.OneModel.as_view(), name="model-detail"),
]
