"""create_api_key: a way in for a program."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from arena.identity import api_keys
from core.http.errors import RequestError


class Command(BaseCommand):
    help = "Makes an API key that belongs to no account, and prints it, once: only its hash is kept."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="by which you know it again")
        # What is wrong is said by `api_keys.create_key` in one line, where the parser would print how it is used.
        parser.add_argument(
            "--scope", nargs="*", action="extend", default=[], help=f"what it may do: {', '.join(api_keys.SCOPES)}"
        )
        parser.add_argument(
            "--days", type=_parse_days, metavar="N", help="how long it is valid; if absent, without end"
        )

    def handle(self, *args: Any, name: str, scope: list[str], days: int | None, **options: Any) -> None:
        try:
            key, secret = api_keys.create_key(name, scope, days)
        except RequestError as error:
            sentences = [sentence for each in error.extra["fields"].values() for sentence in each]
            raise CommandError(" ".join(sentences)) from None
        until = f"until {key.expires_at:%Y-%m-%d %H:%M} UTC" if key.expires_at else "without end"
        self.stderr.write(f"1 key: {key.name}, {', '.join(key.scopes)}, {until}. It is shown this once:")
        self.stdout.write(secret)


def _parse_days(text: str) -> int:
    return int(text) if text.isdecimal() else 0
