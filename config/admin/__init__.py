"""What operators see and do at /admin/. Django finds it by its name; what each page is for stands in its module."""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin

from config.admin import api_keys, battles, benchmarks, boards, catalogue, endpoints, facts, log, submissions

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
]

# Addresses are not asked for here, and the secrets of authenticator apps are nobody else's.
admin.site.unregister([EmailAddress, Authenticator])
