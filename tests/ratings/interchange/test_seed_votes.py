"""The board that comes with Arena."""

import lzma

import pytest

from arena.models import Vote
from catalog.models import LanguageModel
from ratings.boards.snapshots import BoardKey, load_newest_board
from ratings.interchange import seed_votes
from ratings.models import SEED_POOL, Pool

pytestmark = pytest.mark.django_db


def test_shipped_board_is_what_it_says_it_is():
    assert seed_votes.seed_vote_pool()

    board = load_newest_board(BoardKey(SEED_POOL, "overall", False, "bt"))
    assert (board["votes"], len(board["rows"])) == (1_670_250, 129)
    top = board["rows"][:3]
    assert [(each["model"], round(each["rating"], 3)) for each in top] == [
        ("chatgpt-4o-latest", 1203.931), ("gemini-1.5-pro-exp-0801", 1187.194), ("gpt-4o-2024-05-13", 1174.602),
    ]  # fmt: skip
    assert (round(top[0]["se"], 3), top[0]["interval"]) == (2.383, "plain")
    assert sum(each["ties"] for each in board["rows"]) / 2 / board["votes"] == pytest.approx(0.345, abs=5e-4)


def test_shipped_pool_tells_its_provenance_and_has_no_order():
    seed_votes.seed_vote_pool()
    pool = Pool.objects.get(slug="chatbot-arena-2024-08")
    assert (pool.name, pool.kind, pool.ordered) == ("Chatbot Arena, August 2024", "import", False)
    assert "LMSYS published" in pool.provenance
    assert "leaderbot 0.4.3 (BSD-3-Clause)" in pool.provenance


def test_shipped_models_cannot_be_drawn():
    seed_votes.seed_vote_pool()
    assert LanguageModel.objects.count() == 129
    assert not LanguageModel.objects.filter(endpoint__isnull=False).exists()


def test_second_start_is_one_query(django_assert_num_queries):
    seed_votes.seed_vote_pool()
    votes = Vote.objects.count()
    with django_assert_num_queries(1):
        assert not seed_votes.seed_vote_pool()
    assert Vote.objects.count() == votes


def test_shipped_file_is_counts_of_pairs():
    header, *lines = lzma.decompress(seed_votes.VOTES_PATH.read_bytes()).decode().splitlines()
    assert header == "model_a,model_b,win_a,win_b,tie,tie_bothbad"
    assert len(lines) == 3460
