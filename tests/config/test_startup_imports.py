"""Modules that a process must not import at startup, because they are slow."""

import subprocess
import sys

import pytest

WEB = "import django; django.setup(); import config.urls"
WORKER = "import config.celery; config.celery.app.loader.import_default_modules()"
SLOW = "; import sys; print(*{'scipy', 'numpy', 'rest_framework'} & set(sys.modules))"


@pytest.mark.slow
@pytest.mark.parametrize(("process", "loaded"), [(WEB, {"rest_framework"}), (WORKER, {"rest_framework"})])
def test_process_begins_without_what_only_fits_need(process, loaded):
    result = subprocess.run([sys.executable, "-c", process + SLOW], capture_output=True, text=True, check=True)
    assert set(result.stdout.split()) == loaded
