"""Where the catalogue's pages and calls are."""

from django.urls import path

from catalog import api as calls
from catalog import benchmark_pages
from catalog import pages as views

pages = [
    path("benchmarks/<str:slug>/", benchmark_pages.benchmark, name="benchmark"),
    path("scaling/", views.scaling_page, name="scaling"),
    path("cost/", views.cost_page, name="cost"),
]
api = [
    path("benchmarks/", calls.Benchmarks.as_view(), name="benchmark-list"),
    path("benchmarks/<str:slug>/", calls.OneBenchmark.as_view(), name="benchmark-detail"),
    path("scaling/", calls.Scaling.as_view(), name="scaling-json"),
    path("cost/", calls.Cost.as_view(), name="cost-json"),
]
