"""Battles, votes and voters in the admin."""

import re
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from django.contrib import admin as django_admin
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.utils.timezone import now

from arena.battles import review_queue
from arena.models import Battle, Report, Turn
from core.models import AuditEntry
from tests import factories as common
from tests.arena import factories

pytestmark = pytest.mark.django_db
LIST = "/admin/arena/battle/"


def text(admin, battle):
    answer = admin.get(f"/admin/arena/battle/{battle.pk}/change/")
    assert answer.status_code == 200
    return " ".join(re.sub(r"<[^>]*>", " ", answer.content.decode()).split())


def test_battle_is_shown_in_full(admin):
    replaced = common.contestant(common.model("gone", name="Gone"))
    battle = factories.battle(
        "voted",
        prompt="Why <so>?",
        replaced=[{"side": "b", "contestant": replaced.pk, "reason": "timeout", "propensity": 0.125}],
        a=factories.FINISHED
        | {"text": "Because <b>.", "attempt": 2, "tries": 1, "input_tokens": 3, "output_tokens": 9},
        b=factories.FAILED | {"reasoning": "Let me think."},
    )
    page_text = text(admin, battle)
    for words in (
        "Why &lt;so&gt;?",
        "Because &lt;b&gt;.",
        "2 in total, 1 since the last request",
        "3 in, 9 out",
        "Failed, Timeout",
        "Let me think.",
        "Side b: Gone failed (timeout); its pair's propensity was 0.12500.",
        "delta turn 1, side a, 12 characters",
        "done turn 1, side a",
        "failed turn 1, side b, timeout",
        "voted",
    ):
        assert words in page_text


def test_battle_without_turns_is_shown_too(admin):
    assert "Events" not in text(admin, common.battle())


@pytest.mark.parametrize("key", [str(UUID(int=1)), "no-uuid"])
def test_unknown_battle_leads_back(admin, key):
    answer = admin.get(f"/admin/arena/battle/{key}/change/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/")


def act(client, action, battle):
    client.post(LIST, {"action": action, "_selected_action": [str(battle.pk)]})
    battle.refresh_from_db()
    return battle


def messages(client):
    return [str(message) for message in client.get(LIST).context["messages"]]


@pytest.mark.parametrize(
    ("action", "review"), [("list_on_model_pages", "listed"), ("leave_unlisted", "unlisted"), ("withdraw", "withdrawn")]
)
def test_operator_decides_about_a_published_battle(admin, action, review):
    first, second = (factories.battle("voted", shared_at=now(), review="waiting", shared_network="x") for _ in range(2))
    private = factories.battle("voted")
    assert admin.get(f"{LIST}?published=waiting").context["cl"].result_count == 2

    decided = act(admin, action, first)

    assert messages(admin) == [f"1 of 1 battles: {Battle.Review(review).label}."]
    assert (decided.review, decided.shared_network) == (review, "")
    assert (decided.shared_at is None) is (action == "withdraw")
    assert act(admin, action, private).review == ""
    assert messages(admin) == [f"0 of 1 battles: {Battle.Review(review).label}."]
    assert [*Battle.objects.filter(review="waiting")] == [second]
    assert admin.get(f"{LIST}?published=waiting").context["cl"].result_count == 1
    assert [*AuditEntry.objects.values_list("who", "kind", "key")] == [("operator", review, str(first.pk))]


def test_what_readers_report_hides_nothing_that_waits(admin):
    honest = factories.battle("voted", shared_at=now(), review="waiting", shared_network="x")
    for _ in range(12):
        flood = factories.battle("voted", shared_at=now())
        review_queue.report_battle(flood, flood.voter_id)

    assert [*admin.get(f"{LIST}?published=waiting").context["cl"].queryset] == [honest]
    assert admin.get(f"{LIST}?published=reported").context["cl"].result_count == 12


@pytest.mark.parametrize("action", ["list_on_model_pages", "leave_unlisted", "withdraw"])
def test_who_may_only_look_decides_nothing(client, action):
    watcher = User.objects.create_user("watcher", is_staff=True)
    watcher.user_permissions.add(Permission.objects.get(codename="view_battle"))
    client.force_login(watcher)
    battle = factories.battle("voted", shared_at=now(), review="waiting")

    assert act(client, action, battle).review == "waiting"
    assert battle.shared_at


def test_page_of_a_published_battle_tells_of_its_reports(admin):
    battle = factories.battle("voted", shared_at=now(), review="reported")
    Report.objects.create(battle=battle, reporter="x")
    page_text = text(admin, battle)
    assert "reported, waiting for review" in page_text
    assert "reported by 1 reader" in page_text


def test_vote_of_a_battle_is_shown_with_what_was_said(admin):
    first, second, retired = (common.contestant(common.model(name.lower(), name=name)) for name in ("X", "Y", "Gone"))
    row = {"rating": 1012.4, "ci_low": 1000.0, "ci_high": 1024.0, "rank": 3, "votes": 432, "models": 9}
    battle = factories.battle(
        "voted",
        contestant_a=first,
        contestant_b=second,
        standing={"a": row, "b": None},
        among=[first.pk, second.pk],
        replaced=[{"side": "b", "contestant": retired.pk, "reason": "timeout", "propensity": 0.125}],
    )
    reasons = {"a": ["useful"], "b": ["instructions", "gone_word"]}
    vote = common.vote(first, second, "b", battle=battle, reasons=reasons, comment="So <there>.", counted=False)

    page_text = text(admin, battle)

    for words in (
        "Winner Side b: Y",
        "Reasons, side a useful",
        "Reasons, side b not what I asked for, gone_word",
        "Comment So &lt;there&gt;.",
        "Counted no",
        "Before, side a X: rank 3, rating 1,012 (1,000 – 1,024), 432 votes",
        "Drawn from X, Y",
    ):
        assert words in page_text
    assert page_text.count("Replaced") == 1
    assert f'"contestant": {retired.pk}' not in page_text
    page = admin.get(f"/admin/arena/battle/{battle.pk}/change/").content.decode()
    assert f'href="/admin/arena/vote/{vote.pk}/change/"' in page


@pytest.mark.parametrize(
    ("low", "high", "interval"),
    [(None, 1671.4, "at most 1,671"), (801.5, None, "at least 802"), (None, None, "too few votes for an interval")],
)
def test_rating_with_an_open_end_is_shown_as_on_the_board(admin, low, high, interval):
    row = {"rating": 826.5, "ci_low": low, "ci_high": high, "rank": None, "votes": 1, "models": 9}
    battle = factories.battle("voted", contestant_b=common.model("y", name="Y"), standing={"a": None, "b": row})
    common.vote(battle.contestant_a, battle.contestant_b, battle=battle)
    page_text = text(admin, battle)
    assert f"Before, side b Y: rank –, rating 827 ({interval}), 1 vote" in page_text
    assert "1 votes" not in page_text


def test_times_have_one_form_and_a_zone(admin):
    battle = factories.battle("voted", created_at=datetime(2026, 11, 26, 21, 28, 31, tzinfo=UTC))
    Turn.objects.filter(battle=battle).update(created_at=battle.created_at)
    formatted = "Nov 26, 2026, 21:28:31 UTC"
    assert text(admin, battle).count(formatted) == 2
    assert formatted in admin.get(LIST).content.decode()


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (lambda battle: battle.pk, True),
        (lambda battle: str(battle.pk)[:8], True),
        (lambda battle: f" {str(battle.pk)[:12].upper()} ", True),
        (lambda battle: battle.voter_id, True),
        (lambda battle: battle.contestant_a.slug, True),
        (lambda battle: battle.contestant_b.name, True),
        (lambda battle: battle.contestant_a.slug[:-1], False),
        (lambda battle: "no-model", False),
        (lambda battle: uuid4(), False),
    ],
)
def test_battles_are_found_by_id_voter_and_model(admin, asked, found):
    other, battle = factories.battle("voted"), factories.battle("voted")
    page = admin.get(LIST, {"q": str(asked(battle))}).content.decode()
    assert (str(battle.pk) in page, str(other.pk) in page) == (found, False)


@pytest.mark.parametrize("term", ["model-7", "0123abcd"])
def test_search_uses_indexes(term):
    """The search must not read the whole table."""
    page = django_admin.site._registry[Battle]
    common.model("model-7")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    assert "Seq Scan" not in page.get_search_results(None, Battle.objects.order_by(), term)[0].explain()


@pytest.mark.parametrize(("slug", "name"), [("old", "Votes of 2024"), ("api", "This arena (API votes only)")])
def test_lists_show_the_winner_and_the_name_of_the_pool(admin, slug, name):
    common.pool("old", name="Votes of 2024")
    first, second = common.model("x", name="X"), common.model("y", name="Y")
    battle = factories.battle("voted", contestant_a=first, contestant_b=second, pool=slug)
    common.vote(first, second, "both_bad", battle=battle, pool=slug)

    for path in ("battle", "vote"):
        page = admin.get(f"/admin/arena/{path}/").content.decode()

        assert re.search(rf'<td class="field-pool[^"]*">{re.escape(name)}</td>', page)
        assert re.search(r'<td class="field-winner[^"]*">Both bad</td>', page, re.IGNORECASE)
