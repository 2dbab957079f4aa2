"""For all tests."""

import hypothesis

from tests.must_run import pytest_make_collect_report, pytest_runtest_makereport

# A busy machine is no failure.
hypothesis.settings.register_profile("arena", deadline=None)
hypothesis.settings.load_profile("arena")

__all__ = ["pytest_make_collect_report", "pytest_runtest_makereport"]
