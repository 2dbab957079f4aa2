"""Messages after an action: the admin has them, and no other request pays for them."""

from typing import Any

from django.contrib.messages.middleware import MessageMiddleware
from django.http import HttpRequest
from django.urls import reverse


class AdminMessageMiddleware(MessageMiddleware):
    def __call__(self, request: HttpRequest) -> Any:
        here = request.path.startswith(reverse("admin:index"))
        return super().__call__(request) if here else self.get_response(request)
