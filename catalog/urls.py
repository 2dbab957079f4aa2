"""Where the pages and calls of the catalogue are."""

from django.urls import path

from catalog import api as calls
from catalog import pages as views

pages = [
    path("scaling/", views.scaling_page, name="scaling"),
    path("cost/", views.cost_page, name="cost"),
]
api = [
    path("scaling/", calls.Scaling.as_view(), name="scaling-json"),
    path("cost/", calls.Cost.as_view(), name="cost-json"),
]
