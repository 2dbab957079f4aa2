"""Modules that a process must not import at startup, because they are slow to import or take much memory."""

import os
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


BROKEN_PAGE = """
from django.contrib import admin
from django.contrib.auth.models import Permission
admin.site.register(Permission, list_display=["nothing"])"""
CHECK_ADMIN = """
import django
from django.conf import settings
django.setup()
settings.ROOT_URLCONF = "broken_page"
from django.core.checks import run_checks
print(*(message.id for message in run_checks(tags=["admin"])))"""


@pytest.mark.slow
def test_checks_of_the_admin_include_the_pages_that_the_urls_register(tmp_path):
    (tmp_path / "broken_page.py").write_text(BROKEN_PAGE)
    env = os.environ | {"PYTHONPATH": f"{tmp_path}:."}
    result = subprocess.run([sys.executable, "-c", CHECK_ADMIN], env=env, capture_output=True, text=True, check=True)
    assert result.stdout.split() == ["admin.E108"]
