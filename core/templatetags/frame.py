"""Template tags for all pages: the arena's identity, style sheets, navigation links, and monograms of makers."""

from functools import lru_cache
from typing import NamedTuple
from zlib import crc32

from django import template
from django.conf import settings
from django.template import Context
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

register = template.Library()
HUE_COUNT = 12


class Identity(NamedTuple):
    """The name of this arena, the name and URL of its operator (both can be empty), and the version of Arena."""

    name: str
    operator: str
    contact: str
    version: str


@register.simple_tag
def identity() -> Identity:
    environment = settings.ENVIRONMENT
    return Identity(environment.arena_name, *environment.arena_operator, settings.VERSION)


@register.simple_tag
def styles(*names: str) -> SafeString:
    """Return links to the style sheets `static/css/{name}.css`."""
    return format_html_join("\n", '<link rel="stylesheet" href="{}">', ((static(f"css/{name}.css"),) for name in names))


@register.simple_tag(takes_context=True)
def page_link(context: Context, name: str, label: str, subpages: str = "", **arguments: str) -> SafeString:
    """Return a link to the page with this URL name. The link has `aria-current` on that page and its subpages.

    subpages: URL names, separated by spaces.
    """
    match = getattr(context.get("request"), "resolver_match", None)
    current_page = match.url_name if match else ""
    current = ""
    if current_page == name:
        current = mark_safe(' aria-current="page"')
    elif current_page and current_page in subpages.split():
        current = mark_safe(' aria-current="true"')
    return format_html('<a href="{}"{}>{}</a>', reverse(name, kwargs=arguments), current, label)


@register.simple_tag
@lru_cache(maxsize=1000)  # tables repeat the same makers
def monogram(maker: object) -> SafeString:
    """Return a maker's monogram: two letters in one of 12 hues, or an empty element if there is no maker."""
    words = "".join(char if char.isalnum() else " " for char in str(maker or "")).split()
    if not words:
        return mark_safe('<span class="monogram"></span>')
    letters = words[0][0] + words[1][0] if len(words) > 1 else words[0][:2]
    hue = crc32(" ".join(words).casefold().encode()) % HUE_COUNT
    return format_html('<span class="monogram" data-hue="{}" aria-hidden="true">{}</span>', hue, letters)
