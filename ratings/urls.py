"""Where the boards' pages and calls are."""

from django.urls import path

from ratings import api as calls
from ratings import model_board, model_pages
from ratings import pages as views

pages = [
    path("leaderboard/", views.leaderboard, name="leaderboard"),
    path("models/", model_board.model_board, name="model-board"),
    path("models/<str:slug>/", model_pages.model_page, name="model-page"),
]
api = [
    path("leaderboard/", calls.Leaderboard.as_view(), name="leaderboard-json"),
    path("leaderboard/events", calls.events, name="leaderboard-events"),
    path("leaderboard/pairwise/", calls.Pairwise.as_view(), name="leaderboard-pairwise"),
    path("leaderboard/history/", calls.History.as_view(), name="leaderboard-history"),
    path("pools/", calls.Pools.as_view(), name="pool-list"),
    path("categories/", calls.Categories.as_view(), name="category-list"),
]
