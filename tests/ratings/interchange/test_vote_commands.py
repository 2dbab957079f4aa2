"""The commands import_votes and export_votes, and their progress bar."""

import io
import re

import pytest
from django.core.management import CommandError, call_command

from arena.models import BUILT_IN_SLUGS, Pool, Vote
from catalog.models import LanguageModel
from ratings.management.progress import ProgressBar, show_progress_bar
from tests import factories
from tests.ratings.interchange.vote_files import json_lines, row

pytestmark = pytest.mark.django_db


@pytest.fixture
def file(tmp_path):
    def write(name="votes.jsonl", content=None):
        path = tmp_path / name
        path.write_bytes(content or json_lines(row(), row(counted=False, weight=2)))
        return path

    return write


def run(*words, **options):
    out = io.StringIO()
    call_command(*words, stdout=out, **options)
    return out.getvalue()


def pools():
    return set(Pool.objects.values_list("slug", flat=True)) - {*BUILT_IN_SLUGS.values()}


def test_import_prints_counts_and_says_when_nothing_changed(file):
    path = file()
    assert run("import_votes", path) == "votes: 3 votes imported (2 not counted), 2 new models\n"
    assert run("import_votes", path) == "votes: nothing changed, because this file has already been imported\n"
    assert Vote.objects.count() == 2


@pytest.mark.parametrize(
    ("name", "slug"),
    [("My Votes 2.jsonl", "my-votes-2"), ("may.csv.jsonl", "may"), ("v1.5.jsonl", "v1.5"), ("票.jsonl", "unnamed")],
)
def test_import_names_the_pool_after_the_file(file, name, slug):
    run("import_votes", file(name))
    assert pools() == {slug}


def test_import_into_a_named_pool(file):
    run("import_votes", file(), "--pool", "mine", "--name", "My votes")
    assert Pool.objects.get(slug="mine").name == "My votes"
    assert run("import_votes", file(), "--pool", "live").startswith("live: 3 votes imported")


def test_import_creates_a_pool_that_not_everyone_sees_and_names_no_new_model_to_others(file):
    run("import_votes", file(), "--pool", "mine", "--visibility", "invited")
    assert Pool.objects.get(slug="mine").visibility == "invited"
    more = file("more.jsonl", json_lines(row()))
    run("import_votes", more, "--pool", "mine")
    assert (Vote.objects.count(), LanguageModel.objects.count()) == (3, 0)


@pytest.mark.parametrize(("pool", "visibility"), [("mine", "operators"), ("mine", "everyone"), ("live", "invited")])
def test_import_refuses_another_visibility_than_that_of_the_pool(file, pool, visibility):
    run("import_votes", file(), "--pool", "mine", "--visibility", "invited")
    with pytest.raises(CommandError, match=f"'{pool}' exists with the visibility"):
        run("import_votes", file("more.jsonl", json_lines(row())), "--pool", pool, "--visibility", visibility)
    assert Vote.objects.count() == 2


def test_import_keeps_texts_only_if_asked(file):
    path = file(content=json_lines(row(conversation_a=[], conversation_b=[])))
    run("import_votes", path, "--pool", "short")
    run("import_votes", path, "--pool", "long", "--with-text")
    assert [hasattr(vote, "imported") for vote in Vote.objects.order_by("pk")] == [False, True]


def test_import_means_a_pool_of_the_arena_only_if_it_is_named(file):
    with pytest.raises(CommandError, match=r"^'live' is a pool in this arena. To add the votes to it, use --pool live"):
        run("import_votes", file("live.jsonl"))
    assert not Vote.objects.exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--pool", "My Pool"], "--pool must have at most 100"),
        (["--pool", ""], "--pool must have at most 100"),
        (["--pool", "x" * 101], "--pool must have at most 100"),
        (["--name", "x" * 201], "--name must be at most 200 characters"),
        (["--name", "\0"], "--name must be at most 200 characters and must not contain NUL"),
    ],
)
def test_import_refuses_wrong_options(file, options, message):
    with pytest.raises(CommandError, match=f"^{message}"):
        run("import_votes", file(), *options)
    assert not pools()


def test_import_refuses_a_wrong_file_with_one_line_and_changes_nothing(file):
    path = file(content=json_lines(row(), row(winner="x")))
    with pytest.raises(CommandError, match=f"^{re.escape(str(path))}: line 2: winner must be one of [^\n]*$"):
        run("import_votes", path)
    assert not (pools() or Vote.objects.exists() or LanguageModel.objects.exists())


@pytest.mark.parametrize(
    ("options", "number", "rows"),
    [([], 2, "2 rows"), (["--pool", "live"], 2, "2 rows"), (["--pool", "mine"], 1, "1 row")],
)
def test_export_prints_how_many_rows(tmp_path, options, number, rows):
    one, two = factories.model("one"), factories.model("two")
    for pool in ("live", "live", "mine"):
        factories.vote(one, two, pool=factories.pool(pool).slug)
    path = tmp_path / "votes.csv"
    assert run("export_votes", path, *options).endswith(f": {rows} written to {path}\n")
    assert len(path.read_text().splitlines()) == number + 1
    run("export_votes", path, "--with-text")
    assert path.read_text().partition("\n")[0].strip().endswith(",draw,conversation_a,conversation_b")


def test_export_as_strangers_get_it_has_no_votes_of_the_last_day(tmp_path):
    factories.pool()
    factories.vote(factories.model("one"), factories.model("two"))
    path = tmp_path / "votes.csv"
    assert run("export_votes", path, "--public") == f"live: 0 rows written to {path}\n"
    with pytest.raises(CommandError, match="not allowed with argument"):
        run("export_votes", path, "--public", "--with-text")


@pytest.mark.parametrize(
    ("name", "pool", "message"),
    [
        ("votes.csv", "nowhere", r"^There is no pool named 'nowhere'\.$"),
        ("votes.csv", "a\0", "^There is no pool named "),
        ("votes.txt", "live", "must end in .jsonl or .csv$"),
    ],
)
def test_export_refuses_what_it_cannot_do(tmp_path, name, pool, message):
    with pytest.raises(CommandError, match=message):
        run("export_votes", tmp_path / name, "--pool", pool)
    assert not list(tmp_path.iterdir())


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_bar_shows_share_and_speed_and_goes_away():
    terminal = Terminal()
    with show_progress_bar(terminal) as progress:
        progress(512, 1024, 20_000)
        progress(600, 1024, 30_000)  # too early to draw again
    drawn = terminal.getvalue().split("\r\033[K")
    assert len(drawn) == 3
    assert re.fullmatch(r"\[#{15} {15}\]  50% 20,000 votes, [\d,]+ a second", drawn[1])
    assert drawn[2] == ""


def test_bar_of_an_empty_file_is_full():
    terminal = Terminal()
    ProgressBar(terminal)(0, 0, 0)
    assert "100%" in terminal.getvalue()


def test_bar_is_not_drawn_where_nobody_looks():
    with show_progress_bar(io.StringIO()) as progress:
        assert progress is None
