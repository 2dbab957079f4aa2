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

from arena import connections, languages  # noqa: E402  # needs what Django has just loaded, like the following
from config.bodies import LimitedBodies  # noqa: E402  # see above
from config.middleware import in_place  # noqa: E402  # see above
from config.static import StaticFiles  # noqa: E402  # see above

# No request may hold the database for long; workers and commands may. Connections are made at the first request.
connections.limit(statement_timeout=HELD_MS, idle_in_transaction_session_timeout=HELD_MS)
settings.MIDDLEWARE = in_place(settings.MIDDLEWARE)
application = LimitedBodies(
    StaticFiles(get_asgi_application()), settings.DATA_UPLOAD_MAX_MEMORY_SIZE, settings.LARGER_BODIES
)
Thread(target=languages.load, name="load", daemon=True).start()
