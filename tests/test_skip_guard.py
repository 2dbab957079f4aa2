import inspect

import pytest

from tests import skip_guard

pytest_plugins = ["pytester"]

ALONE = ("-p", "no:django", "-p", "no:cacheprovider", "-o", "asyncio_default_fixture_loop_scope=function")


def outcomes(pytester: pytest.Pytester, body: str) -> dict[str, int]:
    pytester.makeconftest(inspect.getsource(skip_guard))
    pytester.makepyfile(f"import pytest\n{body}")
    return pytester.runpytest_inprocess(*ALONE).parseoutcomes()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        ("def test_x(): pytest.skip('no time')", {"failed": 1}),
        ("@pytest.mark.skip(reason='no time')\ndef test_x(): pass", {"errors": 1}),
        ("pytest.importorskip('no_such_module')", {"errors": 1}),
        ("@pytest.mark.xfail\ndef test_x(): assert False", {"failed": 1}),
        ("def test_x(): pytest.xfail('some day')", {"failed": 1}),
        ("@pytest.fixture\ndef f(): pytest.skip('no')\ndef test_x(f): pass", {"errors": 1}),
    ],
)
def test_test_that_does_not_run_is_a_failure(pytester, body, outcome):
    assert outcomes(pytester, body) == outcome


@pytest.mark.slow
def test_other_outcomes_stay(pytester):
    body = "def test_good(): pass\ndef test_bad(): assert False\n"
    assert outcomes(pytester, body) == {"passed": 1, "failed": 1}
