#!/usr/bin/env python3
"""Django's command line."""

import os
import sys

from django.core.management import execute_from_command_line
from django.db import ProgrammingError

from config.prepare import explain_tables


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        execute_from_command_line(sys.argv)
    except ProgrammingError as error:
        if sentence := explain_tables(error):
            sys.exit(f"arena: {sentence}")
        raise


if __name__ == "__main__":
    main()
