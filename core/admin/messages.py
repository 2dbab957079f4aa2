"""Enables Django's messages framework only on admin pages, to avoid its cost on all other pages."""

from functools import cached_property
from typing import Any

from django.contrib.messages.middleware import MessageMiddleware
from django.http import HttpRequest
from django.urls import reverse


class AdminMessageMiddleware(MessageMiddleware):
    def __call__(self, request: HttpRequest) -> Any:
        if request.path.startswith(self._admin_path):
            return super().__call__(request)
        return self.get_response(request)

    @cached_property
    def _admin_path(self) -> str:
        return reverse("admin:index")
