"""Where the catalogue's pages and calls are."""

from django.urls import path

from catalog.api import views as calls
from catalog.web import benchmark_views
from catalog.web import calculator_views as views

pages = [
    path("benchmarks/<str:slug>/", benchmark_views.benchmark_detail, name="benchmark"),
    path("scaling/", views.scaling_page, name="scaling"),
    path("cost/", views.cost_page, name="cost"),
]
api = [
    path("benchmarks/", calls.BenchmarkListView.as_view(), name="benchmark-list"),
    path("benchmarks/<str:slug>/", calls.BenchmarkDetailView.as_view(), name="benchmark-detail"),
    path("scaling/", calls.ScalingView.as_view(), name="scaling-json"),
    path("cost/", calls.CostView.as_view(), name="cost-json"),
]
