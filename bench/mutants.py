"""Measures how many small faults the tests notice.

./scripts/bench mutants --seed 35 --count 120     draws places in the packages by lot, changes one operator, constant,
                                                  comparison, or return value at each, and runs the mirrored tests
./scripts/bench mutants --list FILE               the places of an earlier run again, if their lines still stand

The tests of a module are those in the same folder under `tests`. A mutant that survives is a place to look at, because
some changes have no effect. The result is one JSON line per mutant on standard output.
"""

import argparse
import ast
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("core", "catalog", "arena", "ratings", "config", "launcher")
TIMEOUT_S = 90
SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult,
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip


def iter_mutants(source: str) -> Iterator[tuple[ast.AST, str]]:
    """Yield each node that can be changed, with its changed source."""
    for function in ast.walk(ast.parse(source)):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for node in ast.walk(ast.Module(function.body, [])):
            if changed := mutate(node):
                yield node, changed


def mutate(node: ast.AST) -> str | None:
    match node:
        case ast.BinOp(op=op) | ast.BoolOp(op=op) if type(op) in SWAPS:
            node.op = SWAPS[type(op)]()
        case ast.Compare(ops=[op]) if type(op) in SWAPS:
            node.ops = [SWAPS[type(op)]()]
        case ast.Constant(value=bool(value)):
            node.value = not value
        case ast.Constant(value=int(value) | float(value)):
            node.value = value + 1
        case ast.Return(value=ast.expr()):
            node.value = ast.Constant(None)
        case _:
            return None
    return ast.unparse(node)


def draw(seed: int, count: int) -> list[dict[str, str]]:
    """Return `count` mutants. All places are equally likely."""
    places = []
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "migrations" in path.parts or not find_tests(path):
                continue
            source = path.read_text()
            for node, changed in iter_mutants(source):
                before = ast.get_source_segment(source, node)
                if before and "\n" not in before and before not in changed:
                    line = source.splitlines()[node.lineno - 1].strip()  # type: ignore[attr-defined]
                    name = str(path.relative_to(ROOT))
                    places.append({"file": name, "line": line, "before": before, "after": changed})
    return Random(seed).sample(places, count)


def find_tests(path: Path) -> Path | None:
    """Return the folder with the tests of a module's folder, or the nearest one above that exists."""
    folder = ROOT / "tests" / path.relative_to(ROOT).parent
    while folder != ROOT / "tests":
        if folder.is_dir():
            return folder
        folder = folder.parent
    return None


def run(mutant: dict[str, str], copy: Path) -> str:
    """Return killed, survived, timeout, or gone (the line no longer stands)."""
    path = copy / mutant["file"]
    source = path.read_text() if path.exists() else ""
    lines = source.splitlines(keepends=True)
    found = [number for number, line in enumerate(lines) if line.strip() == mutant["line"]]
    if not found or mutant["before"] not in mutant["line"]:
        return "gone"
    lines[found[0]] = lines[found[0]].replace(mutant["before"], mutant["after"], 1)
    path.write_text("".join(lines))
    tests = find_tests(ROOT / mutant["file"])
    assert tests
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", str(tests.relative_to(ROOT))]
    try:
        result = subprocess.run(command, cwd=copy, timeout=TIMEOUT_S, capture_output=True, check=False)
        return "survived" if result.returncode == 0 else "killed"
    except subprocess.TimeoutExpired:
        return "timeout"
    finally:
        path.write_text(source)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="./scripts/bench mutants", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=120)
    parser.add_argument("--list", type=Path, help="the output of an earlier run")
    options = parser.parse_args()
    if options.list:
        mutants = [json.loads(line) for line in options.list.read_text().splitlines()]
    else:
        mutants = draw(options.seed, options.count)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "arena"
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".git", ".venv", "var", "*_cache"))
        os.chdir(copy)
        for mutant in mutants:
            print(json.dumps({**mutant, "result": run(mutant, copy)}), flush=True)


if __name__ == "__main__":
    main()
