"""Ask models a short question, and print which do not answer."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from arena.endpoints import probe
from arena.models import IS_ENABLED, Contestant


class Command(BaseCommand):
    help = "Ask enabled models a short question, and print which do not answer."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slugs", nargs="*", help="the models; all enabled ones if there is none")

    def handle(self, *args: Any, slugs: list[str], **options: Any) -> None:
        contestants = Contestant.objects.filter(IS_ENABLED).select_related("endpoint").order_by("pk")
        if slugs:
            contestants = contestants.filter(slug__in=slugs)
        if unknown := set(slugs) - {contestant.slug for contestant in contestants}:
            raise CommandError(f"there is no enabled model {', '.join(sorted(unknown))}")
        for line in probe.check_contestants(list(contestants)):
            self.stdout.write(line)
