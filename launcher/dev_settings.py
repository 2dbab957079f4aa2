"""Django settings for `./scripts/up --dev`. Every request reads templates and static files from the source tree."""

from typing import Any

from config import settings as production
from config.settings import *  # noqa: F403  # Django reads all settings from one module

STORAGES = production.STORAGES | {
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
_engine: dict[str, Any] = production.TEMPLATES[0]
_uncached_loaders = ["django.template.loaders.filesystem.Loader", "django.template.loaders.app_directories.Loader"]
_options = _engine["OPTIONS"] | {"loaders": [("template_partials.loader.Loader", _uncached_loaders)]}
TEMPLATES = [_engine | {"OPTIONS": _options}]
