"""What the database and the static files need before the service starts, in one interpreter.

`python -m config.prepare MODELS.toml …`
"""

import os
import sys


def main(models_files: list[str]) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django
    from django.core.management import CommandError, call_command

    django.setup()
    try:
        call_command("migrate", interactive=False, verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        for path in models_files:
            call_command("load_models", path)
    except CommandError as problem:
        sys.exit(str(problem))


if __name__ == "__main__":
    main(sys.argv[1:])
