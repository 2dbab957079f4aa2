"""The web process: static files in front, Django behind."""

import os
from threading import Thread

from django.core.asgi import get_asgi_application

from config.connections import allow_files

HELD_MS = 5_000

allow_files()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django_application = get_asgi_application()

from django.conf import settings  # noqa: E402  # needs what Django has just loaded, like the following

from arena import connections, languages  # noqa: E402  # see above
from config.bodies import LimitedBodies  # noqa: E402  # see above
from config.static import StaticFiles  # noqa: E402  # see above

# No request may hold the database for long; workers and commands may. Connections are made at the first request.
connections.limit(statement_timeout=HELD_MS, idle_in_transaction_session_timeout=HELD_MS)
application = LimitedBodies(
    StaticFiles(django_application), settings.DATA_UPLOAD_MAX_MEMORY_SIZE, settings.LARGER_BODIES
)
Thread(target=languages.load, name="load", daemon=True).start()
