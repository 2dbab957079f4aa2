"""Generate a new key for signing cookies."""

import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config import secret_keys

FOLDER_MESSAGE = (
    "The new key is on the first line of {file}. Restart the service to sign with it. The previous key, on the second "
    "line, is still accepted. To drop it later, delete that line. Restart the service before you run this "
    "command again; otherwise, the key in use is dropped."
)
VARIABLES_MESSAGE = "Set these two lines where SECRET_KEY is set now, and restart the service:"


class Command(BaseCommand):
    help = "Generate a new SECRET_KEY and keep the previous one as a fallback. All sessions stay valid."

    def handle(self, *args: Any, **options: Any) -> None:
        folder_name = os.environ.get(secret_keys.FOLDER_VARIABLE)
        if not folder_name and settings.ENVIRONMENT.secret_key:
            self._print_variables()
            return
        folder = Path(folder_name) if folder_name else settings.DATA_FOLDER
        try:
            secret_keys.rotate_keys(folder)
        except OSError as error:
            raise CommandError(f"{folder} cannot be written: {error.strerror}") from None
        self.stderr.write(FOLDER_MESSAGE.format(file=folder / secret_keys.FILE_NAME))

    def _print_variables(self) -> None:
        if "," in settings.SECRET_KEY or len(settings.SECRET_KEY.split()) != 1:
            raise CommandError("SECRET_KEY contains a comma or a space, so it cannot be added to SECRET_KEY_FALLBACKS.")
        self.stderr.write(VARIABLES_MESSAGE)
        self.stdout.write(f"SECRET_KEY={secret_keys.generate_key()}")
        self.stdout.write(f"SECRET_KEY_FALLBACKS={settings.SECRET_KEY}")
