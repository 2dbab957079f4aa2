"""The public record links no votes over days, shows no recent vote, and identifies nobody who published."""

from datetime import UTC, datetime, timedelta

import orjson
import pytest
from django.utils.timezone import now

from arena.battles import deletion, lifecycle, sharing
from arena.judging.style_features import compute_features
from arena.models import LIVE_POOL, Answer, Vote, VoteFile
from ratings.interchange import public_view
from ratings.interchange.export_votes import export_file, iter_records
from tests import factories
from tests.arena import factories as arena

pytestmark = pytest.mark.django_db
VOTES = "/api/v1/votes/"
DAY = timedelta(days=1)
NOON = datetime(2026, 3, 2, 12, 34, 56, 789012, UTC)


@pytest.fixture
def pair():
    factories.pool()
    return factories.fighter(factories.model("one")), factories.fighter(factories.model("two"))


def judge(voter, pair, number):
    """Store a judged battle of a voter; no two battles have answers of the same style."""
    cast = arena.battle(voter=voter, contestant_a=pair[0], contestant_b=pair[1], prompt=f"Question {number}?")
    for side, extra in (("a", 1), ("b", 2)):
        text = " ".join(["word"] * (10 * number + extra))
        Answer.objects.filter(turn__battle=cast, side=side).update(text=text)
    lifecycle.cast_vote(cast, "a")
    return cast


def age(time=NOON):
    factories.let_votes_change()
    Vote.objects.update(created_at=time)


def style(battle):
    texts = [Answer.objects.filter(turn__battle=battle, side=side).values_list("text", flat=True) for side in "ab"]
    return [number for each in texts for number in compute_features(list(each))]


def rows(client, query=""):
    address, records = VOTES + query, []
    while address:
        page = client.get(address).json()
        records += page["results"]
        address = page["next"]
    return records


def others_of(client, published_style):
    """The ids that an attack finds: the row of a published battle by its style, then other votes by its pseudonym."""
    records = rows(client)
    [mine] = [each for each in records if [*each["conv_metadata"].values()] == published_style]
    return [each["id"] for each in records if each["voter"] == mine["voter"] and each["id"] != mine["id"]]


@pytest.mark.parametrize("then", ["stays", "taken back", "deleted"])
def test_published_battle_leads_to_no_other_vote_of_its_voter(client, pair, then):
    me = factories.voter()
    cast = [judge(me, pair, number) for number in range(1, 4)]
    published = style(cast[0])
    sharing.share_battle(cast[0], ["here"])
    age()
    if then == "taken back":
        sharing.unshare_battle(cast[0])
    elif then == "deleted":
        deletion.delete_battle(me.pk, cast[0].pk)

    assert others_of(client, published) == []
    assert len(rows(client)) == 3


def test_own_vote_says_only_after_a_day_whether_it_counted(client, pair):
    """Otherwise probes of the leak check could be repeated until one is not detected."""
    me = factories.voter()
    vote = factories.vote(*pair, voter=me.pk, counted=False, reason="identity_leak")
    assert rows(client) == []
    assert list(iter_records(factories.pool(), public=True)) == []

    age(now() - DAY)  # its hour is not over
    assert rows(client) == []
    age(now() - DAY - timedelta(hours=1))
    assert [(each["id"], each["reason"]) for each in rows(client)] == [(str(vote.record_key), "identity_leak")]


def test_operator_gets_what_strangers_do_not(pair, tmp_path):
    factories.vote(*pair, voter=factories.voter_id(1), created_at=NOON)
    factories.vote(*pair, voter=factories.voter_id(1), created_at=NOON + 2 * DAY)
    factories.vote(*pair, voter=factories.voter_id(1))
    records = {}
    for public in (False, True):
        path = tmp_path / f"{public}.jsonl"
        export_file(path, factories.pool(), public=public)
        records[public] = [orjson.loads(line) for line in path.read_bytes().splitlines()]

    assert [each["timestamp"] for each in records[True]] == ["2026-03-02T12:00:00Z", "2026-03-04T12:00:00Z"]
    assert records[False][0]["timestamp"] == "2026-03-02T12:34:56.789012Z"
    assert len({each["voter"] for each in records[True]}) == 2
    assert len({each["voter"] for each in records[False]}) == 1
    assert len(records[False]) == 3


def test_pseudonym_is_that_of_a_person_a_day_and_a_pool():
    one, two = factories.contestants(2)
    cases = {
        "first": {},
        "same": {"created_at": NOON.replace(hour=23)},
        "next day": {"created_at": NOON + DAY},
        "other person": {"voter": factories.voter_id(2)},
        "other pool": {"pool": "api"},
        "published": {"published": True},
        "published too": {"published": True},
        "unknown": {"voter": None},
        "no time": {"created_at": None},
    }
    usual = {"voter": factories.voter_id(1), "created_at": NOON}
    votes = {name: factories.vote(one, two, **usual | case) for name, case in cases.items()}
    records = {name: public_view.build_daily_pseudonym(vote, vote.pool) for name, vote in votes.items()}

    assert records["first"] == records["same"]
    assert records["unknown"] is None
    assert len(set(records.values())) == len(cases) - 1
    assert records["first"] not in factories.voter_id(1).hex


def test_neither_order_nor_id_dates_a_vote_within_its_hour(client, pair):
    """Own votes in each minute, recognized in the record, would date other people's votes between them."""
    for minute in range(60):
        factories.vote(*pair, turns=minute, created_at=NOON.replace(minute=minute))

    def count_dated(records):
        minutes = [record["turns"] for record in records]
        return sum(minutes[place - 1] + 1 == minutes[place] == minutes[place + 1] - 1 for place in range(1, 59))

    records = rows(client)
    assert len(records) == 60
    assert count_dated(records) < 10
    assert count_dated(sorted(records, key=lambda record: record["id"])) < 10
    exported = [record["turns"] for record in iter_records(factories.pool(), public=True)]
    assert exported == [record["turns"] for record in records]


def test_chances_of_the_draw_do_not_date_a_vote(client, pair):
    """The draw's chances change each minute, so equal ones would link a vote to own votes of the same minute."""
    for minute in range(60):
        chance = 0.1234 + minute / 100_000
        factories.vote(*pair, propensity=chance, draw_table_id=minute % 30, created_at=NOON.replace(minute=minute))

    assert {(record["propensity"], record["draw"]) for record in rows(client)} == {(0.12, None)}


def test_votes_of_an_hour_become_public_together(pair):
    """Otherwise, a reader who asks each minute would see when each vote was cast."""
    votes = [factories.vote(*pair, created_at=NOON.replace(minute=minute)) for minute in (0, 20, 59)]
    for vote in votes:
        vote.file_time = None
    end = NOON.replace(hour=13, minute=0, second=0, microsecond=0) + DAY

    assert not any(public_view.is_public(vote, end - timedelta(microseconds=1)) for vote in votes)
    assert all(public_view.is_public(vote, end) for vote in votes)


@pytest.mark.parametrize(
    ("own", "stored", "shown"),
    [
        (-30, 0, True),  # days before now, of the vote and of its file
        (0, 0, False),
        (None, 0, True),
        (400, -2, True),
        (400, 0, False),
    ],
)
def test_imported_vote_is_shown_by_its_own_time(client, pair, own, stored, shown):
    """A vote with a future time does not withhold itself and all later votes forever."""
    file = VoteFile.objects.create(pool_id=LIVE_POOL, digest="x", created_at=now() + stored * DAY)
    time = None if own is None else now() + own * DAY
    factories.vote(*pair, source="import", file=file, created_at=time)

    assert len(rows(client)) == shown


def test_number_of_queries_does_not_depend_on_what_is_kept_back(client, pair, django_assert_num_queries):
    for _ in range(30):
        factories.vote(*pair)
    with django_assert_num_queries(3):
        assert rows(client) == []
