"""The pools that come with Arena: what is in them, and that nothing is computed from published ratings."""

import lzma

import pytest
from django.core.management import CommandError, call_command

from arena.models import Pool, Vote
from catalog.models import LanguageModel
from ratings.boards.snapshots import BoardKey, load_newest_board, unpack_rows
from ratings.interchange import seed_pools
from ratings.interchange.import_votes import import_file
from ratings.models import SEED_POOL, Board, Snapshot, Tally
from ratings.pipeline import board_refresh, pool_figures, standings
from tests import factories
from tests.ratings.reference_board import LINES, SLUG, loaded, packed

pytestmark = pytest.mark.django_db


def rows(category="overall"):
    return load_newest_board(BoardKey(SLUG, category, False, "bt"))["rows"]


def test_shipped_boards_are_what_they_say_they_are(django_assert_num_queries):
    assert seed_pools.seed_vote_pool()

    board = load_newest_board(BoardKey(SEED_POOL, "overall", False, "bt"))
    assert (board["votes"], len(board["rows"])) == (1_670_250, 129)
    top = board["rows"][:3]
    assert [(each["model"], round(each["rating"], 3)) for each in top] == [
        ("chatgpt-4o-latest", 1203.931), ("gemini-1.5-pro-exp-0801", 1187.194), ("gpt-4o-2024-05-13", 1174.602),
    ]  # fmt: skip
    assert (round(top[0]["se"], 3), top[0]["interval"]) == (2.383, "plain")
    assert sum(each["ties"] for each in board["rows"]) / 2 / board["votes"] == pytest.approx(0.345, abs=5e-4)

    pool = Pool.objects.get(slug="chatbot-arena-2024-08")
    assert (pool.name, pool.kind, pool.ordered) == ("Chatbot Arena, August 2024", "import", False)
    assert "LMSYS published" in pool.provenance
    assert "leaderbot 0.4.3 (BSD-3-Clause)" in pool.provenance
    assert LanguageModel.objects.count() == 129
    assert not LanguageModel.objects.filter(contestants__endpoint__isnull=False).exists()

    votes = Vote.objects.count()
    with django_assert_num_queries(1):
        assert not seed_pools.seed_vote_pool()
    assert Vote.objects.count() == votes

    assert seed_pools.seed_reference_pool()
    snapshots = Snapshot.objects.filter(board__pool__slug=SLUG).select_related("board__category")
    boards_of = {each.board.category.slug: unpack_rows(each.rows) for each in snapshots}
    assert (len(boards_of), sum(map(len, boards_of.values()))) == (26, 5648)
    assert all(len({row["model"] for row in each}) == len(each) for each in boards_of.values())
    top = boards_of["overall"][0]
    assert (top["name"], top["setting"], top["rating"], top["ci_low"], top["ci_high"], top["votes"]) == (
        "Gemini 4 Argon", "High", 1523.9, 1515.1, 1532.7, 4900,
    )  # fmt: skip
    without_maker = [row["name"] for row in boards_of["overall"] if row["organization"] is None]
    assert without_maker == ["OpenHermes 2.5 Mistral 7B"]
    assert {"coding", "math", "creative-writing", "instruction-following", "hard-prompts", "multi-turn"} <= set(
        boards_of
    )
    joined = {row["model"] for each in boards_of.values() for row in each} & {row["model"] for row in board["rows"]}
    assert {"gpt-4o-2024-05-13", "claude-3-opus-20240229", "command-r"} <= joined
    assert {"mistral-medium", "gemini-pro-dev-api"} <= joined
    assert "chatgpt-4o-latest" not in joined
    assert not LanguageModel.objects.filter(contestants__endpoint__isnull=False).exists()


def test_shipped_file_is_counts_of_pairs():
    header, *lines = lzma.decompress(seed_pools.VOTES_PATH.read_bytes()).decode().splitlines()
    assert header == "model_a,model_b,win_a,win_b,tie,tie_bothbad"
    assert len(lines) == 3460


def test_pool_and_board_say_who_published_them_when_and_under_which_license(tmp_path, django_assert_num_queries):
    loaded(tmp_path)
    pool = Pool.objects.get(slug=SLUG)
    assert (pool.kind, pool.ordered) == ("reference", False)
    with django_assert_num_queries(1):
        assert not seed_pools.seed_reference_pool()  # the second start
    for words in ("LMArena", "October 20, 2026", "CC BY 4.0", "https://creativecommons.org/licenses/by/4.0/"):
        assert words in pool.provenance
    board = load_newest_board(BoardKey(SLUG, "overall", False, "bt"))
    assert (board["votes"], board["scale"]["mean"]) == (None, None)
    assert board["computed_at"].date().isoformat() == board["reference"]["published_on"] == "2026-10-20"
    license_file = seed_pools.RATINGS_PATH.with_name("lmarena_ratings_20261020.LICENSE")
    assert seed_pools.ATTRIBUTION["license_url"] in license_file.read_text()


def test_models_join_those_that_are_known_and_others_enter_the_catalogue(tmp_path):
    for slug in ("gpt-4o-2024-05-13", "gemma-3-4b-it", "gpt-4o"):
        factories.model(slug)
    loaded(tmp_path)
    assert [row["model"] for row in rows()][:2] == ["claude-opus-4-6", "gpt-4o-2024-05-13"]
    assert [row["model"] for row in rows("creative-writing")] == ["claude-opus-4-6", "gpt-4o-2024-08-06"]
    assert (
        LanguageModel.objects.filter(
            slug__in=["claude-opus-4-6", "gpt-4o-2024-08-06"], contestants__endpoint=None
        ).count()
        == 2
    )


@pytest.mark.parametrize("known", [{"slug": "mistral-small"}, {"slug": "mistral-small-2503", "name": "Mistral Small"}])
def test_name_that_its_maker_moves_joins_nothing(tmp_path, known):
    factories.model(**known)
    loaded(tmp_path, "overall,mistral / mistral-small,Mistral Small,1223.0,1218.0,1228.0,34000,40")
    [moved] = rows()
    assert (moved["model"], moved["name"]) == (
        "mistral-small-lmarena-october-2026",
        "Mistral Small (LMArena, October 2026)",
    )


@pytest.mark.parametrize(
    "known", [{"slug": "mistral-medium"}, {"slug": "mistral-medium-2505", "name": "Mistral Medium"}]
)
def test_model_of_2023_joins_its_own_votes_and_not_a_later_model_of_that_name(tmp_path, known):
    factories.model(**known)
    loaded(tmp_path)
    assert "mistral-medium" in {row["model"] for row in rows()}
    assert not LanguageModel.objects.filter(name__contains="LMArena").exists()


def test_model_without_a_name_of_its_own_gets_the_publishers_with_the_maker_and_size_that_it_states(tmp_path):
    factories.model("gpt-4o-2024-05-13", name="gpt-4o-2024-05-13")
    factories.model("gpt-4o-2024-08-06", name="Our GPT-4o")
    loaded(tmp_path)
    names = dict(LanguageModel.objects.values_list("slug", "name"))
    assert (names["gpt-4o-2024-05-13"], names["gpt-4o-2024-08-06"]) == ("GPT-4o (2024-05-13)", "Our GPT-4o")
    assert names["claude-opus-4-6"] == "Claude Opus 4.6"
    shown = {row["model"]: row["name"] for category in ("overall", "creative-writing") for row in rows(category)}
    assert shown.items() <= names.items()
    gemma = LanguageModel.objects.get(slug="gemma-3-4b-it")
    assert (gemma.organization.name, gemma.parameters_total) == ("Google", 4_000_000_000)
    fact = gemma.facts.get(field="parameters_total")
    assert (fact.origin, fact.source) == ("name", "read from the name “Gemma 3 4B IT”")
    assert {row["organization"] for row in rows()} == {"Anthropic", "Google", "Mistral", "OpenAI"}


def test_models_are_named_before_other_boards_store_their_names(tmp_path):
    seed_pools.seed_reference_models(packed(tmp_path))
    named = dict(LanguageModel.objects.values_list("slug", "name"))
    assert named["gpt-4o-2024-05-13"] == "GPT-4o (2024-05-13)"
    assert not Pool.objects.filter(slug=SLUG).exists()
    loaded(tmp_path)
    assert dict(LanguageModel.objects.values_list("slug", "name")) == named


def test_snapshot_of_the_catalog_does_not_take_the_first_version_too(tmp_path):
    factories.model("deepseek-r1-0528")
    first = "overall,deepseek / deepseek-r1,DeepSeek-R1,1300.0,1290.0,1310.0,900,2"
    loaded(tmp_path, first, "overall,deepseek / deepseek-r1,DeepSeek-R1 (0528),1400.0,1390.0,1410.0,900,1")
    assert [row["model"] for row in rows()] == ["deepseek-r1-0528", "deepseek-r1"]


def test_two_names_of_one_model_are_one_model(tmp_path):
    key = 'overall,xai / grok-4.20-beta,"Grok 4.20 Beta (Reasoning, 0309)",1500.0,1490.0,1510.0,900,1'
    other = "vision,xai / grok-4.20-beta-0309-reasoning,grok-4.20-beta-0309-reasoning,1400.0,1390.0,1410.0,900,1"
    loaded(tmp_path, key, other)
    assert [row["model"] for row in rows("vision")] == ["grok-4.20-beta-0309"]
    assert LanguageModel.objects.get().name == "Grok 4.20 Beta (0309)"


def test_broken_file_leaves_nothing(tmp_path):
    with pytest.raises(ValueError):
        loaded(tmp_path, LINES[0], "overall,a / b,B,1,2,3,many,4")
    assert not Pool.objects.filter(slug=SLUG).exists()


def published():
    return list(Snapshot.objects.filter(board__pool__slug=SLUG).order_by("pk").values_list("pk", "computed_at", "rows"))


@pytest.mark.parametrize("from_scratch", [True, False])
def test_nothing_is_ever_fitted_over_it(tmp_path, from_scratch):
    loaded(tmp_path)
    before, pool = published(), Pool.objects.get(slug=SLUG)
    Board.objects.filter(pool=pool).update(behind=False)

    factories.cast(*factories.models(2))
    board_refresh.refresh()
    while board_refresh.refresh_style_board():
        pass
    board_refresh.recompute_boards([pool], from_scratch=from_scratch)
    pool_figures.update_pool_figures()

    assert published() == before
    assert not Tally.objects.filter(board__pool=pool).exists()
    assert not standings.Standing.objects.filter(pool__slug=SLUG).exists()
    assert not hasattr(Pool.objects.get(slug=SLUG), "figures")


@pytest.mark.parametrize("command", ["recompute_ratings", "verify_ratings"])
def test_command_leaves_it_out_and_says_so(tmp_path, capsys, command):
    loaded(tmp_path)
    before = published()
    with pytest.raises(CommandError, match="published elsewhere"):
        call_command(command, pool=SLUG)
    if command == "recompute_ratings":
        call_command(command)
        assert f"{SLUG} is skipped: its ratings were published elsewhere" in capsys.readouterr().out
    assert published() == before


def test_its_votes_cannot_be_exported_and_none_can_be_imported(tmp_path):
    loaded(tmp_path)
    with pytest.raises(CommandError, match="published elsewhere, without the votes"):
        call_command("export_votes", tmp_path / "votes.jsonl", pool=SLUG)
    votes = tmp_path / "votes.csv"
    votes.write_text("model_a,model_b,winner\na,b,model_a\n")
    with pytest.raises(ValueError, match="choose another pool"):
        import_file(votes, SLUG)
    assert not Vote.objects.filter(pool__slug=SLUG).exists()
    assert not (tmp_path / "votes.jsonl").exists()
