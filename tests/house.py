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
PACKAGES = ("launcher", "config", "evaluations", "ratings", "arena", "catalog", "core")
NOT_OURS = {"migrations", "vendor", "vendored"}
MOCKS = {"patch", "Mock", "MagicMock", "AsyncMock", "setattr"}
EXEMPTION = re.compile(r"#\s*(noqa|type:\s*ignore)\b([^#\n]*)(#\s*\S+)?")
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
    """A count that must not exceed its bound."""

    name: str
    count: int
    bound: int

    def __str__(self) -> str:
        return f"{'  ' if self.count <= self.bound else '✗ '}{self.name}: {self.count} (≤ {self.bound})"


@dataclass(frozen=True)
class Code:
    """Counts of a set of Python files."""

    files: int
    lines: int
    functions: int
    unannotated: int
    tests: int
    mocks: int


@dataclass(frozen=True)
class Structure:
    """Violations of the rules for the tree, one per line."""

    repeated_classes: list[str]
    cycles: list[str]


def iter_own_files(*folders: str, suffixes: tuple[str, ...]) -> Iterator[Path]:
    """Yield paths below the root, without generated and vendored files."""
    for folder in folders:
        for absolute_path in sorted((ROOT / folder).rglob("*")):
            path = absolute_path.relative_to(ROOT)
            if path.suffix in suffixes and not NOT_OURS & set(path.parts) and ".min." not in path.name:
                yield path


def read_text(path: Path) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def measure(*folders: str) -> Code:
    texts = [read_text(path) for path in iter_own_files(*folders, suffixes=(".py",))]
    functions: list[ast.FunctionDef | ast.AsyncFunctionDef] = []
    mocks = 0
    for node in (node for text in texts for node in ast.walk(ast.parse(text))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            functions.append(node)
        elif isinstance(node, ast.Call):
            mocks += getattr(node.func, "id", getattr(node.func, "attr", "")) in MOCKS
    return Code(
        files=len(texts),
        lines=sum(text.count("\n") for text in texts),
        functions=len(functions),
        unannotated=sum(function.returns is None for function in functions),
        tests=sum(function.name.startswith("test_") for function in functions),
        mocks=mocks,
    )


def list_exemptions() -> list[str]:
    """Return the places where a checker is silenced without a reason."""
    unexplained = []
    for path in iter_own_files(*PACKAGES, suffixes=(".py",)):
        for number, line in enumerate(read_text(path).splitlines(), 1):
            match = EXEMPTION.search(line)
            if match and not match[3]:
                unexplained.append(f"{path}:{number}")
    return unexplained


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
    )


def build_targets(code: Code, tests: Code, unexplained: int, structure: Structure) -> list[Target]:
    return [
        Target("functions without annotations", code.unannotated, 0),
        Target("mocks in the tests", tests.mocks, 110),
        Target("exemptions without a reason", unexplained, 0),
        Target("class names that occur twice", len(structure.repeated_classes), 0),
        Target("import cycles", len(structure.cycles), 0),
    ]


def format_details(heading: str, lines: Iterable[str]) -> list[str]:
    return [f"  {heading}: {line}" for line in lines]


def main() -> int:
    code = measure(*PACKAGES)
    tests = measure("tests")
    unexplained = list_exemptions()
    structure = examine_structure()
    results = build_targets(code, tests, len(unexplained), structure)
    report = [
        f"{code.files} files, {code.lines} lines, {code.functions} functions, {tests.tests} tests",
        *map(str, results),
        *format_details("without a reason", unexplained),
        *format_details("class name", structure.repeated_classes),
        *format_details("import cycle", structure.cycles),
    ]
    sys.stdout.write("\n".join(report) + "\n")
    return 0 if all(target.count <= target.bound for target in results) else 1


if __name__ == "__main__":
    sys.exit(main())
