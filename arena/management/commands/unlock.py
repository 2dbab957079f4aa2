"""Unlock a username after too many wrong passwords."""

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from arena.identity import login_locks
from core.admin import second_factor


class Command(BaseCommand):
    help = "Unlock a username after too many wrong passwords."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="username of the account")
        parser.add_argument(
            "--remove-second-factor",
            action="store_true",
            help="also remove the authenticator app and the recovery codes, for example if the user has lost both",
        )

    def handle(self, *args: Any, name: str, remove_second_factor: bool, **options: Any) -> None:
        user = User.objects.filter(username__iexact=name).first()
        if user is None:
            raise CommandError(f"There is no account named {name!r}.")
        login_locks.unlock_name(user.get_username())
        message = f"1 account unlocked: {user.get_username()}."
        if remove_second_factor:
            removed_count = second_factor.remove_authenticators(user)
            message += f" Authenticators removed, including recovery codes: {removed_count}."
        self.stdout.write(message)
