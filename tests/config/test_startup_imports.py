"""Modules that a process must not import at startup, because they are slow to import or take much memory."""

import subprocess
import sys

import pytest

WEB = "import django; django.setup(); import config.urls"
WORKER = "import config.celery; config.celery.app.loader.import_default_modules()"
LARGE = {"scipy", "numpy", "rest_framework.parsers", "aiohttp", "arena.admin"}


@pytest.mark.slow
@pytest.mark.parametrize(("process", "loaded"), [(WEB, {"rest_framework.parsers", "arena.admin"}), (WORKER, set())])
def test_process_begins_without_what_few_requests_or_fits_need(process, loaded):
    code = f"{process}; import sys; print(*{LARGE} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(result.stdout.split()) == loaded


@pytest.mark.slow
def test_checks_of_the_admin_include_all_pages():
    code = """
import django
django.setup()
from django.contrib import admin
from django.core.checks import run_checks
print(run_checks(tags=["admin"]), len(admin.site._registry) > 15)"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.split() == ["[]", "True"]
