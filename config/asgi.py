"""The web process: static files in front, Django behind."""

import os
from threading import Thread

import django
from django.conf import settings
from django.core.asgi import get_asgi_application

from config.server.uvicorn_protocol import allow_files

HELD_MS = 5_000

allow_files()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

# These need what Django has just loaded.
from arena.judging import language_id
from config.server.body_limit import LimitedBodies
from config.server.inline_middleware import in_place
from config.server.static_files import StaticFiles
from core.storage import database

# No request may hold the database for long; workers and commands may. Connections are made at the first request.
database.limit(statement_timeout=HELD_MS, idle_in_transaction_session_timeout=HELD_MS)
settings.MIDDLEWARE = in_place(settings.MIDDLEWARE)
application = LimitedBodies(
    StaticFiles(get_asgi_application()), settings.DATA_UPLOAD_MAX_MEMORY_SIZE, settings.LARGER_BODIES
)
Thread(target=language_id.load, name="load", daemon=True).start()
