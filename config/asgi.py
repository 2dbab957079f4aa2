"""The web process: static files in front, Django behind."""

import os

from django.core.asgi import get_asgi_application

from config.connections import allow_files

allow_files()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django_application = get_asgi_application()

from config.static import StaticFiles  # noqa: E402  # needs the settings that Django has just loaded

application = StaticFiles(django_application)
