"""Collects static files if one of them has changed: `python -m config.server.collect_static`.

Django's `collectstatic` rewrites all files every time, even while a running service might be sending them.
"""

import os
from hashlib import sha256
from pathlib import Path

from config.folder_lock import lock_folder


def collect_if_changed() -> bool:
    """Collect static files if any file or the storage backend has changed. Return True if they were collected."""
    from django.conf import settings
    from django.core.management import call_command

    stamp = Path(settings.STATIC_ROOT) / ".collected"
    # Two programs that start at the same time must not delete each other's files.
    with lock_folder(Path(__file__).parents[1]):
        digest = _hash_sources(settings.STORAGES["staticfiles"]["BACKEND"])
        if stamp.exists() and stamp.read_text() == digest:
            return False
        stamp.unlink(missing_ok=True)
        call_command("collectstatic", interactive=False, verbosity=0)
        stamp.write_text(digest)
    return True


def _hash_sources(backend: str) -> str:
    """Return a hash of the storage's name, and of the sizes and modification times of all source files."""
    from django.contrib.staticfiles.finders import get_finders

    files = []
    for finder in get_finders():
        for path, storage in finder.list([]):
            stat = Path(storage.path(path)).stat()
            files.append((path, getattr(storage, "prefix", None), stat.st_size, stat.st_mtime_ns))
    return sha256(repr((backend, sorted(files, key=repr))).encode()).hexdigest()


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    collect_if_changed()
