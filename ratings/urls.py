"""Where the boards' pages and calls are."""

from django.urls import path

from ratings import api as calls
from ratings import choice_pages, disagreement_pages, history_pages, method_page, model_board, model_pages, plot_pages
from ratings import pages as views

pages = [
    path("leaderboard/", views.leaderboard, name="leaderboard"),
    path("leaderboard/plots/", plot_pages.plots, name="board-plots"),
    path("history/", history_pages.history, name="history"),
    path("method/", method_page.method_page, name="method"),
    path("benchmarks/", disagreement_pages.benchmarks, name="benchmarks"),
    path("benchmarks/<str:slug>/disagreement/", disagreement_pages.disagreement, name="benchmark-disagreement"),
    path("models/", model_board.model_board, name="model-board"),
    path("choose/", choice_pages.choice_page, name="choose"),
    path("choose/decision/", choice_pages.decision_page, name="decision"),
    path("models/<str:slug>/", model_pages.model_page, name="model-page"),
]
api = [
    path("models/<str:slug>/", calls.OneModel.as_view(), name="model-detail"),
    path("leaderboard/", calls.Leaderboard.as_view(), name="leaderboard-json"),
    path("leaderboard/events", calls.events, name="leaderboard-events"),
    path("leaderboard/pairwise/", calls.Pairwise.as_view(), name="leaderboard-pairwise"),
    path("leaderboard/history/", calls.History.as_view(), name="leaderboard-history"),
    path("leaderboard/moved/", calls.Moved.as_view(), name="leaderboard-moved"),
    path("leaderboard/method/", calls.Method.as_view(), name="leaderboard-method"),
    path("leaderboard/frontier/", calls.Frontier.as_view(), name="leaderboard-frontier"),
    path("benchmarks/<str:slug>/disagreement/", calls.OneDisagreement.as_view(), name="disagreement-json"),
    path("shortlist/", calls.Shortlist.as_view(), name="shortlist-json"),
    path("pools/", calls.Pools.as_view(), name="pool-list"),
    path("categories/", calls.Categories.as_view(), name="category-list"),
    path("votes/", calls.Votes.as_view(), name="vote-list"),
    path("votes.jsonl", calls.votes_file, name="vote-file"),
]
