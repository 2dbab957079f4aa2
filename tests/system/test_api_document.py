"""Tests that every example in docs/reference/api.md works, and that the page covers all calls."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.system.person import Person
from tests.system.service import Service
from tests.test_documents import blocks

DOCUMENT = "docs/reference/api.md"
CUT_BY_MAX_TIME = 28


def answers(said: str) -> Iterator[dict[str, Any]]:
    """Yield the JSON documents in the combined output of several calls."""
    decoder, place = json.JSONDecoder(), 0
    while place < len(said):
        found, place = decoder.raw_decode(said, place)
        yield found


@pytest.fixture(scope="module")
def ran(service: Service, tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, int, str]]:
    """Run each code block in the same shell, and return its status and output."""
    folder = tmp_path_factory.mktemp("api")
    (folder / "jar").touch()
    lines = [block.replace("http://127.0.0.1:8000", service.url) for block in blocks(DOCUMENT, "sh")]
    script = "".join(f"{block}\necho === $?\n" for block in lines)
    done = subprocess.run(["bash", "-u", "-c", script], cwd=folder, capture_output=True, text=True, timeout=120)
    said = re.split(r"=== (\d+)\n", done.stdout)
    found = list(zip(lines, map(int, said[1::2]), said[::2], strict=False))
    assert len(found) == len(lines), done.stderr
    cuts = [line for line in done.stderr.splitlines() if f"curl: ({CUT_BY_MAX_TIME})" in line]
    assert done.stderr.splitlines() == cuts
    return found


def test_every_call_has_a_line(service: Service) -> None:
    document = json.loads(Person(service.port).get("/api/schema/").body)
    lines = "\n".join(blocks(DOCUMENT, "sh")).replace("$BATTLE", "{battle_id}").replace("$PAIR", "{pair_id}")
    lines = lines.replace("$MODEL", "{slug}").replace("$BENCHMARK", "{slug}").replace("$SENT", "{key}")
    lines = lines.replace("/benchmarks/humaneval/", "/benchmarks/{slug}/")
    for path in document["paths"]:
        assert re.search(rf'\$ARENA{re.escape(path.removeprefix("/api/v1"))}[?"]', lines), path


def test_lines_of_the_shell_work(ran: list[tuple[str, int, str]], service: Service) -> None:
    refused = []
    for block, status, said in ran:
        if "/events" in block:
            assert (status, "event: delta" in said or "from now on" in said) == (CUT_BY_MAX_TIME, True)
        else:
            assert status == 0, said
            refused += [answer["error"] for answer in answers(said) if "error" in answer]
    assert [error["code"] for error in refused] == ["not_failed"]
    assert any('"models": [{' in said or '"models":[{' in said for _, _, said in ran)


def test_lines_about_models_bring_something(ran: list[tuple[str, int, str]]) -> None:
    found = [answer for block, _, said in ran if "/events" not in block for answer in answers(said)]
    (pairs,) = (answer for answer in found if "win_probability" in answer)
    (history,) = (answer for answer in found if "series" in answer)
    (shared,) = (answer["results"] for answer in found if answer.keys() == {"results"})
    assert [len(row) for row in pairs["win_probability"]] == [2, 2]
    assert [bool(series["points"]) for series in history["series"]] == [True, True]
    assert shared == []  # no operator has listed any


def test_example_in_python_works(service: Service, tmp_path: Path) -> None:
    (example,) = blocks(DOCUMENT, "python")
    script = tmp_path / "example.py"
    script.write_text(example.replace("http://127.0.0.1:8000", service.url))
    done = subprocess.run([sys.executable, "-I", str(script)], capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    assert re.search(r"^a (.|\n)+\nb (.|\n)+\na was Model .+ rated .+\nb was Model .+ rated .+\n$", done.stdout)
