#!/usr/bin/env python3
"""Django's command line."""

import os
import sys

import django
from django.core.management import execute_from_command_line, get_commands

from config.prepare import explain_tables

# Their commands use the tables.
APPS_WITH_TABLES = ("arena", "catalog", "ratings", "evaluations", "django.contrib.auth")


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    command, *arguments = sys.argv[1:] or ["help"]
    uses_tables = get_commands().get(command) in APPS_WITH_TABLES and not {"--help", "-h"} & set(arguments)
    if uses_tables and (sentence := explain_tables(can_upgrade=False)):
        sys.exit(f"arena: {sentence}")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
