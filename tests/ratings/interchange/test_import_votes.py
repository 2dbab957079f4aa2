"""Votes from files into pools."""

import gzip
import lzma
from datetime import UTC, datetime

import pytest
from django.db import connection

from arena.identity import hash_key
from arena.judging.style_features import compute_features
from arena.models import ImportedRow, Pool, Vote, VoteFile
from catalog.models import LanguageModel
from core.files import records
from core.storage.advisory_locks import AdvisoryLock
from ratings.boards import pair_tables
from ratings.boards.snapshots import BoardKey, load_newest_board
from ratings.interchange import import_votes
from ratings.interchange.import_votes import import_file
from ratings.models import Board, Outbox, PairTable, Snapshot, Tally
from ratings.pipeline import board_refresh
from tests import factories
from tests.processes import eventually
from tests.races import blocked, in_thread
from tests.ratings.interchange.vote_files import COUNTS_HEADER, FEATURES, METADATA, csv_text, json_lines, row

pytestmark = pytest.mark.django_db(transaction=True)
SAID = [{"role": "user", "content": "# hi"}, {"role": "assistant", "content": "# Title\n\n- one **bold** item"}]
EVERYTHING = (LanguageModel, Pool, VoteFile, Vote, ImportedRow, Tally, Snapshot)


@pytest.fixture
def file(tmp_path):
    def write(content, name="votes.jsonl"):
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return write


def contents():
    return [list(model.objects.order_by("pk").values_list()) for model in EVERYTHING]


def board(pool, category="overall"):
    return {each["model"]: each for each in load_newest_board(BoardKey(pool, category, False, "bt"))["rows"]}


def test_votes_are_stored_folded_and_ranked(file):
    imported = import_file(file(json_lines(row(), row(), row(winner="tie"), row(winner="both_bad", weight=3))), "mine")
    assert (imported.votes, imported.uncounted, imported.new_models, imported.is_new) == (6, 0, 2, True)
    assert [vote.winner for vote in Vote.objects.order_by("pk")] == ["a", "a", "tie", "both_bad"]
    best = board("mine")["one"]
    assert (best["wins"], best["ties"], best["both_bad"], best["votes"]) == (2, 4, 3, 6)
    assert not Outbox.objects.exists()


def test_every_board_has_its_pairs_however_many_models_it_has(file, monkeypatch):
    monkeypatch.setattr(pair_tables, "LARGE_TABLE_BYTES", 0)
    import_file(file(json_lines(row(categories=["coding"]), row(winner="tie", categories=["math"]))), "mine")
    assert PairTable.objects.count() == Board.objects.count() == 4


def test_new_pool_is_an_imported_one_with_order_and_absent_fields_are_empty(file):
    import_file(file(json_lines(row())), "mine", name="My votes", provenance="our office")
    pool = Pool.objects.get(slug="mine")
    assert (pool.name, pool.kind, pool.provenance, pool.ordered) == ("My votes", "import", "our office", True)
    vote = Vote.objects.get()
    assert (vote.created_at, vote.voter, vote.features, vote.propensity) == (None, None, None, None)
    assert (vote.categories, vote.reason, vote.turns, vote.counted) == ([], "", 1, True)
    assert not ImportedRow.objects.exists()


def test_all_fields_of_a_row_reach_the_vote(file):
    full = row(
        winner="model_b", weight=4, tstamp=1700000000.25, judge="ann", conv_metadata=METADATA, counted=False,
        reason="a\tb\\c\nd", propensity=0.125, turns=2, note="x",
        categories=["null", "math", "overall", "exclude-ties"],
    )  # fmt: skip
    imported = import_file(file(json_lines(full)), "mine")
    assert (imported.votes, imported.uncounted) == (4, 4)
    vote = Vote.objects.get()
    assert (vote.contestant_a.name, vote.contestant_b.name, vote.winner, vote.multiplicity) == ("one", "two", "b", 4)
    assert (vote.counted, vote.reason, vote.source) == (False, "a\tb\\c\nd", "import")
    assert (vote.propensity, vote.turns, vote.features) == (0.125, 2, FEATURES)
    assert vote.categories == ["null", "math"]
    assert vote.created_at == datetime(2023, 11, 14, 22, 13, 20, 250000, UTC)
    assert (vote.battle_id, vote.reasons, vote.comment) == (None, {}, "")
    assert vote.imported.row == {"note": "x"}
    assert (vote.file.pool.slug, vote.file.votes) == ("mine", 4)


def test_categories_make_boards_and_uncounted_votes_move_no_rating(file):
    uncounted = row(winner="model_b", weight=100, counted=False)
    import_file(file(json_lines(row(language="en", is_code=True), row(winner="tie"), uncounted)), "mine")
    assert {name: board("mine", name)["one"]["votes"] for name in ("overall", "english", "coding")} == {
        "overall": 2, "english": 1, "coding": 1,
    }  # fmt: skip


def test_voter_is_the_same_one_in_two_files_of_a_pool_and_another_in_another_pool(file):
    first, second = file(json_lines(row(judge="ann"), row(judge="bob"))), file(json_lines(row(voter="ann")), "2.jsonl")
    for path, pool in ((first, "mine"), (second, "mine"), (second, "other")):
        import_file(path, pool)
    ann, bob, again, elsewhere = Vote.objects.order_by("pk").values_list("voter", flat=True)
    assert ann == again
    assert len({ann, bob, elsewhere}) == 3


def test_raw_voters_are_nowhere_in_the_database(file):
    rows = [row(judge="judge-secret", voter="voter-secret", evaluation_session_id="session-secret", note="kept")]
    import_file(file(json_lines(*rows)), "mine", with_text=True)
    assert "kept" in str(contents())
    assert "secret" not in str(contents())


def test_voter_is_hashed_with_the_key_of_the_installation(file):
    path = file(json_lines(row(judge="ann")))
    import_file(path, "mine")
    hash_key._key = b"another"
    import_file(file(json_lines(row(judge="ann"), row()), "2.jsonl"), "mine")
    assert len(set(Vote.objects.values_list("voter", flat=True))) == 3


def test_conversations_are_kept_only_if_wanted_and_give_the_style_in_any_case(file):
    path = file(json_lines(row(conversation_a=SAID, conversation_b=SAID[:1], full_conversation=[], note="x")))
    import_file(path, "short")
    import_file(path, "long", with_text=True)
    short, long = Vote.objects.order_by("pk")
    assert short.features == long.features == [*compute_features([SAID[1]["content"]]), *compute_features([])]
    assert short.imported.row == {"note": "x"}
    assert long.imported.row == {
        "note": "x", "conversation_a": SAID, "conversation_b": SAID[:1], "full_conversation": [],
    }  # fmt: skip


@pytest.mark.parametrize("value", ["a\0b", {"k\0": ["\0", 1, None]}, "back\\slash \\u0000 \t\r\n\u2028", "\\.", "\\N"])
def test_anything_that_json_can_say_is_kept_aside(file, value):
    import_file(file(json_lines(row(note=value))), "mine")
    note = ImportedRow.objects.get().row["note"]
    assert note == (value.replace("\0", "\ufffd") if isinstance(value, str) else {"k\ufffd": ["\ufffd", 1, None]})


def test_counts_become_votes_with_multiplicity_and_the_pool_has_no_order(file):
    path = file((COUNTS_HEADER + "one,two,3,1,2,4\ntwo,three,0,5,0,0\n").encode(), "counts.csv")
    imported = import_file(path, "counts")
    assert (imported.votes, imported.pool.ordered, Pool.objects.get(slug="counts").ordered) == (15, False, False)
    assert Vote.objects.count() == 5
    first = board("counts")["one"]
    assert (first["wins"], first["losses"], first["ties"], first["both_bad"]) == (3, 1, 6, 4)


def test_votes_into_the_live_pool_are_folded_with_the_others(file):
    one, two = factories.model("one"), factories.model("two")
    factories.cast(one, two)
    board_refresh.refresh()
    factories.cast(one, two)
    import_file(file(json_lines(row(source="live"), row(winner="tie"))), "live")
    assert board("live")["one"]["votes"] == 4
    board_refresh.refresh()
    assert board("live")["one"]["votes"] == 4
    assert list(Vote.objects.order_by("pk").values_list("source", flat=True)) == ["live", "live", "import", "import"]
    assert Pool.objects.get(slug="live").kind == Pool.Kind.LIVE


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress])
def test_packed_file_is_the_same_file(file, pack):
    content = csv_text(row(), row(winner="tie"))
    ending = {gzip.compress: "gz", lzma.compress: "xz"}[pack]
    assert import_file(file(pack(content), f"votes.csv.{ending}"), "mine").votes == 2
    assert not import_file(file(content, "votes.csv"), "mine").is_new


def test_same_content_twice_changes_nothing_in_a_pool_and_is_new_in_another(file):
    content = json_lines(row(), row())
    import_file(file(content), "mine")
    before = contents()
    again = import_file(file(content, "copy.jsonl"), "mine", name="Other", with_text=True)
    assert (again.is_new, again.votes, again.new_models) == (False, 0, 0)
    assert contents() == before
    assert import_file(file(content), "other").votes == 2


def test_progress_is_told(file, monkeypatch):
    calls = []
    path = file(json_lines(*[row()] * (import_votes.BATCH_SIZE + 1)))
    import_file(path, "mine", progress=lambda *numbers: calls.append(numbers))
    size = path.stat().st_size
    assert [rows for _, _, rows in calls] == [import_votes.BATCH_SIZE, import_votes.BATCH_SIZE + 1]
    assert {total for _, total, _ in calls} == {size}
    assert calls[-1][0] == size


def test_items_and_questions_are_those_of_the_pool_and_repeat_only_for_other_voters(file):
    rows = [
        row(item=1, question="Why?", voter="ann", voter_kind="judge"),
        row(item="1", question="Why?", voter="bob"),
        row(item=1, question="How?"),
        row(item=1),
        row(item=1, voter="ann", weight=2),
        row(item=1, weight=2),
        row(voter="ann"),
    ]
    for path, pool in ((file(json_lines(*rows)), "mine"), (file(csv_text(*rows[:2]), "2.csv"), "other")):
        import_file(path, pool)

    votes = Vote.objects.order_by("pk")
    assert [vote.voter_kind for vote in votes] == ["judge", *["person"] * 6, "judge", "person"]
    first, *same, several, of_nobody, none, elsewhere, again = [vote.item for vote in votes]
    assert {first} == {*same, of_nobody} != {elsewhere} == {again}
    assert (several, none) == (None, None)
    questions = [vote.prompt_hash for vote in votes]
    assert questions[0] == questions[1] != questions[2] != questions[7] == questions[8]
    assert questions[3:7] == [""] * 4
    assert not ImportedRow.objects.exists()


@pytest.mark.parametrize("is_csv", [False, True])
def test_item_that_the_voter_has_judged_in_an_earlier_file_is_refused_with_its_line(file, is_csv):
    write, name = (csv_text, "votes.csv") if is_csv else (json_lines, "votes.jsonl")
    import_file(file(write(row(item="x", voter="ann")), name), "mine")
    before = contents()
    path = file(write(row(item="y", voter="ann"), row(item="x", voter="bob"), row(item="x", voter="ann")), name)
    with pytest.raises(ValueError, match=f"line {3 + is_csv}: item has been judged by this voter already"):
        import_file(path, "mine")
    assert contents() == before
    assert import_file(path, "other").votes == 3


@pytest.mark.parametrize("slug", ["live", "api", "ready"])
def test_votes_of_a_judge_are_refused_in_a_pool_of_people(file, slug):
    factories.pool(slug, kind=slug)
    path = file(json_lines(row(), row(voter_kind="judge")))
    with pytest.raises(ValueError, match=f"line 2: voter_kind must not be judge, because '{slug}' is a pool of people"):
        import_file(path, slug)
    assert not Vote.objects.exists()
    assert import_file(path, "mine").votes == 2


BAD = {
    "a wrong winner": (json_lines(row(), row(winner="x")), "votes.jsonl", "line 2: winner must be one of"),
    "a negative count": (COUNTS_HEADER.encode() + b"a,b,1,1,1,1\na,b,1,-1,1,1\n", "x.csv", "line 3: win_b must be"),
    "a broken line": (json_lines(row()) + b"{", "votes.jsonl", "line 2: invalid JSON"),
    "a model against itself": (json_lines(row(), row("x", "x")), "votes.jsonl", "line 2: model_b is the same model"),
    "a model against its slug": (json_lines(row("Known", "known")), "x.jsonl", "line 1: model_b is the same model"),
    "deep nests": (
        json_lines(row()) + b'{"model_a":"x","model_b":"y","winner":"tie","z":' + b"[" * 500 + b"]" * 500 + b"}",
        "votes.jsonl", "line 2: the row is nested too deeply",
    ),
    "an item judged twice by one voter": (
        json_lines(row(item=1, voter="a"), row(item=1, voter="b"), *[row()] * 2500, row(item="1", judge="a")),
        "votes.jsonl", "line 2503: item has been judged by this voter already",
    ),
    "an item judged twice in one batch": (
        csv_text(row(item="1", voter="a"), row(item="2", voter="a"), row(item="1", voter="a"), row(item="3", voter="")),
        "votes.csv", "line 4: item has been judged by this voter already",
    ),
    "an item that is no name": (json_lines(row(item=[1])), "votes.jsonl", "line 1: item must be text or a number"),
    "an unknown kind": (json_lines(row(voter_kind="cat")), "x.jsonl", "line 1: voter_kind must be one of person, key"),
    "no votes": (b"\n", "votes.jsonl", "the file contains no votes"),
    "no votes under a header": (COUNTS_HEADER.encode() + b"a,b,0,0,0,0\n", "x.csv", "the file contains no votes"),
    "a bad row after many": (
        json_lines(*[row(note="x")] * (import_votes.BATCH_SIZE + 1), row(winner="x")), "votes.jsonl",
        f"line {import_votes.BATCH_SIZE + 2}: winner must be one of",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_file_is_refused_whole(file, case):
    content, name, message = BAD[case]
    factories.cast(factories.model("known"), factories.model("two"))
    before = contents(), Outbox.objects.count()
    path = file(content, name)
    with pytest.raises(ValueError, match=message) as refusal:
        import_file(path, "mine")
    assert str(refusal.value).startswith(f"{path}: ")
    assert "\n" not in str(refusal.value)
    assert (contents(), Outbox.objects.count()) == before


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("absent.jsonl", None, "No such file or directory"),
        ("damaged.csv.gz", b"no gzip", "the file is damaged"),
        ("damaged.csv.xz", b"no xz", "the file is damaged"),
        ("cut.csv.gz", gzip.compress(csv_text(row()), mtime=0)[:-9], "the file is damaged"),
    ],
)
def test_file_that_cannot_be_read_is_named(file, tmp_path, name, content, why):
    path = tmp_path / name if content is None else file(content, name)
    with pytest.raises(ValueError, match=f"^{path} cannot be read: {why}$"):
        import_file(path, "mine")
    assert not Pool.objects.filter(slug="mine").exists()


def test_endless_line_is_refused(file, monkeypatch):
    monkeypatch.setattr(records, "MAX_LINE_BYTES", 100)
    with pytest.raises(ValueError, match="line 2: the line is longer than 100 bytes"):
        import_file(file(json_lines(row(), row(note="x" * 100))), "mine")


def test_two_imports_at_once_are_one(file):
    path = file(json_lines(*[row(f"m{n}", f"m{n + 1}") for n in range(100)]))
    outcomes = []
    with_lock = connection.cursor()
    with_lock.execute("SELECT pg_advisory_lock(%s)", [AdvisoryLock.IMPORTS])
    threads = [in_thread(lambda: outcomes.append(import_file(path, "mine").is_new)) for _ in range(2)]
    assert eventually(lambda: blocked() == 2, 10)
    with_lock.execute("SELECT pg_advisory_unlock(%s)", [AdvisoryLock.IMPORTS])
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [False, True]
    assert (Vote.objects.count(), LanguageModel.objects.count()) == (100, 101)
