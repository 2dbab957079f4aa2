"""Ask models a short question, and print which do not answer."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from arena.endpoints import probe
from arena.models import Endpoint


class Command(BaseCommand):
    help = "Ask enabled models a short question, and print which do not answer."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slugs", nargs="*", help="the models; all enabled ones if there is none")

    def handle(self, *args: Any, slugs: list[str], **options: Any) -> None:
        endpoints = Endpoint.objects.filter(enabled=True).select_related("model").order_by("pk")
        if slugs:
            endpoints = endpoints.filter(model__slug__in=slugs)
        if unknown := set(slugs) - {endpoint.model.slug for endpoint in endpoints}:
            raise CommandError(f"there is no enabled model {', '.join(sorted(unknown))}")
        for line in probe.check_endpoints(list(endpoints)):
            self.stdout.write(line)
