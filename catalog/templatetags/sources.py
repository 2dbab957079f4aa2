"""Template filters: `link` returns the first URL in a source, and `short` returns a short name for the source."""

from django import template

from catalog.facts.labels import extract_link, shorten_source

register = template.Library()
register.filter("link", extract_link)
register.filter("short", shorten_source)
