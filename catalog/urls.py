"""Where the catalogue's pages and calls are."""

from django.urls import path

from catalog import api as calls
from catalog import benchmark_pages

pages = [
    path("benchmarks/", benchmark_pages.benchmarks, name="benchmarks"),
    path("benchmarks/<str:slug>/", benchmark_pages.benchmark, name="benchmark"),
]
api = [
    path("benchmarks/", calls.Benchmarks.as_view(), name="benchmark-list"),
    path("benchmarks/<str:slug>/", calls.OneBenchmark.as_view(), name="benchmark-detail"),
]
