"""`python -m config.server.collect_static`: collects the static files, where something has changed.

Django writes each of them anew each time, and a service that runs from the same folder is sending them meanwhile.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path


def collect_if_changed() -> bool:
    """Whether it was needed. Needs Django's settings alone."""
    from django.conf import settings
    from django.core.management import call_command

    done = Path(settings.STATIC_ROOT) / ".collected"
    with _alone():
        now = _hash_sources()
        if done.exists() and done.read_text() == now:
            return False
        done.unlink(missing_ok=True)
        call_command("collectstatic", interactive=False, verbosity=0)
        done.write_text(now)
    return True


def _hash_sources() -> str:
    """Another one whenever a file is another one."""
    from django.contrib.staticfiles.finders import get_finders

    found = []
    for finder in get_finders():
        for path, storage in finder.list([]):
            file = Path(storage.path(path)).stat()
            found.append((path, getattr(storage, "prefix", None), file.st_size, file.st_mtime_ns))
    return sha256(repr(sorted(found, key=repr)).encode()).hexdigest()


@contextmanager
def _alone() -> Iterator[None]:
    """Two that start from one folder at the same time would take the static files away from each other."""
    folder = os.open(Path(__file__).parents[1], os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    collect_if_changed()
