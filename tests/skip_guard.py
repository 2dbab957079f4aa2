"""Makes skipped tests fail."""

from collections.abc import Iterator

import pytest


def _must_run(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn a skip or an expected failure into a failure, because CI must not pass if a test did not run."""
    expected = getattr(report, "wasxfail", None)
    if expected is not None:
        del report.wasxfail
    if report.outcome == "skipped":
        report.outcome = "failed"
        report.longrepr = f"skips and expected failures are failures here: {expected or report.longrepr}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Iterator[None]:
    report = yield
    _must_run(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Iterator[None]:
    report = yield
    _must_run(report)
    return report
