"""Enables Django's messages framework only on admin pages, which saves its cost on all other pages."""

from typing import Any

from django.contrib.messages.middleware import MessageMiddleware
from django.http import HttpRequest
from django.urls import reverse


class AdminMessageMiddleware(MessageMiddleware):
    def __call__(self, request: HttpRequest) -> Any:
        if request.path.startswith(reverse("admin:index")):
            return super().__call__(request)
        return self.get_response(request)
