"""Measures the code against the targets of the house and fails where one is missed: `python -m tests.house`."""

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("launcher", "config", "ratings", "arena", "catalog", "core")
NOT_OURS = {"migrations", "vendor", "vendored"}
MOCKS = {"patch", "Mock", "MagicMock", "AsyncMock", "setattr"}
EXEMPTION = re.compile(r"#\s*(noqa|type:\s*ignore)\b([^#\n]*)(#\s*\S+)?")


@dataclass(frozen=True)
class Target:
    """One figure and its bound; a bound is met when it is not exceeded, or not undercut."""

    name: str
    value: float
    bound: float
    at_least: bool = False

    @property
    def met(self) -> bool:
        return self.value >= self.bound if self.at_least else self.value <= self.bound

    def __str__(self) -> str:
        sign = "≥" if self.at_least else "≤"
        return f"{'  ' if self.met else '✗ '}{self.name}: {self.value:.4g} ({sign} {self.bound:g})"


@dataclass(frozen=True)
class Sized:
    lines: int
    where: str


@dataclass(frozen=True)
class Code:
    """What was measured in a set of Python files."""

    files: list[Sized]
    functions: list[Sized]
    annotated: int
    tests: int
    mocks: int

    @property
    def lines(self) -> int:
        return sum(file.lines for file in self.files)


def quantile(sizes: list[Sized], share: float) -> int:
    ordered = sorted(size.lines for size in sizes)
    return ordered[round(share * (len(ordered) - 1))] if ordered else 0


def ours(*folders: str, suffixes: tuple[str, ...]) -> Iterator[Path]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*")):
            inside = path.relative_to(ROOT)
            if path.suffix in suffixes and not NOT_OURS & set(inside.parts) and ".min." not in path.name:
                yield inside


def sized(path: Path) -> Sized:
    return Sized((ROOT / path).read_text(encoding="utf-8").count("\n"), str(path))


def measure(*folders: str) -> Code:
    files, functions, annotated, tests, mocks = [], [], 0, 0, 0
    for path in ours(*folders, suffixes=(".py",)):
        files.append(sized(path))
        for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                functions.append(Sized(length, f"{path}:{node.lineno} {node.name}"))
                annotated += node.returns is not None
                tests += node.name.startswith("test_")
            elif isinstance(node, ast.Call):
                mocks += getattr(node.func, "id", getattr(node.func, "attr", "")) in MOCKS
    return Code(files, functions, annotated, tests, mocks)


def exemptions() -> tuple[dict[str, int], list[str]]:
    """How many times a checker is silenced, and where that is done without a reason."""
    counts, unexplained = {"noqa": 0, "type: ignore": 0}, []
    for path in ours(*PACKAGES, suffixes=(".py",)):
        for number, line in enumerate((ROOT / path).read_text(encoding="utf-8").splitlines(), 1):
            if found := EXEMPTION.search(line):
                counts["noqa" if found[1] == "noqa" else "type: ignore"] += 1
                if not found[3]:
                    unexplained.append(f"{path}:{number}")
    return counts, unexplained


def targets(code: Code, fronts: list[Sized], tests: Code, unexplained: int) -> list[Target]:
    return [
        Target("lines of a function, median", quantile(code.functions, 0.5), 8),
        Target("lines of a function, 95 %", quantile(code.functions, 0.95), 35),
        Target("lines of a function, longest", quantile(code.functions, 1), 60),
        Target("lines of a file, longest", quantile(code.files, 1), 400),
        Target("lines of a template or script, longest", quantile(fronts, 1), 120),
        Target("functions annotated, %", 100 * code.annotated / len(code.functions), 100, at_least=True),
        Target("mocks per test", tests.mocks / max(1, tests.tests), 0.03),
        Target("exemptions without a reason", unexplained, 0),
    ]


def too_long(code: Code, fronts: list[Sized]) -> list[Sized]:
    found = [f for f in code.functions if f.lines > 60]
    found += [f for f in code.files if f.lines > 400] + [f for f in fronts if f.lines > 120]
    return sorted(found, key=lambda f: -f.lines)


def main() -> int:
    code, tests = measure(*PACKAGES), measure("tests")
    fronts = [sized(path) for path in ours("templates", "static", suffixes=(".html", ".js"))]
    counts, unexplained = exemptions()
    results = targets(code, fronts, tests, len(unexplained))
    report = [
        f"{len(code.files)} files, {code.lines} lines, {len(code.functions)} functions, {tests.tests} tests",
        *map(str, results),
        *(f"  {name}: {count}" for name, count in counts.items()),
        *(f"  too long: {found.where}, {found.lines} lines" for found in too_long(code, fronts)),
        *(f"  without a reason: {where}" for where in unexplained),
    ]
    sys.stdout.write("\n".join(report) + "\n")
    return 0 if all(target.met for target in results) else 1


if __name__ == "__main__":
    sys.exit(main())
