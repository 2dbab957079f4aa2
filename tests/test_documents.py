"""Checks that paths, commands, modules, and settings in the documents exist, and that the examples work."""

import ast
import re
import tomllib
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from arena.endpoints import models_file
from arena.endpoints.backends.client import Post
from arena.endpoints.backends.protocol import Delta, Message, Request, Truncation, Usage
from arena.endpoints.backends.response import AnswerDecoder
from config.environment import SETTINGS
from scripts import screenshots

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = (
    "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md",
    *sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs").rglob("*.md")),
)  # fmt: skip
ARCHITECTURE = "docs/explanation/architecture.md"
MODELS_GUIDE = "docs/how-to/add-models.md"
CONTAINERS_GUIDE = "docs/how-to/containers-and-proxy.md"
PACKAGES = ("launcher", "config", "evaluations", "ratings", "arena", "catalog", "core")
# Paths that are created at run time, and patterns.
NOT_IN_THE_TREE = {"var/", ".venv", "test_<thing>_<behavior>"}
DJANGO_COMMANDS = {"createsuperuser"}
LARGEST_PICTURE = 150_000
ACME = Request("https://acme.example/v1", "m", (Message("user", "Hi"),), "sk-1", "Be brief.", 64, 0.7)


def text(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def blocks(document: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text(document), re.DOTALL | re.MULTILINE)


def quoted(document: str) -> set[str]:
    prose = re.sub(r"^```.*?^```", "", text(document), flags=re.DOTALL | re.MULTILINE)
    return {" ".join(code.split()) for code in re.findall(r"`([^`]+)`", prose)}


def paths(document: str) -> set[str]:
    """Return quoted words that look like paths in the repository. URL paths start with a slash."""
    path = re.compile(r"\.?[\w-]+(/[\w.-]*)+|[\w.-]+\.(py|md|toml|yaml|lock)|Dockerfile")
    return {word for word in quoted(document) if path.fullmatch(word)} - NOT_IN_THE_TREE


def modules(document: str) -> set[str]:
    module = re.compile(rf"({'|'.join(PACKAGES)})(\.\w+)*")
    return {word for word in quoted(document) if module.fullmatch(word)}


def drop_code(markdown: str) -> str:
    """Remove code blocks. Inline code stays, because it can be part of a heading."""
    return re.sub(r"^```.*?^```", "", markdown, flags=re.DOTALL | re.MULTILINE)


def list_links(markdown: str) -> list[str]:
    """Return the targets of links and images without a scheme, in order."""
    prose = re.sub(r"`[^`]*`", "", drop_code(markdown))
    return re.findall(r"\]\((?![a-z]+:)([^)\s]+)\)", prose)


def list_anchors(markdown: str) -> set[str]:
    """Return the anchors that GitHub generates for headings."""
    anchors: set[str] = set()
    seen: Counter[str] = Counter()
    for heading in re.findall(r"^#+ +(.*)$", drop_code(markdown), re.MULTILINE):
        words = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
        anchor = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        anchors.add(f"{anchor}-{seen[anchor]}" if seen[anchor] else anchor)
        seen[anchor] += 1
    return anchors


def is_broken(document: str, link: str) -> bool:
    """Return True if the file of a relative link, or its anchor, does not exist."""
    file, _, anchor = link.partition("#")
    path = ROOT / document
    if file:
        path = path.parent / file
    if not path.is_file():
        return True
    return bool(anchor) and anchor not in list_anchors(path.read_text(encoding="utf-8"))


def exists(dotted: str) -> bool:
    """Return True if this is a package, a module, or a name at the top level of a module."""
    path = ROOT / dotted.replace(".", "/")
    if path.is_dir() or path.with_suffix(".py").is_file():
        return True
    module = path.parent.with_suffix(".py")
    tree = ast.parse(module.read_text(encoding="utf-8")) if module.is_file() else ast.Module([], [])
    return path.name in {getattr(node, "name", "") for node in tree.body}


def find_commands(document: str) -> list[str]:
    names = set(re.findall(r"\./scripts/([\w.-]+)", text(document)))
    return [name for name in names if not (ROOT / "scripts" / name).stat().st_mode & 0o111]


def find_management_commands(document: str) -> set[str]:
    named = set(re.findall(r"(?:scripts/manage|manage\.py) (\w+)", text(document)))
    return named - DJANGO_COMMANDS - {path.stem for path in ROOT.glob("*/management/commands/*.py")}


def find_options_of_up(document: str) -> list[str]:
    lines = [line.partition("#")[0] for line in text(document).splitlines() if "./scripts/up --" in line]
    options = {option for line in lines for option in re.findall(r"(?<= )--[\w-]+", line)} - {"--help"}
    return [option for option in options if f'"{option}"' not in text("launcher/up.py")]


# Each function returns what is named in a document but does not exist.
MISSING = {
    "paths": lambda document: [path for path in sorted(paths(document)) if not (ROOT / path).exists()],
    "links": lambda document: [link for link in list_links(text(document)) if is_broken(document, link)],
    "commands": find_commands,
    "management commands": find_management_commands,
    "options of up": find_options_of_up,
    "settings": lambda document: set(re.findall(r"ARENA_[A-Z_]*[A-Z]", text(document))) - SETTINGS.keys(),
    "modules": lambda document: [name for name in sorted(modules(document)) if not exists(name)],
}


@pytest.mark.parametrize("kind", MISSING)
def test_what_documents_name_exists(kind):
    missing = {document: MISSING[kind](document) for document in DOCUMENTS}
    assert {document: names for document, names in missing.items() if names} == {}


def test_architecture_names_every_folder():
    unnamed = {"migrations", "management", "commands", "formats", "en"}
    folders = {path.parent.relative_to(ROOT) for package in PACKAGES for path in (ROOT / package).rglob("__init__.py")}
    ours = {f"{folder}/" for folder in folders if not unnamed & set(folder.parts)}
    assert ours - paths(ARCHITECTURE) == set()


def test_architecture_has_the_layers_in_the_order_of_the_contract():
    contracts = tomllib.loads(text("pyproject.toml"))["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    drawn = re.findall(r"^(\w+)  +\S", blocks(ARCHITECTURE, "")[0], re.MULTILINE)
    assert drawn == layers == list(PACKAGES)


@pytest.mark.parametrize(
    ("document", "slugs"),
    [
        (MODELS_GUIDE, ["llama-3.2-3b", "qwen-2.5-7b-instruct", "gpt-4o", "eliza", "support-v4"]),
        ("docs/tutorial.md", ["llama-3.2-3b"]),
    ],
)
def test_models_files_of_the_documents_are_accepted(document, slugs, tmp_path, settings):
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, arena_allow_private_endpoints=("127.0.0.0/8",))
    path = tmp_path / "models.toml"
    path.write_text("\n".join(blocks(document, "toml")), encoding="utf-8")
    assert [entry["slug"] for entry in models_file.read_entries(path)] == slugs


def test_models_of_the_screenshots_are_accepted(tmp_path, settings):
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, arena_allow_private_endpoints=("127.0.0.0/8",))
    path = tmp_path / "models.toml"
    path.write_text("".join(model.build_entry("http://127.0.0.1:9/v1") for model in screenshots.MODELS))
    assert [entry["slug"] for entry in models_file.read_entries(path)] == [model.slug for model in screenshots.MODELS]


@pytest.mark.parametrize(
    ("document", "names"),
    [
        ("docs/reference/settings.md", set(SETTINGS)),
        (
            "docs/reference/commands.md",
            DJANGO_COMMANDS | {path.stem for path in ROOT.glob("*/management/commands/[a-z]*.py")},
        ),
        (
            "docs/reference/files.md",
            {*models_file.MODEL_FIELDS} - {"endpoint"} | {f"endpoint.{name}" for name in models_file.ENDPOINT_FIELDS},
        ),
    ],
)
def test_reference_names_everything(document, names):
    assert names - quoted(document) == set()


def test_backend_of_contributing_works_in_few_lines():
    [example] = blocks("CONTRIBUTING.md", "python")
    assert len([line for line in example.splitlines() if line]) <= 21
    names: dict = {}
    exec(example, names)  # noqa: S102
    backend = names["AcmeBackend"]()
    assert backend.build_post(ACME, frozenset()) == Post(
        "/chat",
        {"Authorization": "Bearer sk-1"},
        {
            "model": "m",
            "messages": [{"by": "user", "text": "Hi"}],
            "rules": "Be brief.",
            "limit": 256,
            "temperature": 0.7,
        },
    )
    assert backend.build_post(replace(ACME, thinking_tokens=1000), frozenset()).body["limit"] == 1256
    for reason, ends in ((b"end", [Usage(3, 1)]), (b"limit", [Truncation(), Usage(3, 1)])):
        answer = AnswerDecoder(backend.reader_type())
        stop = b'data: {"stop": "%b", "tokens_in": 3, "tokens_out": 1}\n\n' % reason
        parts = list(answer.feed(b'data: {"text": "Hello"}\n\n' + stop))
        assert [*parts, *answer.end()] == [Delta("Hello"), *ends]


def test_pictures_are_small_and_all_shown():
    pictures = {path.name: path.stat().st_size for path in (ROOT / "docs" / "screenshots").iterdir()}
    links = [link for document in DOCUMENTS for link in list_links(text(document))]
    assert set(pictures) == {Path(link).name for link in links if "screenshots/" in link}
    assert len(pictures) == 11
    assert max(pictures.values()) < LARGEST_PICTURE


@pytest.mark.parametrize("service", ["web", "worker-answers"])
def test_services_named_in_the_guide_are_those_of_compose(service):
    [override] = blocks(CONTAINERS_GUIDE, "yaml")
    assert re.search(rf"^  {service}:", override, re.MULTILINE)
    assert re.search(rf"^  {service}:", text("compose.yaml"), re.MULTILINE)


def test_guide_gives_compose_every_value_that_it_needs():
    [written] = [block for block in blocks(CONTAINERS_GUIDE, "sh") if "cat > .env" in block]
    needed = set(re.findall(r"\$\{(\w+):\?\}", text("compose.yaml")))
    assert needed == set(re.findall(r"^(\w+)=", written, re.MULTILINE))
