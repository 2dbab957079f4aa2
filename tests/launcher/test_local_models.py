import re
import tomllib

import pytest

from launcher import local_models
from launcher.data_folder import DataFolder, LaunchError
from launcher.local_models import LocalModel

PORTS = {"smollm2": 4001, "gemma": 4002}


def rendered(ports=PORTS, excluded=()) -> dict[str, dict]:
    return {entry["slug"]: entry for entry in tomllib.loads(local_models.render_models_file(ports, excluded))["model"]}


def enabled(models: dict[str, dict]) -> set[str]:
    return {slug for slug, entry in models.items() if entry.get("enabled", True)}


def test_definitions_name_what_they_are():
    models = rendered()
    assert list(models) == local_models.list_slugs()
    assert {"smollm2-135m-instruct", "gemma-3-270m", "eliza"} <= models.keys()
    assert models["smollm2-135m-instruct"]["license"] == "Apache-2.0"
    assert models["gemma-3-270m"]["license"] == "Gemma"
    assert "base model" in models["gemma-3-270m"]["name"]
    assert "variant" in models["smollm2-135m-instruct-warm"]["name"]
    assert models["eliza"]["name"] == "ELIZA (1966)"
    assert all(model["endpoint"]["kind"] == "eliza" or model["demo"] for model in models.values())


@pytest.mark.parametrize("slug", local_models.list_slugs())
def test_every_local_model_answers_briefly_and_two_at_a_time(slug):
    endpoint = rendered()[slug]["endpoint"]
    assert (endpoint["max_tokens"], endpoint["max_concurrency"]) == (200, 2)


def test_ports_take_their_places():
    models = rendered()
    assert models["smollm2-135m-instruct"]["endpoint"]["base_url"] == "http://127.0.0.1:4001/v1"
    assert models["gemma-3-270m"]["endpoint"]["base_url"] == "http://127.0.0.1:4002/v1"
    assert "$" not in local_models.render_models_file(PORTS, ())
    assert enabled(models) == set(local_models.list_slugs())


@pytest.mark.parametrize(
    ("ports", "excluded", "left"),
    [
        ({"smollm2": 4001}, (), {"smollm2-135m-instruct", "smollm2-135m-instruct-warm", "eliza"}),
        (PORTS, {"eliza", "gemma-3-270m"}, {"smollm2-135m-instruct", "smollm2-135m-instruct-warm"}),
        ({}, (), {"eliza"}),
        ({}, local_models.list_slugs(), set()),
    ],
)
def test_what_has_no_server_or_is_excluded_is_disabled(ports, excluded, left):
    models = rendered(ports, excluded)
    assert enabled(models) == left
    assert models.keys() == set(local_models.list_slugs())


@pytest.mark.parametrize(
    ("excluded", "servers"),
    [
        ((), ["smollm2", "gemma"]),
        ({"gemma-3-270m"}, ["smollm2"]),
        ({"smollm2-135m-instruct"}, ["smollm2", "gemma"]),
        ({"smollm2-135m-instruct", "smollm2-135m-instruct-warm"}, ["gemma"]),
        (local_models.list_slugs(), []),
    ],
)
def test_only_needed_servers_are_started(excluded, servers):
    assert [model.name for model in local_models.list_needed_models(excluded)] == servers


def unwritten(folder):
    """Return the path of a model file that must not be created."""
    raise NotImplementedError


@pytest.mark.parametrize(
    ("room", "kept"), [(1000, "ab"), (700, "ab"), (699, "a"), (400, "a"), (399, "b"), (299, ""), (-1, "")]
)
def test_only_what_fits_into_memory_is_affordable(room, kept):
    models = [LocalModel("a", "A", 400, unwritten), LocalModel("b", "B", 300, unwritten)]
    assert "".join(model.name for model in local_models.select_models_that_fit(models, room)) == kept


@pytest.mark.parametrize(
    ("text", "slugs"),
    [
        ('[[model]]\nslug = "a"\nenabled = false\n[[model]]\nslug = "b"\n', {"a"}),
        ('[[model]]\nslug = "a"\nenabled = true\n', set()),
        ("", set()),
        ("model = 3", set()),
        ("model = [1, 2]", set()),
    ],
)
def test_models_file_tells_what_it_switches_off(tmp_path, text, slugs):
    (tmp_path / "models.toml").write_text(text)
    assert local_models.read_disabled_slugs(tmp_path / "models.toml") == slugs


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"[[model", "is not valid TOML: "),
        (b"\xff\xfe", "is not valid TOML: "),
    ],
)
def test_unreadable_models_file_is_named(tmp_path, content, message):
    path = tmp_path / "models.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ValueError, match=f"^{re.escape(str(path))} {message}"):
        local_models.read_disabled_slugs(path)


def test_program_serves_the_weights_at_low_cost(tmp_path):
    (model, *_) = local_models.LOCAL_MODELS
    program = local_models.build_program(model, 4001, DataFolder(tmp_path))
    assert program.command[1:5] == ("-m", "launcher.model_server", "--port", "4001")
    assert program.command[-1].endswith(".gguf")
    assert program.signal.name == "SIGKILL"
    assert program.log == tmp_path / "log" / "smollm2.log"


def test_missing_weights_are_told_in_one_line(tmp_path):
    def weights(_):
        raise ImportError("No module named 'some_wheel'")

    with pytest.raises(LaunchError, match=r"^the weights of Some Model are not installed: No module named"):
        local_models.build_program(LocalModel("some", "Some Model", 1, weights), 4001, DataFolder(tmp_path))
