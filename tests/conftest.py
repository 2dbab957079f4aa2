"""For all tests."""

import signal

import hypothesis

from tests.must_run import pytest_make_collect_report, pytest_runtest_makereport

# A shell starts what runs in the background deaf to Ctrl-C, and all that the tests start would be so too.
signal.signal(signal.SIGINT, signal.default_int_handler)
# A busy machine is no failure.
hypothesis.settings.register_profile("arena", deadline=None)
hypothesis.settings.load_profile("arena")

__all__ = ["pytest_make_collect_report", "pytest_runtest_makereport"]
