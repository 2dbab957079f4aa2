"""invite: a link by which one person may make an account."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse

from arena.identity import invitations

DEFAULT_DAYS = 7
LOCAL_URL = "http://127.0.0.1:8000"  # where ./scripts/up listens unless it is told another port


class Command(BaseCommand):
    help = "Prints a link by which one person may make an account, once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--days",
            type=_parse_days,
            default=DEFAULT_DAYS,
            metavar="N",
            help=f"how long it is valid; default {DEFAULT_DAYS}",
        )

    def handle(self, *args: Any, days: int, **options: Any) -> None:
        if invitations.get_signup_mode() == invitations.SIGNUP_CLOSED:
            raise CommandError("Sign-up is closed: set ARENA_SIGNUP=invite first.")
        try:
            secret = invitations.create_invitation(days)
        except ValueError as error:
            raise CommandError(str(error)) from None
        self.stderr.write(f"1 invitation, valid for {days} days. The link is shown this once:")
        start = settings.ENVIRONMENT.arena_public_url or LOCAL_URL
        self.stdout.write(f"{start}{reverse('account_signup')}?{invitations.INVITATION_FIELD}={secret}")


def _parse_days(text: str) -> int:
    """What is no number is refused by `invitations.create_invitation` in one line, where the parser would print how it
    is used."""
    return int(text) if text.isdecimal() and len(text) < 6 else 0
