"""Measures the code against its targets and fails if one is missed: `python -m tests.house`."""

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("launcher", "config", "ratings", "arena", "catalog", "core")
NOT_OURS = {"migrations", "vendor", "vendored"}
MOCKS = {"patch", "Mock", "MagicMock", "AsyncMock", "setattr"}
EXEMPTION = re.compile(r"#\s*(noqa|type:\s*ignore)\b([^#\n]*)(#\s*\S+)?")
MAX_FUNCTION_LINES = 60
MAX_FILE_LINES = 400
MAX_FRONT_LINES = 120
MAX_MODULES = 15
MAX_MODULES_WITH_REASON = 20
# Folders that may have more than MAX_MODULES modules, each with a reason.
LARGE_FOLDERS = {
    "arena/answers": "an answer passes through all of them, from the queue to the open page",
    "arena/endpoints/backends": "one module for each wire format, and the parts that they share",
    "ratings/statistics": "one module for each method, all of them pure",
}
# Django finds these classes by name, so they occur more than once.
FRAMEWORK_CLASSES = {"Command", "Migration"}
# Imports that would create a cycle, each with a reason.
ALLOWED_IMPORTS = {
    (
        "arena.models.access",
        "arena.models.sessions",
    ): "a session model names its store, which needs the model",
    (
        "config.celery",
        "config.monitoring",
    ): "the application sends heartbeats, and health asks its workers",
}
Graph = dict[str, set[str]]


@dataclass(frozen=True)
class Target:
    """A measured value and its bound. The value must not exceed the bound, or with `at_least` not be less than it."""

    name: str
    value: float
    bound: float
    at_least: bool = False

    @property
    def met(self) -> bool:
        return self.value >= self.bound if self.at_least else self.value <= self.bound

    def __str__(self) -> str:
        mark = "  " if self.met else "✗ "
        sign = "≥" if self.at_least else "≤"
        return f"{mark}{self.name}: {self.value:.4g} ({sign} {self.bound:g})"


@dataclass(frozen=True)
class Sized:
    """A file or function and its number of lines."""

    lines: int
    where: str


@dataclass(frozen=True)
class Code:
    """Measurements of a set of Python files."""

    files: list[Sized]
    functions: list[Sized]
    annotated: int
    tests: int
    mocks: int

    @property
    def lines(self) -> int:
        return sum(file.lines for file in self.files)


@dataclass(frozen=True)
class Structure:
    """Violations of the rules for the tree, one per line."""

    repeated_classes: list[str]
    cycles: list[str]
    large_folders: list[str]


def quantile(sizes: list[Sized], share: float) -> int:
    ordered = sorted(size.lines for size in sizes)
    return ordered[round(share * (len(ordered) - 1))] if ordered else 0


def iter_own_files(*folders: str, suffixes: tuple[str, ...]) -> Iterator[Path]:
    """Yield paths below the root, without generated and vendored files."""
    for folder in folders:
        for absolute_path in sorted((ROOT / folder).rglob("*")):
            path = absolute_path.relative_to(ROOT)
            if path.suffix in suffixes and not NOT_OURS & set(path.parts) and ".min." not in path.name:
                yield path


def read_text(path: Path) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def measure_file(path: Path) -> Sized:
    return Sized(read_text(path).count("\n"), str(path))


def measure(*folders: str) -> Code:
    files: list[Sized] = []
    functions: list[Sized] = []
    annotated = 0
    tests = 0
    mocks = 0
    for path in iter_own_files(*folders, suffixes=(".py",)):
        files.append(measure_file(path))
        for node in ast.walk(ast.parse(read_text(path))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                functions.append(Sized(length, f"{path}:{node.lineno} {node.name}"))
                annotated += node.returns is not None
                tests += node.name.startswith("test_")
            elif isinstance(node, ast.Call):
                mocks += getattr(node.func, "id", getattr(node.func, "attr", "")) in MOCKS
    return Code(files, functions, annotated, tests, mocks)


def list_exemptions() -> tuple[dict[str, int], list[str]]:
    """Return how often each checker is silenced, and the places without a reason."""
    counts = {"noqa": 0, "type: ignore": 0}
    unexplained = []
    for path in iter_own_files(*PACKAGES, suffixes=(".py",)):
        for number, line in enumerate(read_text(path).splitlines(), 1):
            if match := EXEMPTION.search(line):
                counts["noqa" if match[1] == "noqa" else "type: ignore"] += 1
                if not match[3]:
                    unexplained.append(f"{path}:{number}")
    return counts, unexplained


def find_repeated_classes(sources: dict[str, str]) -> list[str]:
    """Return names of classes that occur in several places. The name of a nested class includes its outer class.

    `sources` maps paths to source code.
    """
    places = defaultdict(list)
    for path, source in sources.items():
        for node in ast.parse(source).body:
            if isinstance(node, ast.ClassDef) and node.name not in FRAMEWORK_CLASSES:
                places[node.name].append(f"{path}:{node.lineno}")
    return [f"{name}: {', '.join(lines)}" for name, lines in sorted(places.items()) if len(lines) > 1]


def find_large_folders(paths: Iterable[Path]) -> list[str]:
    counts: dict[str, int] = defaultdict(int)
    for path in paths:
        counts[path.parent.as_posix()] += path.name != "__init__.py"
    return [
        f"{folder}: {count} modules"
        for folder, count in sorted(counts.items())
        if count > (MAX_MODULES_WITH_REASON if folder in LARGE_FOLDERS else MAX_MODULES)
    ]


def name_module(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def build_import_graph(sources: dict[str, str]) -> Graph:
    """Return the modules that each module imports, including imports inside functions but not those for type checking.

    `sources` maps module names to source code.
    """
    return {name: _list_imports(ast.parse(source), sources.keys()) - {name} for name, source in sources.items()}


def _list_imports(tree: ast.AST, modules: Iterable[str]) -> set[str]:
    names = set()
    for node in _walk_executed(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            submodules = {f"{node.module}.{alias.name}" for alias in node.names} & set(modules)
            names |= submodules or {str(node.module)}
    return names & set(modules)


def _walk_executed(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, ast.If) and getattr(child.test, "id", "") == "TYPE_CHECKING"):
            yield child
            yield from _walk_executed(child)


def group_by_package(graph: Graph, packages: Iterable[str]) -> Graph:
    """Group a graph of modules by package. A module directly in an app's folder, such as its URLs, is its own package.

    `packages` contains the names of all packages.
    """
    inner_packages = set(packages) - set(PACKAGES)

    def find_package(module: str) -> str:
        parent = module.rpartition(".")[0]
        return parent if parent in inner_packages and module not in inner_packages else module

    grouped: Graph = defaultdict(set)
    for module, imported in graph.items():
        package = find_package(module)
        grouped[package] |= {find_package(name) for name in imported} - {package}
    return dict(grouped)


def find_cycle(graph: Graph, allowed: Iterable[tuple[str, str]] = ()) -> list[str]:
    """Return one import cycle that does not depend on the allowed imports, as a one-line list, or an empty list."""
    removed = set(allowed)
    rest = {name: {other for other in imported if (name, other) not in removed} for name, imported in graph.items()}
    try:
        TopologicalSorter(rest).prepare()
    except CycleError as error:
        return [" ← ".join(error.args[1])]
    return []


def find_unused_permissions(*graphs: Graph) -> list[str]:
    imports = {(name, other) for graph in graphs for name, imported in graph.items() for other in imported}
    return [f"{name} → {other} is allowed, but no longer exists" for name, other in ALLOWED_IMPORTS.keys() - imports]


def examine_structure() -> Structure:
    paths = list(iter_own_files(*PACKAGES, suffixes=(".py",)))
    modules = build_import_graph({name_module(path): read_text(path) for path in paths})
    packages = group_by_package(modules, [name_module(path) for path in paths if path.name == "__init__.py"])
    return Structure(
        find_repeated_classes({str(path): read_text(path) for path in paths}),
        [
            *find_cycle(modules, ALLOWED_IMPORTS),
            *find_cycle(packages, ALLOWED_IMPORTS),
            *find_unused_permissions(modules, packages),
        ],
        find_large_folders(paths),
    )


def build_targets(code: Code, fronts: list[Sized], tests: Code, unexplained: int, structure: Structure) -> list[Target]:
    return [
        Target("lines of a function, median", quantile(code.functions, 0.5), 8),
        Target("lines of a function, 95%", quantile(code.functions, 0.95), 35),
        Target("lines of a function, longest", quantile(code.functions, 1), MAX_FUNCTION_LINES),
        Target("lines of a file, longest", quantile(code.files, 1), MAX_FILE_LINES),
        Target("lines of a template or script, longest", quantile(fronts, 1), MAX_FRONT_LINES),
        Target("functions annotated, %", 100 * code.annotated / len(code.functions), 100, at_least=True),
        Target("mocks per test", tests.mocks / max(1, tests.tests), 0.03),
        Target("exemptions without a reason", unexplained, 0),
        Target("class names that occur twice", len(structure.repeated_classes), 0),
        Target("import cycles", len(structure.cycles), 0),
        Target("folders with too many modules", len(structure.large_folders), 0),
    ]


def list_too_long(code: Code, fronts: list[Sized]) -> list[Sized]:
    too_long = [size for size in code.functions if size.lines > MAX_FUNCTION_LINES]
    too_long += [size for size in code.files if size.lines > MAX_FILE_LINES]
    too_long += [size for size in fronts if size.lines > MAX_FRONT_LINES]
    return sorted(too_long, key=lambda size: -size.lines)


def format_details(heading: str, lines: Iterable[str]) -> list[str]:
    return [f"  {heading}: {line}" for line in lines]


def main() -> int:
    code = measure(*PACKAGES)
    tests = measure("tests")
    fronts = [measure_file(path) for path in iter_own_files("templates", "static", suffixes=(".html", ".js"))]
    counts, unexplained = list_exemptions()
    structure = examine_structure()
    results = build_targets(code, fronts, tests, len(unexplained), structure)
    report = [
        f"{len(code.files)} files, {code.lines} lines, {len(code.functions)} functions, {tests.tests} tests",
        *map(str, results),
        *(f"  {name}: {count}" for name, count in counts.items()),
        *format_details("too long", (f"{size.where}, {size.lines} lines" for size in list_too_long(code, fronts))),
        *format_details("without a reason", unexplained),
        *format_details("class name", structure.repeated_classes),
        *format_details("import cycle", structure.cycles),
        *format_details("folder", structure.large_folders),
    ]
    sys.stdout.write("\n".join(report) + "\n")
    return 0 if all(target.met for target in results) else 1


if __name__ == "__main__":
    sys.exit(main())
