"""The documents name what is there: paths, commands, modules, settings, and examples that work."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

from arena.endpoints import models_file
from arena.endpoints.backends.client import Post
from arena.endpoints.backends.protocol import Delta, Message, Request, Usage
from arena.endpoints.backends.response import AnswerDecoder
from config.environment import PARSERS

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = (
    "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md",
    "docs/api.md", "docs/architecture.md", "docs/decisions.md",
)  # fmt: skip
PACKAGES = ("launcher", "config", "ratings", "arena", "catalog", "core")
# Made at run time, or patterns of names.
NOT_IN_THE_TREE = {"var/", ".venv", "test_<thing>_<behaviour>"}
DJANGOS = {"createsuperuser"}
LARGEST_PICTURE = 150_000
ACME = Request("https://acme.example/v1", "m", (Message("user", "Hi"),), "sk-1", "Be brief.", 64, 0.7)


def text(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def blocks(document: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text(document), re.DOTALL | re.MULTILINE)


def quoted(document: str) -> set[str]:
    prose = re.sub(r"^```.*?^```", "", text(document), flags=re.DOTALL | re.MULTILINE)
    return {" ".join(found.split()) for found in re.findall(r"`([^`]+)`", prose)}


def paths(document: str) -> set[str]:
    """What is quoted and looks like a path of the repository; addresses of the service start with a slash."""
    looks = re.compile(r"\.?[\w-]+(/[\w.-]*)+|[\w.-]+\.(py|md|toml|yaml|lock)|Dockerfile")
    return {word for word in quoted(document) if looks.fullmatch(word)} - NOT_IN_THE_TREE


def modules(document: str) -> set[str]:
    looks = re.compile(rf"({'|'.join(PACKAGES)})(\.\w+)*")
    return {word for word in quoted(document) if looks.fullmatch(word)}


def exists(dotted: str) -> bool:
    """Whether this is a package, a module, or a public name at the top of one."""
    path = ROOT / dotted.replace(".", "/")
    if path.is_dir() or path.with_suffix(".py").is_file():
        return True
    module = path.parent.with_suffix(".py")
    tree = ast.parse(module.read_text(encoding="utf-8")) if module.is_file() else ast.Module([], [])
    return path.name in {getattr(node, "name", "") for node in tree.body}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_paths_in_documents_exist(document):
    assert [path for path in sorted(paths(document)) if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_in_documents_lead_to_files(document):
    links = re.findall(r"\]\((?!https?://)([^)#]+)\)", text(document))
    assert [link for link in links if not (ROOT / document).parent.joinpath(link).is_file()] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_commands_in_documents_exist(document):
    names = set(re.findall(r"\./scripts/([\w.-]+)", text(document)))
    assert [name for name in names if not (ROOT / "scripts" / name).stat().st_mode & 0o111] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_management_commands_in_documents_exist(document):
    named = set(re.findall(r"(?:scripts/manage|manage\.py) (\w+)", text(document)))
    ours = {path.stem for path in ROOT.glob("*/management/commands/*.py")}
    assert named - DJANGOS <= ours


@pytest.mark.parametrize("document", DOCUMENTS)
def test_options_of_up_in_documents_exist(document):
    lines = [line.partition("#")[0] for line in text(document).splitlines() if "./scripts/up --" in line]
    options = {option for line in lines for option in re.findall(r"(?<= )--[\w-]+", line)} - {"--help"}
    assert [option for option in options if f'"{option}"' not in text("launcher/up.py")] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_settings_in_documents_exist(document):
    assert {name for name in re.findall(r"ARENA_[A-Z_]*[A-Z]", text(document)) if name not in PARSERS} == set()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_modules_in_documents_exist(document):
    assert [name for name in sorted(modules(document)) if not exists(name)] == []


def test_exists_tells_a_wrong_name():
    assert exists("arena.battles.lifecycle.cast_vote")
    assert not any(
        map(exists, ("arena.services", "arena.battles.lifecycle.cast_votes", "catalog.calculators.cost_model.total"))
    )


def test_architecture_names_every_folder():
    found_by_name = {"migrations", "management", "commands", "formats", "en"}
    folders = {path.parent.relative_to(ROOT) for package in PACKAGES for path in (ROOT / package).rglob("__init__.py")}
    ours = {f"{folder}/" for folder in folders if not found_by_name & set(folder.parts)}
    assert ours - paths("docs/architecture.md") == set()


def test_architecture_has_the_layers_in_the_order_of_the_contract():
    contracts = tomllib.loads(text("pyproject.toml"))["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    drawn = re.findall(r"^(\w+)  +\w", blocks("docs/architecture.md", "")[0], re.MULTILINE)
    assert drawn == layers == list(PACKAGES)


@pytest.mark.parametrize("example", blocks("README.md", "toml"))
def test_models_file_of_the_readme_is_accepted(example, tmp_path):
    path = tmp_path / "models.toml"
    path.write_text(example, encoding="utf-8")
    assert [entry["slug"] for entry in models_file.read_entries(path)] == [
        "llama-3.2-3b",
        "qwen-2.5-7b-instruct",
        "gpt-4o",
        "eliza",
    ]


def test_backend_of_contributing_works_in_twenty_lines():
    [example] = blocks("CONTRIBUTING.md", "python")
    assert len([line for line in example.splitlines() if line]) <= 20
    names: dict = {}
    exec(example, names)  # noqa: S102
    assert names["Acme"]().post(ACME, frozenset()) == Post(
        "https://acme.example/v1/speak",
        {"Authorization": "Bearer sk-1"},
        {
            "model": "m",
            "said": [{"by": "user", "text": "Hi"}],
            "rules": "Be brief.",
            "longest": 64,
            "heat": 0.7,
        },
    )
    answer = AnswerDecoder(names["Acme"]().reader())
    parts = list(answer.feed(b'data: {"text": "Hello"}\n\ndata: {"stop": true, "tokens_in": 3, "tokens_out": 1}\n\n'))
    assert [*parts, *answer.end()] == [Delta("Hello"), Usage(3, 1)]


def test_pictures_are_small_and_all_shown():
    pictures = {path.name: path.stat().st_size for path in (ROOT / "docs" / "screenshots").iterdir()}
    assert set(pictures) == set(re.findall(r"docs/screenshots/([\w.-]+)", text("README.md")))
    assert len(pictures) == 11
    assert max(pictures.values()) < LARGEST_PICTURE


@pytest.mark.parametrize("service", ["web", "worker-answers"])
def test_services_named_in_the_readme_are_those_of_compose(service):
    [override] = blocks("README.md", "yaml")
    assert re.search(rf"^  {service}:", override, re.MULTILINE)
    assert re.search(rf"^  {service}:", text("compose.yaml"), re.MULTILINE)


def test_readme_gives_compose_every_value_that_it_needs():
    [written] = [block for block in blocks("README.md", "sh") if "cat > .env" in block]
    needed = set(re.findall(r"\$\{(\w+):\?\}", text("compose.yaml")))
    assert needed == set(re.findall(r"^(\w+)=", written, re.MULTILINE))
