"""The web process of `./scripts/up --dev`. It serves static files from the source tree and does not cache HTML."""

from importlib import import_module

from django.conf import settings
from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler
from django.http import FileResponse, HttpRequest, HttpResponse

from config.asgi import application as production_application
from ratings.web.leaderboard import fragments, views


class SourceFilesHandler(ASGIStaticFilesHandler):
    """Serves static files from their source folders. Browsers check for changes on every request."""

    def serve(self, request: HttpRequest) -> HttpResponse | FileResponse:
        response = super().serve(request)
        response["Cache-Control"] = "no-cache"
        return response


import_module(settings.ROOT_URLCONF)  # imports all pages now rather than during the first request
for html_cache in (fragments.fragment_cache, views.frame_cache):
    html_cache.seconds = 0.0
application = SourceFilesHandler(production_application)  # type: ignore[arg-type]  # it accepts any ASGI application
