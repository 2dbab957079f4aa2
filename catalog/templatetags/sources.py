"""The template filter `link`, which returns the first URL in a source."""

from django import template

from catalog.facts.labels import extract_link

register = template.Library()
register.filter("link", extract_link)
