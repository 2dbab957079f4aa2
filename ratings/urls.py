"""Where the boards' pages and calls are."""

from django.urls import path

from ratings.api import views as calls
from ratings.choice import views as choice_views
from ratings.web.benchmarks import views as benchmark_views
from ratings.web.leaderboard import views
from ratings.web.method import views as method_views
from ratings.web.models import table_views
from ratings.web.models import views as model_views
from ratings.web.trends import history_views, plot_views

pages = [
    path("leaderboard/", views.leaderboard, name="leaderboard"),
    path("leaderboard/plots/", plot_views.plots, name="board-plots"),
    path("history/", history_views.history, name="history"),
    path("method/", method_views.method_page, name="method"),
    path("benchmarks/", benchmark_views.benchmarks, name="benchmarks"),
    path("benchmarks/<str:slug>/disagreement/", benchmark_views.disagreement, name="benchmark-disagreement"),
    path("models/", table_views.model_board, name="model-board"),
    path("choose/", choice_views.choice_page, name="choose"),
    path("choose/decision/", choice_views.decision_page, name="decision"),
    path("models/<str:slug>/", model_views.model_page, name="model-page"),
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
