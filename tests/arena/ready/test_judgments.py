"""Judgments of ready pairs: one for each voter and pair, in a pool of their own."""

from contextlib import suppress
from dataclasses import replace

import pytest
from django.test.client import MULTIPART_CONTENT as MULTIPART

from arena.battles import deletion, lifecycle, sharing
from arena.identity import api_keys, network_hashes
from arena.models import Battle, Pool, Vote, Voter
from arena.ready import judgments, pairs, shipped_pairs
from core.http.errors import RequestError
from ratings.models import Outbox
from ratings.pipeline import board_refresh
from tests.arena import factories
from tests.races import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def shipped():
    return pairs.get_pair(next(iter(shipped_pairs.load_pairs())))


@pytest.fixture
def published(me):
    battle = factories.battle(voter=me, prompt="Write a poem.")
    lifecycle.cast_vote(battle, "b")
    sharing.share_battle(battle, ["here"], hide_names=True)
    Battle.objects.update(review="listed")
    return pairs.get_pair(battle.pk)


@pytest.fixture
def reader():
    return Voter.objects.create()


def test_judgment_is_a_vote_without_a_battle(published, reader):
    vote = judgments.judge_pair(published, reader, "a", {"a": ["correct"]}, "Short.")
    vote.refresh_from_db()
    battle_vote = published.battle.vote
    assert (vote.battle, vote.pool.slug, vote.source, vote.winner) == (None, "ready", "ready", "a")
    assert (vote.contestant_a, vote.contestant_b) == (battle_vote.contestant_a, battle_vote.contestant_b)
    assert (vote.categories, vote.features) == (battle_vote.categories, battle_vote.features)
    assert (vote.counted, vote.reasons, vote.comment) == (True, {"a": ["correct"]}, "Short.")
    assert vote.propensity is None


@pytest.mark.parametrize("path", ["/b/{}/vote/", "/api/v1/ready/{}/vote/"])
def test_judgment_has_the_network_of_its_voter_like_other_votes(shipped, client, rf, path):
    """Otherwise the limits on the votes of one network, and the filter of rigged votes, would not apply to it."""
    client.post(
        path.format(shipped.id), {"winner": "a"}, content_type="application/json" if "api" in path else MULTIPART
    )
    assert Vote.objects.get(pool__slug="ready").network == network_hashes.compute_current_hash(rf.get("/"))


def test_judgment_of_a_shipped_pair_has_its_categories_and_style(shipped, reader):
    vote = judgments.judge_pair(shipped, reader, "tie")
    assert vote.counted
    assert len(vote.features) == 8
    assert vote.contestant_a.model.demo


def test_pool_ready_never_mixes_with_live(shipped, published, reader):
    for pair in (shipped, published):
        judgments.judge_pair(pair, reader, "a")
    assert Outbox.objects.filter(vote__pool__slug="ready").count() == 2
    board_refresh.refresh()
    votes = {
        snapshot.board.pool.slug: snapshot.votes
        for snapshot in board_refresh.Snapshot.objects.filter(board__category__slug="overall", method="bt")
    }
    assert votes == {"live": 1, "ready": 2}
    assert Pool.objects.get(slug="ready").kind == "ready"


def test_second_judgment_changes_nothing(shipped, reader):
    judgments.judge_pair(shipped, reader, "a")
    with pytest.raises(RequestError) as caught:
        judgments.judge_pair(shipped, reader, "b")
    assert caught.value.code == "already_voted"
    assert caught.value.extra["vote"]["winner"] == "a"
    assert Vote.objects.get(pool__slug="ready").winner == "a"


@pytest.mark.django_db(transaction=True)
def test_judgments_of_one_voter_at_once_are_one(shipped, reader):
    shipped_pairs.save_contestants(shipped_pairs.load_pairs()[shipped.id])

    def judge(number):
        with suppress(RequestError):
            return judgments.judge_pair(shipped, reader, "ab"[number % 2]).winner

    winners = at_once(4, judge)
    assert len(winners) - winners.count(None) == Vote.objects.filter(pool__slug="ready").count() == 1


@pytest.mark.parametrize("is_key", [False, True])
def test_judgment_says_whether_a_key_gave_it(shipped, client, is_key):
    key = {"headers": {"authorization": f"Bearer {api_keys.create_key('mine', api_keys.SCOPES)[1]}"}} if is_key else {}
    client.post(f"/api/v1/ready/{shipped.id}/vote/", {"winner": "a"}, content_type="application/json", **key)
    assert Vote.objects.get(pool__slug="ready").voter_kind == ("key" if is_key else "person")


def test_item_and_question_stay_when_the_battle_is_deleted(published, me, reader):
    vote = judgments.judge_pair(published, reader, "a")
    question = published.battle.vote.prompt_hash
    deletion.delete_battle(me.pk, published.id)
    vote.refresh_from_db()
    assert (vote.item, vote.prompt_hash) == (pairs.hash_item(published.id), question)
    assert judgments.find_judgment(reader.pk, published.id) == vote


def test_own_battle_cannot_be_judged(published, me):
    with pytest.raises(RequestError) as caught:
        judgments.judge_pair(published, me, "a")
    assert caught.value.code == "own_battle"


@pytest.mark.parametrize(
    ("battle", "vote", "reason"),
    [
        ({"review": "waiting"}, {}, "not_listed"),
        ({"review": "unlisted"}, {}, "not_listed"),
        ({"hide_names": False}, {}, "names_shown"),
        ({}, {"mode": "side_by_side"}, "side_by_side"),
    ],
)
def test_judgment_that_does_not_count_says_why(me, reader, battle, vote, reason):
    one = factories.battle(voter=me, **vote)
    lifecycle.cast_vote(one, "b")
    sharing.share_battle(one, ["here"], hide_names=True)
    Battle.objects.update(**{"review": "listed"} | battle)
    judgment = judgments.judge_pair(pairs.get_pair(one.pk), reader, "a")
    assert (judgment.counted, judgment.reason) == (False, reason)


def test_judgment_counts_only_after_an_operator_has_listed_the_battle(me, reader, settings):
    """Otherwise, voters could list their own battles and have friends judge them."""
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, arena_sharing="open")
    one = factories.battle(voter=me)
    lifecycle.cast_vote(one, "b")
    sharing.share_battle(one, ["here"], hide_names=True)
    assert sharing.query_listed_battles().exists()
    assert judgments.judge_pair(pairs.get_pair(one.pk), reader, "a").reason == "not_listed"


def test_voters_who_judged_the_same_pair_are_counted(shipped):
    winners = ["a", "b", "a"]
    votes = [judgments.judge_pair(shipped, Voter.objects.create(), winner) for winner in winners]
    counts = judgments.count_judgments(votes[0])
    assert (counts.total, counts.agreeing) == (3, 2)


def test_deleted_voter_leaves_the_vote_without_a_pair(shipped, reader):
    judgments.judge_pair(shipped, reader, "a")
    deletion.delete_voter_data(reader.pk)
    vote = Vote.objects.get(pool__slug="ready")
    assert (vote.item, vote.prompt_hash) == (None, "")
    assert vote.voter != reader.pk
