"""The battles of a voter: lists, searches and exports, which reveal nothing about open battles."""

from datetime import UTC, datetime, timedelta

import pytest
from django.http import QueryDict
from django.test import RequestFactory

from arena.battles import history
from arena.identity.voters import set_voter_id
from arena.models import Battle, Vote
from tests import factories as common
from tests.arena import factories
from tests.arena.factories import FAILED, FINISHED, RUNNING

pytestmark = pytest.mark.django_db
BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
OPEN = ("answering", "ready", "void", "skipped", "expired")


@pytest.fixture
def alpha():
    return common.fighter(common.model("alpha", name="Alpha One"))


@pytest.fixture
def beta():
    return common.fighter(common.model("beta", name="Beta Two"))


@pytest.fixture
def fought(voter, alpha, beta):
    """Creates battles of the voter, each an hour after the one before."""
    times = iter(range(1000))

    def make(state="ready", prompt="Why?", **fields):
        created_at = BEGINNING + timedelta(hours=next(times))
        return factories.battle(
            state,
            prompt=prompt,
            **{"voter": voter, "contestant_a": alpha, "contestant_b": beta, "created_at": created_at} | fields,
        )

    return make


def judged(battle, winner="a", **fields):
    Battle.objects.filter(pk=battle.pk).update(state="voted")
    return common.vote(battle.contestant_a, battle.contestant_b, winner, battle=battle, voter=battle.voter_id, **fields)


def load_page(voter, words="", place=""):
    request = RequestFactory().get("/battles/", {"before": place})
    set_voter_id(request, voter.pk)
    return history.load_page(request, words)


def search(voter, words="", place=""):
    return [battle.question for battle in load_page(voter, words, place).battles]


def test_page_has_the_newest_first_and_nobody_elses(fought, voter):
    for prompt in ("First?", "Second?", "Third?"):
        fought(prompt=prompt)
    factories.battle(prompt="Somebody else's?")

    assert search(voter) == ["Third?", "Second?", "First?"]


def test_page_shows_the_first_question_of_a_battle_and_only_its_beginning(fought, voter):
    factories.turn(fought(prompt="x" * 400), 2, prompt="Second question?")

    assert search(voter) == ["x" * history.QUESTION_PREVIEW_LENGTH]


def test_pages_lead_from_the_newest_to_the_oldest_without_a_gap(fought, voter):
    battles = [fought(prompt=f"Question {number}") for number in range(2 * history.PAGE_SIZE + 1)]
    Battle.objects.filter(pk__in=[battle.pk for battle in battles[5:30]]).update(created_at=BEGINNING)  # same time

    loaded, place = [], ""
    for rest in (history.PAGE_SIZE, history.PAGE_SIZE, 1):
        page = load_page(voter, place=place)
        assert len(page.battles) == rest
        loaded += page.battles
        place = page.older_url and QueryDict(page.older_url[1:])["before"]

    assert place is None
    assert {battle.pk for battle in loaded} == {battle.pk for battle in battles}
    assert len(loaded) == len(battles)


def test_page_that_is_exactly_full_leads_nowhere(fought, voter):
    for _ in range(history.PAGE_SIZE):
        fought()

    assert load_page(voter).older_url is None


@pytest.mark.parametrize(
    "place",
    ["x", "_", "2026-01-01T00:00:00+00:00", "2026-01-01_00000000-0000-0000-0000-000000000000", "\x00",
     "2026-99-99T00:00:00+00:00_00000000-0000-0000-0000-000000000000", "2026-01-01T00:00:00+00:00_" + "-" * 36, "cD14"],
)  # fmt: skip
def test_place_that_is_none_means_the_beginning(fought, voter, place):
    fought(prompt="Here")

    assert search(voter, place=place) == ["Here"]


@pytest.mark.parametrize("state", OPEN)
def test_search_does_not_tell_who_fights_in_an_open_battle(fought, voter, state):
    fought(state)

    assert [search(voter, words) for words in ("Alpha One", "alpha", "Beta", "a", "?")] == [[], [], [], [], ["Why?"]]


@pytest.mark.parametrize("words", ["Alpha One", "ALPHA", "beta tw", " Alpha "])
def test_search_finds_models_where_they_are_known(fought, voter, words):
    judged(fought(prompt="Voted"))
    fought(prompt="Chosen", mode="side_by_side")
    fought(prompt="Blind")

    assert search(voter, words) == ["Chosen", "Voted"]


@pytest.mark.parametrize(
    ("words", "prompts"),
    [
        ("METAL", ["Which metal melts?"]),
        ("straße", ["Eine Straße?"]),
        ("100%", ["100% sure?"]),
        ("%", ["100% sure?"]),
        ("_", []),
        ("'; DROP TABLE", []),
        ("me\x00tal", ["Which metal melts?"]),
        ("second", ["Which metal melts?"]),
        (" ", ["100% sure?", "Eine Straße?", "Which metal melts?"]),
        ("x" * 10_000, []),
    ],
)
def test_search_looks_through_all_my_questions(fought, voter, words, prompts):
    factories.turn(fought(prompt="Which metal melts?"), 2, prompt="And the second?")
    fought(prompt="Eine Straße?")
    fought(prompt="100% sure?")

    assert search(voter, words) == prompts


def test_search_does_not_look_into_answers(fought, voter):
    fought(a=FINISHED | {"text": "Gallium"})

    assert search(voter, "Gallium") == []


def test_export_has_all_that_is_mine(fought, voter):
    battle = fought(prompt="One?", a=FINISHED | {"text": "Yes."}, b=FINISHED | {"text": "No.", "reasoning": "Hm."})
    factories.turn(battle, 2, prompt="Two?", a=FAILED | {"failure": "refused"}, b=FINISHED)
    vote = judged(battle, "b", reasons={"b": ["useful"]}, comment="Shorter.")

    [record] = history.load_export_batch(voter.pk)

    assert record == {
        "id": battle.pk,
        "created_at": battle.created_at,
        "mode": "anonymous",
        "state": "voted",
        "shared_at": None,
        "models": {"a": {"slug": "alpha", "name": "Alpha One"}, "b": {"slug": "beta", "name": "Beta Two"}},
        "turns": [
            {
                "number": 1,
                "prompt": "One?",
                "answers": [
                    {"side": "a", "text": "Yes.", "failure": None},
                    {"side": "b", "text": "No.", "failure": None},
                ],
            },
            {
                "number": 2,
                "prompt": "Two?",
                "answers": [
                    {"side": "a", "text": "", "failure": "refused"},
                    {"side": "b", "text": "An answer.", "failure": None},
                ],
            },
        ],
        "vote": {
            "winner": "b",
            "reasons": {"b": ["useful"]},
            "comment": "Shorter.",
            "created_at": Vote.objects.get(pk=vote.pk).created_at,
        },
    }


@pytest.mark.parametrize("state", OPEN)
def test_export_of_an_open_battle_names_no_model_and_no_failure(fought, voter, state):
    fought(state, a=RUNNING | {"text": "So far"}, b=FAILED | {"failure": "refused", "reasoning": "Alpha"})

    [record] = history.load_export_batch(voter.pk)

    assert (record["models"], record["vote"]) == (None, None)
    assert record["turns"][0]["answers"] == [
        {"side": "a", "text": "So far", "failure": None},
        {"side": "b", "text": "", "failure": "unavailable"},
    ]
    assert not [name for name in ("alpha", "beta", "refused") if name in str(record).lower()]


def test_export_goes_on_where_it_was_with_the_same_number_of_queries(fought, voter, django_assert_num_queries):
    battles = [fought() for _ in range(history.EXPORT_BATCH_SIZE + 3)]
    factories.battle()
    with django_assert_num_queries(3):
        first = history.load_export_batch(voter.pk)
    with django_assert_num_queries(3):
        rest = history.load_export_batch(voter.pk, first[-1])

    assert [record["id"] for record in first + rest] == [battle.pk for battle in battles]
    assert history.load_export_batch(voter.pk, rest[-1]) == []


def test_export_misses_none_while_battles_are_deleted(fought, voter):
    """An offset would skip other battles by then."""
    battles = [fought() for _ in range(history.EXPORT_BATCH_SIZE + 3)]
    first = history.load_export_batch(voter.pk)
    Battle.objects.filter(pk__in=[battle.pk for battle in battles[:5]]).delete()

    rest = history.load_export_batch(voter.pk, first[-1])

    assert [record["id"] for record in rest] == [battle.pk for battle in battles[history.EXPORT_BATCH_SIZE :]]


def read_record(voter):
    record = history.build_voter_record(history.load_voter_models(voter.pk))
    favorite = record.favorite
    return record.judged, favorite and (favorite.name, favorite.wins, favorite.battles)


@pytest.mark.parametrize(
    ("winners", "record"),
    [
        ("", (0, None)),
        ("a", (1, None)),
        ("ab", (2, None)),
        ("abbbbbbbb", (9, None)),
        ("aaaaaaabbb", (10, ("Alpha One", 7, 10))),
        ("abbbbbbbbbb", (11, ("Beta Two", 10, 11))),
    ],
)
def test_voter_record_names_the_model_that_won_most(fought, voter, alpha, beta, winners, record):
    for winner in winners:
        judged(fought(), winner)
    judged(fought(voter=common.voter()), "b")
    fought("skipped")

    assert read_record(voter) == record


def test_voter_record_is_about_both_sides(fought, voter, alpha, beta):
    for winner, is_first in [("a", True), ("b", False)] * 4 + [("tie", True), ("both_bad", False)]:
        pair = [alpha, beta] if is_first else [beta, alpha]
        sides = dict(zip(("contestant_a", "contestant_b"), pair, strict=True))
        judged(fought(**sides), winner)

    assert read_record(voter) == (10, (alpha.name, 8, 10))


def test_voter_models_have_shares_with_ties_as_half_a_win(fought, voter, alpha, beta):
    for winner in ("a", "a", "b", "tie"):
        judged(fought(), winner)

    first, second = history.load_voter_models(voter.pk)

    assert (first.name, first.battles, first.wins, first.ties, first.losses) == (alpha.name, 4, 2, 1, 1)
    assert (second.name, second.battles, second.wins, second.ties, second.losses) == (beta.name, 4, 1, 1, 2)
    assert (first.share, second.share) == (0.625, 0.375)


@pytest.mark.parametrize(
    ("winner", "ratings", "agreed", "votes"),
    [
        ("a", (1100, 1000), 1, 1),
        ("b", (1100, 1000), 0, 1),
        ("a", (1000, 1000), 0, 0),
        ("a", (1100, None), 0, 0),
        ("tie", (1100, 1000), 0, 0),
    ],
)
def test_agreement_compares_votes_with_the_ratings_before(fought, voter, winner, ratings, agreed, votes):
    rows = [None if rating is None else {"rating": rating} for rating in ratings]
    judged(fought(standing=dict(zip("ab", rows, strict=True))), winner)

    assert history.load_agreement(voter.pk) == history.Agreement(agreed, votes)
