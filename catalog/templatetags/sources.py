"""Sources in templates."""

from django import template

from catalog.facts.labels import link

register = template.Library()
register.filter("link", link)
