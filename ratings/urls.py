"""URLs for the pages and API calls for boards, models, and choices."""

from django.urls import path

from catalog.api.views import BenchmarkDetailView, BenchmarkListView
from ratings.api import views as api_views
from ratings.choice import views as choice_views
from ratings.reports.best_models import load_best_keys
from ratings.web.benchmarks import views as benchmark_views
from ratings.web.leaderboard import views
from ratings.web.method import views as method_views
from ratings.web.models import table_views
from ratings.web.models import views as model_views
from ratings.web.trends import history_views, plot_views

pages = [
    path("leaderboard/", views.show_leaderboard, name="leaderboard"),
    path("leaderboard/plots/", plot_views.show_plots, name="board-plots"),
    path("history/", history_views.show_history, name="history"),
    path("method/", method_views.show_method, name="method"),
    path("benchmarks/", benchmark_views.show_benchmarks, name="benchmarks"),
    path("benchmarks/<str:slug>/", benchmark_views.show_benchmark, name="benchmark"),
    path("benchmarks/<str:slug>/disagreement/", benchmark_views.show_disagreement, name="benchmark-disagreement"),
    path("models/", table_views.show_model_table, name="model-board"),
    path("choose/", choice_views.show_choice, name="choose"),
    path("choose/decision/", choice_views.show_decision, name="decision"),
    path("models/<str:slug>/", model_views.show_model, name="model-page"),
]
api = [
    path("models/<str:slug>/", api_views.ModelDetailView.as_view(), name="model-detail"),
    path("leaderboard/", api_views.LeaderboardView.as_view(), name="leaderboard-json"),
    path("leaderboard/events", api_views.stream_board_events, name="leaderboard-events"),
    path("leaderboard/pairwise/", api_views.PairwiseView.as_view(), name="leaderboard-pairwise"),
    path("leaderboard/history/", api_views.RatingHistoryView.as_view(), name="leaderboard-history"),
    path("leaderboard/moved/", api_views.MovementReportView.as_view(), name="leaderboard-moved"),
    path("leaderboard/method/", api_views.MethodReportView.as_view(), name="leaderboard-method"),
    path("leaderboard/certificate/", api_views.CertificateView.as_view(), name="leaderboard-certificate"),
    path("leaderboard/frontier/", api_views.FrontierView.as_view(), name="leaderboard-frontier"),
    path("benchmarks/", BenchmarkListView.as_view(load_best_models=load_best_keys), name="benchmark-list"),
    path(
        "benchmarks/<str:slug>/",
        BenchmarkDetailView.as_view(load_best_models=load_best_keys),
        name="benchmark-detail",
    ),
    path("benchmarks/<str:slug>/disagreement/", api_views.DisagreementView.as_view(), name="disagreement-json"),
    path("shortlist/", api_views.ShortlistView.as_view(), name="shortlist-json"),
    path("pools/", api_views.PoolListView.as_view(), name="pool-list"),
    path("categories/", api_views.CategoryListView.as_view(), name="category-list"),
    path("votes/", api_views.VoteListView.as_view(), name="vote-list"),
    path("votes.jsonl", api_views.download_votes, name="vote-file"),
]
