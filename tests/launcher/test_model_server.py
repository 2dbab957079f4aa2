import http.client
import json
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from launcher import local_models
from launcher.data_folder import DataFolder
from tests.processes import eventually

ROOT = Path(__file__).parents[2]
SERVER = [sys.executable, "-m", "launcher.model_server"]


def healthy(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def chat(port: int, prompt: str) -> list[dict]:
    """Send a request as the arena does, and return the events of the stream."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    body = {"messages": [{"role": "user", "content": prompt}], "stream": True, "max_tokens": 24, "temperature": 0}
    connection.request("POST", "/v1/chat/completions", json.dumps(body), {"Content-Type": "application/json"})
    response = connection.getresponse()
    assert response.headers["Content-Type"].startswith("text/event-stream")
    assert response.headers["Access-Control-Allow-Origin"] != "*"
    lines = [line.removeprefix("data: ") for line in response.read().decode().splitlines() if line]
    connection.close()
    assert lines.pop() == "[DONE]"
    return [json.loads(line) for line in lines]


@pytest.mark.slow
def test_smollm2_streams_an_answer(tmp_path):
    """One of the two tests with a real model."""
    (model,) = (model for model in local_models.LOCAL_MODELS if model.name == "smollm2")
    port = local_models.pick_free_port()
    command = local_models.build_program(model, port, DataFolder(tmp_path)).command
    with (tmp_path / "server.log").open("w") as log:
        server = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
    try:
        assert eventually(lambda: healthy(port), 30)
        assert psutil.Process(server.pid).nice() >= 10
        events = chat(port, "What is the capital of France? Answer in one sentence.")
    finally:
        server.kill()
        server.wait()
    deltas = [event["choices"][0]["delta"].get("content") or "" for event in events]
    assert "Paris" in "".join(deltas)
    assert len([delta for delta in deltas if delta]) > 3
    assert events[-1]["choices"][0]["finish_reason"] in ("stop", "length")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--port", "1", "missing.gguf"], "missing.gguf is not a file"),
        (["--port", "x", "missing.gguf"], "argument --port: invalid int value: 'x'"),
        (["missing.gguf"], "the following arguments are required: --port"),
    ],
)
def test_wrong_usage_is_told(arguments, message):
    done = subprocess.run([*SERVER, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode
    assert done.stderr.rstrip().endswith(message)


@pytest.mark.slow
def test_file_that_is_no_model_is_told_in_the_last_line(tmp_path):
    (tmp_path / "poem.gguf").write_text("roses are red")
    command = [*SERVER, "--port", str(local_models.pick_free_port()), tmp_path / "poem.gguf"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "poem.gguf cannot be served on port" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
