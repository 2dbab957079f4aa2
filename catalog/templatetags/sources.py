"""Sources in templates."""

from django import template

from catalog.fact_words import link

register = template.Library()
register.filter("link", link)
