"""Print a link that lets one person create an account."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse

from arena.identity import invitations
from core.text.word_lists import count_noun

DEFAULT_DAYS = 7
# Python refuses to parse thousands of digits, and six-digit numbers exceed the maximum number of days anyway.
MAX_DIGITS = 5
LOCAL_URL = "http://127.0.0.1:8000"  # where ./scripts/up listens by default


class Command(BaseCommand):
    help = "Print a link that lets one person create an account."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--days",
            type=_parse_days,
            default=DEFAULT_DAYS,
            metavar="N",
            help=f"number of days for which the link is valid (default: {DEFAULT_DAYS})",
        )

    def handle(self, *args: Any, days: int, **options: Any) -> None:
        if invitations.get_signup_mode() == invitations.SIGNUP_CLOSED:
            raise CommandError("Sign-up is closed. Set ARENA_SIGNUP=invite first.")
        try:
            secret = invitations.create_invitation(days)
        except ValueError as error:
            raise CommandError(str(error)) from None
        self.stderr.write(f"1 invitation, valid for {count_noun(days, 'day')}. The link is shown only once:")
        site_url = settings.ENVIRONMENT.arena_public_url or LOCAL_URL
        self.stdout.write(f"{site_url}{reverse('account_signup')}?{invitations.INVITATION_FIELD}={secret}")


def _parse_days(text: str) -> int:
    """Return the number, or 0 if the text is not a number or has too many digits.

    `invitations.create_invitation` rejects 0 with a one-line error. If this function raised an error instead, argparse
    would also print the usage message.
    """
    return int(text) if text.isdecimal() and len(text) <= MAX_DIGITS else 0
