"""The export of a pool, and its import into another."""

import csv
from datetime import UTC, datetime
from itertools import count

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arena.models import LIVE_POOL, DrawTable, ImportedRow, Vote
from catalog.models import LanguageModel
from ratings.boards.snapshots import BoardKey, load_newest_board
from ratings.interchange import export_votes
from ratings.interchange.export_votes import export_file, iter_records
from ratings.interchange.import_votes import import_file
from ratings.models import Board, PoolCounts, VoteWeight
from ratings.pipeline import board_refresh
from tests import factories
from tests.arena import factories as arena
from tests.ratings.interchange.vote_files import FEATURES, METADATA, json_lines, row

pytestmark = pytest.mark.django_db
numbers = count()
FORMATS = pytest.mark.parametrize("ending", ["jsonl", "csv"])
RECORD = {
    "model_a": "One", "model_b": "Two", "winner": "both_bad", "timestamp": "2026-01-02T03:04:05.678901Z", "voter": None,
    "conv_metadata": None, "weight": 2, "counted": False, "reason": "leak", "source": "api", "propensity": 0.1,
    "turns": 3, "categories": ["math"], "filter_weight": 1.0, "filter_reason": "", "filter_version": None, "draw": None,
}  # fmt: skip


@pytest.fixture
def live():
    """Votes of every kind, in the live pool."""
    one, two, bad = factories.model("one"), factories.model("two"), factories.model("bad", name='=HYPERLINK("x")')
    for number, (a, b, winner) in enumerate(
        [(one, two, "a"), (two, bad, "b"), (bad, one, "tie"), (one, bad, "both_bad")]
    ):
        factories.cast(
            a, b, winner, voter=factories.voter_id(number % 2), features=[float(number)] * 8, multiplicity=number + 1,
            categories=["coding", "english"][:number], propensity=0.1 * (number + 1), turns=number + 1,
        )  # fmt: skip
    factories.cast(one, two, "a", counted=False, reason="identity_leak")
    factories.cast(two, one, "a", created_at=None)
    board_refresh.refresh()


def lines(path):
    """The rows of an exported file, with the values of records."""
    if path.suffix == ".jsonl":
        return [orjson.loads(line) for line in path.read_bytes().splitlines()]
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def without_voters(path):
    return [{field: value for field, value in line.items() if field != "voter"} for line in lines(path)]


def load_boards(pool):
    """All published boards of a pool by category."""
    found = Board.objects.filter(pool__slug=pool).values_list("category__slug", flat=True)
    return {category: load_newest_board(BoardKey(pool, category, False, "bt")) for category in found}


def test_record_says_what_a_vote_says():
    one, two = factories.model("one"), factories.model("two")
    time = datetime(2026, 1, 2, 3, 4, 5, 678901, UTC)
    factories.vote(
        one, two, "both_bad", created_at=time, multiplicity=2, counted=False, reason="leak", source="api",
        propensity=0.1, turns=3, categories=["math"], comment="private", reasons={"private": True},
    )  # fmt: skip
    assert list(iter_records(factories.pool())) == [RECORD]


def test_style_is_exported_as_the_public_data_have_it():
    factories.vote(factories.model("one"), factories.model("two"), features=FEATURES)
    (record,) = iter_records(factories.pool())
    assert record["conv_metadata"] == {
        "sum_assistant_a_tokens": 100, "header_count_a": 3, "bold_count_a": 5, "list_count_a": 7,
        "sum_assistant_b_tokens": 200, "header_count_b": 0, "bold_count_b": 0, "list_count_b": 1,
    }  # fmt: skip


@pytest.mark.parametrize("public", [False, True])
def test_records_are_those_of_the_pool_in_order_across_batches(monkeypatch, public):
    monkeypatch.setattr(export_votes, "BATCH_SIZE", 2)
    one, two = factories.model("one"), factories.model("two")
    for number in range(1, 6):
        factories.vote(one, two, turns=number, created_at=datetime(2026, 1, 1, number, tzinfo=UTC))
    factories.vote(one, two, turns=6)
    factories.vote(one, two, pool="api")
    found = [record["turns"] for record in iter_records(factories.pool(), public=public)]
    assert found == [1, 2, 3, 4, 5, *([] if public else [6])]


@FORMATS
def test_round_trip_gives_the_same_boards_and_the_same_record(live, tmp_path, ending):
    first, second = tmp_path / f"first.{ending}", tmp_path / f"second.{ending}"
    assert export_file(first, factories.pool()) == 6
    models = LanguageModel.objects.count()

    imported = import_file(first, "copy")

    assert (imported.votes, imported.uncounted, imported.new_models) == (12, 1, 0)
    assert LanguageModel.objects.count() == models
    assert load_boards("copy").keys() == load_boards("live").keys() >= {"overall", "coding", "english"}
    for category, board in load_boards("live").items():
        copied = {each["model"]: each for each in load_boards("copy")[category]["rows"]}
        for each in board["rows"]:
            for figure in ("rating", "votes", "wins", "losses", "ties", "both_bad"):
                assert copied[each["model"]][figure] == pytest.approx(each[figure], rel=1e-12)
    assert export_file(second, factories.pool("copy")) == 6
    assert without_voters(second) == without_voters(first)


@FORMATS
def test_kinds_items_and_questions_come_back_and_stand_only_where_they_say_something(tmp_path, ending):
    source, first, second = (tmp_path / name for name in ("votes.jsonl", f"first.{ending}", f"second.{ending}"))
    rows = [
        row(item="x", question="q", voter="ann", voter_kind="judge"),
        row(item="x", question="q", voter="bob"),
        row(voter_kind="key", voter="ann"),
        row(),
    ]
    source.write_bytes(json_lines(*rows))
    import_file(source, "mine")
    records = list(iter_records(factories.pool("mine")))
    assert [list(record)[len(RECORD) :] for record in records] == [
        ["voter_kind", "item", "question"], ["item", "question"], ["voter_kind"], []
    ]  # fmt: skip
    assert records[0]["item"] == records[1]["item"] != "x"
    assert [record.get("voter_kind") for record in records] == ["judge", None, "key", None]

    export_file(first, factories.pool("mine"))
    import_file(first, "copy")
    export_file(second, factories.pool("copy"))

    assert [line.get("voter_kind") for line in lines(first)] == [line.get("voter_kind") for line in lines(second)]
    assert Vote.objects.filter(pool__slug="copy", item__isnull=False).values("item").distinct().count() == 1
    assert Vote.objects.filter(pool__slug="copy").exclude(prompt_hash="").values("prompt_hash").distinct().count() == 1


@FORMATS
def test_files_without_kinds_items_and_questions_have_no_such_keys(live, tmp_path, ending):
    path = tmp_path / f"votes.{ending}"
    factories.vote(factories.model("one"), factories.model("two"), prompt_hash="c" * 32)
    export_file(path, factories.pool())
    assert {frozenset(line) for line in lines(path)} == {frozenset(RECORD)}


@pytest.mark.parametrize(("pool", "keys"), [("api", {"voter_kind"}), ("ready", {"item"})])
def test_files_of_keys_and_of_ready_pairs_say_who_judged_what(pool, keys):
    fields = {"api": {"voter_kind": "key"}, "ready": {"item": factories.voter_id(7), "source": "ready"}}[pool]
    factories.vote(*factories.models(2), pool=pool, voter=factories.voter_id(1), prompt_hash="c" * 32, **fields)
    for public in (False, True):
        assert all(
            record.keys() == RECORD.keys() | keys for record in iter_records(factories.pool(pool), public=public)
        )


def test_voters_are_pseudonyms_of_one_export(live):
    first, second = ([record["voter"] for record in iter_records(factories.pool())] for _ in range(2))
    assert len({*first, *second}) == 5  # two voters in each export, and unknown ones
    assert first[0] == first[2] != first[1] == first[3]
    assert first[4] is None
    assert not {voter.hex for voter in Vote.objects.values_list("voter", flat=True) if voter} & {*first, *second}


@FORMATS
def test_stored_ids_and_unknown_columns_are_in_no_export(tmp_path, ending):
    source = tmp_path / "source.jsonl"
    source.write_bytes(json_lines(row(judge="ann", address="10.1.2.3")))
    import_file(source, "mine")
    path = tmp_path / f"votes.{ending}"
    export_file(path, factories.pool("mine"), with_text=True)
    text = path.read_text()
    voter = Vote.objects.get().voter
    assert not [secret for secret in ("10.1.2.3", "ann", str(voter), voter.hex) if secret in text]


def test_cells_that_a_spreadsheet_would_run_are_defused(tmp_path):
    names = ['=HYPERLINK("http://x")', "+1", "-1", "@SUM(A1)", "\tx", "\rx", "'=1"]
    for number, name in enumerate(names):
        factories.vote(
            factories.model(f"bad-{number}", name=name), factories.model("good"), reason="=cmd", counted=False
        )
    path = tmp_path / "votes.csv"
    export_file(path, factories.pool())
    rows = lines(path)
    assert [each["model_a"] for each in rows] == [f"'{name}" for name in names]
    assert {each["reason"] for each in rows} == {"'=cmd"}
    import_file(path, "copy")
    copies = Vote.objects.filter(pool__slug="copy").order_by("pk")
    assert [vote.contestant_a.name for vote in copies] == names
    assert {vote.reason for vote in copies} == {"=cmd"}


def test_models_that_share_a_name_are_told_apart(tmp_path):
    first, second = (factories.contestant(factories.model(slug, name="Same")) for slug in ("first", "second"))
    factories.cast(first, second)
    board_refresh.refresh()
    assert [(each["model_a"], each["model_b"]) for each in iter_records(factories.pool())] == [("Same", "second")]
    export_file(tmp_path / "votes.jsonl", factories.pool())
    import_file(tmp_path / "votes.jsonl", "copy")
    vote = Vote.objects.get(pool__slug="copy")
    assert (vote.contestant_a, vote.contestant_b) == (first, second)


def test_conversations_of_a_battle_come_from_its_judged_turns():
    battle = arena.battle(a={**arena.FINISHED, "text": "A1"}, b={**arena.FINISHED, "text": "B1"})
    arena.turn(battle, 2, "And?", a={**arena.FINISHED, "text": "A2"}, b=arena.FAILED)
    arena.turn(battle, 3, "So?", a={**arena.FINISHED, "text": "A3"}, b={**arena.FINISHED, "text": "B3"})
    factories.vote(battle.contestant_a, battle.contestant_b, battle=battle)
    factories.vote(battle.contestant_a, battle.contestant_b)
    text, alone = iter_records(factories.pool(), with_text=True)
    assert text["conversation_b"] == [
        {"role": "user", "content": "Why?"}, {"role": "assistant", "content": "B1"},
        {"role": "user", "content": "So?"}, {"role": "assistant", "content": "B3"},
    ]  # fmt: skip
    assert [message["content"] for message in text["conversation_a"]] == ["Why?", "A1", "So?", "A3"]
    assert (alone["conversation_a"], alone["conversation_b"]) == (None, None)
    assert "conversation_a" not in next(iter_records(factories.pool()))


@FORMATS
def test_texts_come_back_with_text(tmp_path, ending):
    messages = [{"role": "user", "content": "=1+1?"}, {"role": "assistant", "content": '2,\r\n"two"\n'}]
    source = tmp_path / "source.jsonl"
    source.write_bytes(json_lines(row(conversation_a=messages, conversation_b=messages, conv_metadata=METADATA)))
    import_file(source, "mine", with_text=True)
    path = tmp_path / f"votes.{ending}"
    export_file(path, factories.pool("mine"), with_text=True)
    import_file(path, "copy", with_text=True)
    (record,) = iter_records(factories.pool("copy"), with_text=True)
    assert record["conversation_a"] == record["conversation_b"] == messages


@pytest.mark.parametrize("with_text", [False, True])
def test_number_of_queries_does_not_depend_on_the_votes(django_assert_max_num_queries, with_text):
    for _ in range(30):
        battle = arena.battle()
        factories.vote(battle.contestant_a, battle.contestant_b, battle=battle)
    live = factories.pool()
    with django_assert_max_num_queries(7):
        assert len(list(iter_records(live, with_text=with_text))) == 30


@FORMATS
def test_empty_pool_is_an_empty_record(tmp_path, ending):
    path = tmp_path / f"votes.{ending}"
    assert export_file(path, factories.pool()) == 0
    assert lines(path) == []


@pytest.mark.parametrize("name", ["votes.txt", "votes", "votes.json"])
def test_other_endings_are_refused(tmp_path, name):
    with pytest.raises(ValueError, match=f"{name} must end in .jsonl or .csv"):
        export_file(tmp_path / name, factories.pool())
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("place", ["absent/votes.csv", "file/votes.csv", "folder.csv", f"{'x' * 250}.csv"])
def test_place_that_cannot_be_written_is_named_and_nothing_left(tmp_path, place):
    (tmp_path / "file").touch()
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(ValueError, match="cannot be written: "):
        export_file(tmp_path / place, factories.pool())
    assert {each.name for each in tmp_path.iterdir()} == {"file", "folder.csv"}


def test_file_appears_when_it_is_whole(live, tmp_path, monkeypatch):
    path = tmp_path / "votes.jsonl"
    path.write_text("before")

    def broken(*_):
        assert path.read_text() == "before"
        raise RuntimeError

    monkeypatch.setitem(export_votes.WRITERS, ".jsonl", broken)
    with pytest.raises(RuntimeError):
        export_file(path, factories.pool())
    assert (path.read_text(), [each.name for each in tmp_path.iterdir()]) == ("before", ["votes.jsonl"])


texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=20)
# A name that is another model's slug resolves to that model, so none of these names is a slug.
names = st.tuples(st.sampled_from("AÄ模!"), texts).map("".join)
any_row = st.builds(
    row,
    model_a=names,
    model_b=st.just("opponent"),
    winner=st.sampled_from(["model_a", "model_b", "tie", "both_bad"]),
    timestamp=st.none()
    | st.datetimes(timezones=st.just(UTC)).map(lambda time: time.isoformat().replace("+00:00", "Z")),
    weight=st.integers(1, 10**9),
    counted=st.booleans(),
    reason=texts,
    propensity=st.none() | st.floats(0, 1, exclude_min=True),
    turns=st.integers(1, 32767),
    categories=st.lists(st.sampled_from(["coding", "math", "null"]), unique=True),
    source=st.sampled_from(["live", "api", "import"]),
)


@FORMATS
@settings(max_examples=settings().max_examples // 6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(any_row, min_size=1, max_size=5))
def test_any_record_comes_back_as_it_went(tmp_path, ending, rows):
    one, two = (f"{name}-{next(numbers)}" for name in ("one", "two"))  # votes of earlier examples stay
    source = tmp_path / "source.jsonl"
    source.write_bytes(json_lines(*rows))
    path = tmp_path / f"votes.{ending}"
    path.unlink(missing_ok=True)
    import_file(source, one)
    first = list(iter_records(factories.pool(one)))
    export_file(path, factories.pool(one))
    import_file(path, two)
    assert list(iter_records(factories.pool(two))) == first
    for text, given_row in zip(first, rows, strict=True):
        expected = given_row | {"reason": "" if given_row["counted"] else given_row["reason"]}
        assert {field: text[field] for field in expected} == expected


@FORMATS
def test_export_has_weights_and_the_tables_of_draws_and_import_ignores_them(tmp_path, ending):
    one, two, three = (factories.contestant(slug) for slug in ("one", "two", "three"))
    keys = sorted(model.pk for model in (one, two, three))
    DrawTable.objects.create(id=5, pool_id=LIVE_POOL, keys=keys, shares=[1.0, 0.75, 0.25])
    votes = [factories.cast(one, two, "a", draw_table_id=5) for _ in range(3)]
    VoteWeight.objects.create(vote=votes[0], filter_weight=64, reason="voter")
    VoteWeight.objects.create(vote=votes[1], filter_weight=64, reason="voter", excluded=True)
    PoolCounts.objects.filter(pool=LIVE_POOL).update(filter_version="1")
    path = tmp_path / f"votes.{ending}"
    export_file(path, factories.pool())

    rows = [(float(line["filter_weight"]), line["filter_reason"], line["draw"]) for line in lines(path)]
    tables = [orjson.loads(line) for line in (tmp_path / f"votes.{ending}.draws").read_bytes().splitlines()]
    assert rows == [(0.25, "voter", "5"), (0.0, "excluded", "5"), (1.0, "", "5")]
    assert {line["filter_version"] for line in lines(path)} == {"1"}
    labels = {model.pk: model.name for model in (one, two, three)}
    assert tables == [{"draw": "5", "models": dict(zip([labels[key] for key in keys], [1.0, 0.75, 0.25], strict=True))}]
    import_file(path, "copy")
    assert not ImportedRow.objects.filter(row__has_any_keys=["filter_weight", "filter_reason", "draw"]).exists()
    assert not Vote.objects.filter(pool__slug="copy", draw_table__isnull=False).exists()
