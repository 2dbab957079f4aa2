"""Where the boards' pages and calls are."""

from django.urls import path

from ratings import api as calls
from ratings import choice_pages, model_pages
from ratings import pages as views

pages = [
    path("leaderboard/", views.leaderboard, name="leaderboard"),
    path("choose/", choice_pages.choice_page, name="choose"),
    path("choose/decision/", choice_pages.decision_page, name="decision"),
    path("models/<str:slug>/", model_pages.model_page, name="model-page"),
]
api = [
    path("leaderboard/", calls.Leaderboard.as_view(), name="leaderboard-json"),
    path("leaderboard/events", calls.events, name="leaderboard-events"),
    path("leaderboard/pairwise/", calls.Pairwise.as_view(), name="leaderboard-pairwise"),
    path("leaderboard/history/", calls.History.as_view(), name="leaderboard-history"),
    path("shortlist/", calls.Shortlist.as_view(), name="shortlist-json"),
    path("pools/", calls.Pools.as_view(), name="pool-list"),
    path("categories/", calls.Categories.as_view(), name="category-list"),
]
