"""What is done before a start."""

import subprocess
import sys

import pytest

from config.prepare import _alone

COLLECT = "from config.prepare import _alone\nwith _alone(): print('collected')"


def test_two_that_start_from_one_folder_collect_one_after_the_other():
    with _alone():
        other = subprocess.Popen([sys.executable, "-c", COLLECT], stdout=subprocess.PIPE, text=True)
        with pytest.raises(subprocess.TimeoutExpired):
            other.communicate(timeout=0.7)
    assert other.communicate(timeout=20)[0] == "collected\n"
