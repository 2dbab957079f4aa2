"""Where the catalogue's pages and calls are."""

from django.urls import path

from catalog.api import views as calls
from catalog.web import benchmark_views
from catalog.web import calculator_views as views

pages = [
    path("benchmarks/<str:slug>/", benchmark_views.benchmark, name="benchmark"),
    path("scaling/", views.scaling_page, name="scaling"),
    path("cost/", views.cost_page, name="cost"),
]
api = [
    path("benchmarks/", calls.Benchmarks.as_view(), name="benchmark-list"),
    path("benchmarks/<str:slug>/", calls.OneBenchmark.as_view(), name="benchmark-detail"),
    path("scaling/", calls.Scaling.as_view(), name="scaling-json"),
    path("cost/", calls.Cost.as_view(), name="cost-json"),
]
