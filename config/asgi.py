"""The web process: static files in front, Django behind."""

import os
from threading import Thread

import django
from django.conf import settings
from django.core.asgi import get_asgi_application

from config.connections import allow_files

HELD_MS = 5_000

allow_files()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

# These need what Django has just loaded.
from arena import connections, languages
from config.bodies import LimitedBodies
from config.middleware import in_place
from config.static import StaticFiles

# No request may hold the database for long; workers and commands may. Connections are made at the first request.
connections.limit(statement_timeout=HELD_MS, idle_in_transaction_session_timeout=HELD_MS)
settings.MIDDLEWARE = in_place(settings.MIDDLEWARE)
application = LimitedBodies(
    StaticFiles(get_asgi_application()), settings.DATA_UPLOAD_MAX_MEMORY_SIZE, settings.LARGER_BODIES
)
Thread(target=languages.load, name="load", daemon=True).start()
