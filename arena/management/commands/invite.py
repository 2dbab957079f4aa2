"""Print links, each of which lets one person create an account."""

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
MAX_COUNT = 1000


class Command(BaseCommand):
    help = "Print links, each of which lets one person create an account."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--days",
            type=_parse_number,
            default=DEFAULT_DAYS,
            metavar="N",
            help=f"number of days for which a link is valid (default: {DEFAULT_DAYS})",
        )
        parser.add_argument("--count", type=_parse_number, default=1, metavar="N", help="number of links (default: 1)")

    def handle(self, *args: Any, days: int, count: int, **options: Any) -> None:
        if invitations.get_signup_mode() == invitations.SIGNUP_CLOSED:
            raise CommandError("Sign-up is closed. Set ARENA_SIGNUP=invite first.")
        if not 1 <= count <= MAX_COUNT:
            raise CommandError(f"The number of links must be from 1 to {MAX_COUNT}.")
        try:
            secrets = [invitations.create_invitation(days) for _ in range(count)]
        except ValueError as error:
            raise CommandError(str(error)) from None
        links = "The link is" if count == 1 else "The links are"
        self.stderr.write(
            f"{count_noun(count, 'invitation')}, valid for {count_noun(days, 'day')}. {links} shown only once:"
        )
        site_url = settings.ENVIRONMENT.arena_public_url or settings.LOCAL_URL
        for secret in secrets:
            self.stdout.write(f"{site_url}{reverse('account_signup')}?{invitations.INVITATION_FIELD}={secret}")


def _parse_number(text: str) -> int:
    """Return the number, or 0 if the text is not a number or has too many digits.

    0 is then rejected with a one-line error. If this function raised an error instead, argparse
    would also print the usage message.
    """
    return int(text) if text.isdecimal() and len(text) <= MAX_DIGITS else 0
