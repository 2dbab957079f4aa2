"""The template filters `link`, which returns the first URL in a source, and `short`, which returns its short name."""

from django import template

from catalog.facts.labels import extract_link, shorten_source

register = template.Library()
register.filter("link", extract_link)
register.filter("short", shorten_source)
