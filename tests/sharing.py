"""Decides which tests run in the same process, if several processes share them with `-n`."""

from functools import cache
from pathlib import Path

import pytest
from xdist.scheduler.loadfile import LoadFileScheduling

SYSTEM = "tests/system/"


class ServiceScheduling(LoadFileScheduling):
    """Keeps the tests of a file together, and the files that use the same service, so that each service starts once."""

    def _split_scope(self, nodeid: str) -> str:
        return choose_group(super()._split_scope(nodeid))


@cache
def choose_group(path: str) -> str:
    """Return the name of the service that the tests of a file share with other files, or the path of the file."""
    if not path.startswith(SYSTEM):
        return path
    text = (Path(__file__).parent.parent / path).read_text(encoding="utf-8")
    if "running(" in text or path.endswith("test_up.py"):  # these start services of their own
        return path
    return next((name for name in ("zoo", "pair") if f"{name}: Service" in text), "service")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> ServiceScheduling:
    config.option.loadscopereorder = False  # the order of `tests/system/conftest.py` applies
    return ServiceScheduling(config, log)
