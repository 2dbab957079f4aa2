import os
import subprocess
import sys

import pytest

from launcher import development
from launcher.embedded import PROJECT_ROOT
from tests.processes import alive

OWN = f"{{{', '.join(map(repr, development.PACKAGES))}}}"
SCRIPT = f"""
import sys
loaded = {{name.split(".")[0] for name in sys.modules}}
print(__name__, *sys.argv[1:], "django" in loaded, *{OWN} & loaded)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("byte", "output"), [(b"\n", "__main__ --port 1 True\n"), (b"", "")], ids=["start", "closed pipe"]
)
def test_standby_runs_the_edited_module_after_a_byte_only(tmp_path, byte, output):
    (tmp_path / "edited.py").write_text("raise SystemExit('too early')")
    reading, writing = os.pipe()
    command = [sys.executable, "-m", "launcher.standby", "edited", "--port", "1", str(reading)]
    env = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{PROJECT_ROOT}"}
    process = subprocess.Popen(command, env=env, pass_fds=(reading,), stdout=subprocess.PIPE, text=True)
    os.close(reading)
    assert alive(process.pid)
    (tmp_path / "edited.py").write_text(SCRIPT)
    os.write(writing, byte)
    os.close(writing)
    assert process.communicate(timeout=60) == (output, None)
    assert process.returncode == 0
