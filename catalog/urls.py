"""URLs for the catalog's pages and API."""

from django.urls import path

from catalog.api import views as api_views
from catalog.web import calculator_views

pages = [
    path("scaling/", calculator_views.show_scaling, name="scaling"),
    path("cost/", calculator_views.show_cost, name="cost"),
]
api = [
    path("scaling/", api_views.ScalingView.as_view(), name="scaling-json"),
    path("cost/", api_views.CostView.as_view(), name="cost-json"),
]
