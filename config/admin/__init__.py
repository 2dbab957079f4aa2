"""What operators see and do at /admin/. Django finds it by its name; what each page is for stands in its module."""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin

from config.admin import api_keys, battles, benchmarks, boards, catalogue, endpoints, facts, log, submissions
from config.admin.reading import ReadOnly

__all__ = [
    "api_keys",
    "battles",
    "benchmarks",
    "boards",
    "catalogue",
    "endpoints",
    "facts",
    "log",
    "submissions",
    "watched",
]

# Addresses are not asked for here, and the secrets of authenticator apps are nobody else's.
admin.site.unregister([EmailAddress, Authenticator])


def watched() -> list[type]:
    """The models that can be changed in the admin, inlines included."""
    pages = [page for page in admin.site._registry.values() if not isinstance(page, ReadOnly)]  # noqa: SLF001  # Django has no public way
    return [page.model for page in pages] + [inline.model for page in pages for inline in page.inlines]
