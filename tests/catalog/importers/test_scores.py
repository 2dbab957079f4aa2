"""Import of score files into the catalog."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from catalog.benchmarks.rankings import load_rankings, save_benchmarks
from catalog.importers.scores import import_score_file
from catalog.matching import seed_files
from catalog.models import Benchmark, LanguageModel, Score
from tests import factories
from tests.catalog import score_files

pytestmark = pytest.mark.django_db
FILES = {
    "results.json": ("lm-eval", score_files.lm_eval()),
    "open.csv": ("open-llm-v2", score_files.OPEN_LLM.encode()),
    "plain.csv": ("csv", score_files.PLAIN.encode()),
}


@pytest.fixture
def files(tmp_path):
    for name, (_, content) in FILES.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


@pytest.fixture
def benchmarks():
    save_benchmarks(seed_files.read_tables("benchmarks.toml", "benchmark"))


def imported(path, kind):
    result = import_score_file(path, kind)
    return (
        result.score_count,
        result.model_count,
        result.new_model_count,
        result.new_benchmark_count,
        result.limited_count,
    )


@pytest.mark.parametrize(
    ("name", "counts"),
    [("results.json", (3, 1, 1, 0, 0)), ("open.csv", (16, 2, 2, 0, 0)), ("plain.csv", (2, 2, 2, 1, 0))],
)
def test_file_is_imported_once(files, benchmarks, name, counts):
    kind, _ = FILES[name]
    assert imported(files / name, kind) == counts
    assert import_score_file(files / name, kind).score_count == 0
    assert Score.objects.count() == counts[0]


HEADER, FIRST, *_ = score_files.OPEN_LLM.splitlines()


def leaderboard(path, *lines):
    path.write_text("\n".join([HEADER, *lines, ""]))
    return import_score_file(path, "open-llm-v2")


def test_score_that_comes_again_in_another_file_replaces_the_first(files, benchmarks):
    import_score_file(files / "open.csv", "open-llm-v2")
    changed = FIRST.replace("0.5,50,0.6", "0.75,75,0.6")
    result = leaderboard(files / "newer.csv", changed, changed.replace("maker/Model-7B", "maker/Model-9B"))
    assert (result.score_count, result.replaced_count, Score.objects.count()) == (12, 6, 16 + 6)
    [again] = Score.objects.filter(model__name="maker/Model-7B", task="leaderboard_ifeval", precision="bfloat16")
    assert (again.value, again.normalized) == (0.75, 75)
    with_template, without = load_rankings(Benchmark.objects.get(slug="ifeval"))
    assert sorted(row.score.model.name for row in with_template.rows) == ["maker/Model-7B", "maker/Model-9B"]
    assert [row.score.model.name for row in without.rows] == ["other/Base-1B"]


@pytest.mark.parametrize(
    ("old", "new"),
    [("Model-7B", "Model-8B"), (",abc,", ",abd,"), ("bfloat16", "8bit"), ("TRUE,2024", "FALSE,2024")],
)
def test_score_of_another_model_or_under_other_conditions_stays(files, benchmarks, old, new):
    leaderboard(files / "first.csv", FIRST)
    result = leaderboard(files / "second.csv", FIRST.replace(old, new, 1))
    assert (result.replaced_count, Score.objects.count()) == (0, 12)


def test_score_of_another_source_or_method_stays(tmp_path, benchmarks):
    lines = ["m,mmlu,0.7,https://a.example,", "m,mmlu,0.6,https://b.example,", "m,mmlu,0.5,https://a.example,CoT"]
    for number, line in enumerate(lines):
        path = tmp_path / f"{number}.csv"
        path.write_text(f"model,benchmark,value,source,method\n{line}\n")
        assert import_score_file(path, "csv").replaced_count == 0
    assert sorted(Score.objects.values_list("value", flat=True)) == [0.5, 0.6, 0.7]


def test_score_that_comes_twice_in_one_file_counts_once(tmp_path, benchmarks):
    path = tmp_path / "twice.csv"
    path.write_text("model,benchmark,value,source\n" + "".join(f"m,mmlu,0.{n},https://a.example\n" for n in (7, 6)))
    assert (import_score_file(path, "csv").score_count, Score.objects.get().value) == (1, 0.7)


def test_scores_go_to_known_models_and_benchmarks(files, benchmarks):
    known = factories.model("model-7b")
    import_score_file(files / "results.json", "lm-eval")
    assert {score.benchmark.slug for score in known.scores.select_related("benchmark")} == {"gsm8k", "mmlu"}


def test_unknown_benchmarks_become_entries_of_which_nothing_else_is_known(files):
    import_score_file(files / "plain.csv", "csv")
    benchmark = Benchmark.objects.get(slug="my-own-test")
    told = (benchmark.name, benchmark.generation, benchmark.status, benchmark.tasks)
    assert told == ("my-own-test", None, "unknown", ["my-own-test"])


def test_hub_names_find_their_models(files, benchmarks, tmp_path):
    model = factories.model("llama-3.1-8b-instruct")
    (tmp_path / "hub.csv").write_text(
        "model,benchmark,value,source\nmeta-llama/Meta-Llama-3.1-8B-Instruct,mmlu,0.7,https://a.example\n"
    )
    import_score_file(tmp_path / "hub.csv", "csv")
    assert model.scores.count() == 1
    assert LanguageModel.objects.count() == 1


def test_facts_of_a_file_are_believed_where_nobody_else_says_something(files, benchmarks):
    known = factories.model("model-7b", parameters_total=7_000_000_000)
    import_score_file(files / "open.csv", "open-llm-v2")
    known.refresh_from_db()
    assert (known.open_weights, known.kind, known.license.name) == (True, "chat", "Llama 3.1 Community")
    assert known.parameters_total == 7_000_000_000
    assert {fact.origin for fact in known.facts.filter(chosen=True)} == {"file", "hand"}


@pytest.mark.parametrize("name", FILES)
def test_broken_file_changes_nothing(files, benchmarks, name):
    kind, content = FILES[name]
    (files / name).write_bytes(content.replace(b"0.", b'"?', 1))
    before = LanguageModel.objects.count()
    with pytest.raises(ValueError, match=rf"{name}: \S+"):
        import_score_file(files / name, kind)
    assert (Score.objects.count(), LanguageModel.objects.count()) == (0, before)


def test_limited_runs_are_counted_and_marked(tmp_path, benchmarks):
    (tmp_path / "few.json").write_bytes(score_files.lm_eval(config={"limit": 10, "model_args": "pretrained=m"}))
    assert import_score_file(tmp_path / "few.json", "lm-eval").limited_count == 3
    assert set(Score.objects.values_list("limited", flat=True)) == {True}


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        (
            "results.json",
            {},
            "results.json: 3 scores for 1 model imported, 0 of them from limited runs and 0 replacing older",
        ),
        ("plain.csv", {}, "plain.csv: 2 scores for 2 models"),
        ("open.csv", {"format": "open-llm-v2"}, "open.csv: 16 scores for 2 models"),
    ],
)
def test_command_tells_what_it_did(files, benchmarks, name, options, message):
    for expected in (message, f"{name}: nothing changed"):
        out = StringIO()
        call_command("import_benchmarks", str(files / name), stdout=out, **options)
        assert expected in out.getvalue()


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("none.json", {}, "none.json cannot be read"),
        ("open.csv", {}, "line 1: the column model is missing"),
        ("results.json", {"format": "csv"}, "line 1: "),
    ],
)
def test_command_refuses_in_one_line(files, name, options, message):
    with pytest.raises(CommandError, match=message):
        call_command("import_benchmarks", str(files / name), **options)
