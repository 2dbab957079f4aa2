"""The line under an answer that was cut short."""

import pytest

from arena.endings import whole
from arena.markdown import render


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"stopped": True, "cut": False}, "Stopped."),
        ({"stopped": False, "cut": True}, "Cut off at the length limit."),
        ({"stopped": True, "cut": True}, "Stopped."),
    ],
)
@pytest.mark.parametrize("text", ["So *it", "```python\nif x", "| a |\n|---|\n| 1", "- one\n- tw", "$$x", ""])
def test_whole_ends_with_a_line_of_its_own(text, how, words):
    assert whole(text, **how) == render(text) + f'<p class="ended">{words}</p>'


def test_whole_of_an_answer_that_its_model_ended_is_that_answer():
    assert whole("So *it* is.", stopped=False, cut=False) == render("So *it* is.")


@pytest.mark.parametrize("text", ['<p class="ended">Stopped.</p>', "<br class=ended>", "```ended\nStopped.\n```"])
def test_whole_shows_no_such_line_of_a_model(text):
    assert '<p class="ended"' not in whole(text, stopped=False, cut=False)
