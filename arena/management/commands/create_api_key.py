"""Create an API key that does not belong to any account."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from arena.identity import api_keys
from core.http.errors import RequestError


class Command(BaseCommand):
    help = "Create an API key that does not belong to any account, and print it once. Only its hash is stored."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="name that identifies the key in the admin")
        # `api_keys.create_key` validates scopes and days, because argparse would print its usage with each error.
        parser.add_argument(
            "--scope", nargs="*", action="extend", default=[], help=f"scopes of the key: {', '.join(api_keys.SCOPES)}"
        )
        parser.add_argument(
            "--days",
            type=_parse_days,
            metavar="N",
            help="number of days until the key expires (default: never)",
        )

    def handle(self, *args: Any, name: str, scope: list[str], days: int | None, **options: Any) -> None:
        try:
            key, secret = api_keys.create_key(name, scope, days)
        except RequestError as error:
            sentences = [message for messages in error.extra["fields"].values() for message in messages]
            raise CommandError(" ".join(sentences)) from None
        validity = f"valid until {key.expires_at:%Y-%m-%d %H:%M} UTC" if key.expires_at else "does not expire"
        scopes = ", ".join(key.scopes)
        self.stderr.write(f"Created 1 key: {key.name}, {scopes}, {validity}. The key is shown only once:")
        self.stdout.write(secret)


def _parse_days(text: str) -> int:
    return int(text) if text.isdecimal() else 0
