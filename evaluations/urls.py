"""URLs for the pages and API calls for evaluations."""

from django.urls import URLPattern

pages: list[URLPattern] = []
api: list[URLPattern] = []
