"""The web process of `./scripts/up --dev`: static files come from the tree, and no HTML is cached."""

from importlib import import_module

from django.conf import settings
from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler
from django.http import FileResponse, HttpRequest, HttpResponse

from config.asgi import application as production_application
from ratings.web.leaderboard import fragments, views


class TreeFiles(ASGIStaticFilesHandler):
    """Serves static files from their folders. Browsers ask again each time whether a file has changed."""

    def serve(self, request: HttpRequest) -> HttpResponse | FileResponse:
        response = super().serve(request)
        response["Cache-Control"] = "no-cache"
        return response


import_module(settings.ROOT_URLCONF)  # otherwise the first request would load all pages, beside the starting workers
for html_cache in (fragments.fragment_cache, views.frame_cache):
    html_cache.seconds = 0.0
application = TreeFiles(production_application)  # type: ignore[arg-type]  # it takes any ASGI application
