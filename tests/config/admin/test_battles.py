"""The inspector of battles."""

import re
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission, User
from django.utils.timezone import now

from arena.models import Battle
from config.models import Change
from tests import factories as common
from tests.arena import factories

pytestmark = pytest.mark.django_db


def text(admin, battle):
    answer = admin.get(f"/admin/arena/battle/{battle.pk}/change/")
    assert answer.status_code == 200
    return " ".join(re.sub(r"<[^>]*>", " ", answer.content.decode()).split())


def test_battle_is_shown_in_full(admin):
    gone = common.model("gone", name="Gone")
    battle = factories.battle(
        "voted",
        prompt="Why <so>?",
        replaced=[{"side": "b", "model": gone.pk, "reason": "timeout", "propensity": 0.125}],
        a=factories.FINISHED
        | {"text": "Because <b>.", "attempt": 2, "tries": 1, "input_tokens": 3, "output_tokens": 9},
        b=factories.FAILED | {"reasoning": "Let me think."},
    )
    shown = text(admin, battle)
    for words in (
        "Why &lt;so&gt;?",
        "Because &lt;b&gt;.",
        "2 in all, 1 since it was last asked for",
        "3 in, 9 out",
        "Failed, Timeout",
        "Let me think.",
        "Side b: Gone failed (timeout); its pair was drawn with chance 0.12500.",
        "delta turn 1, side a, 12 characters",
        "done turn 1, side a",
        "failed turn 1, side b, timeout",
        "voted",
    ):
        assert words in shown


def test_battle_without_turns_is_shown_too(admin):
    assert "Events" not in text(admin, common.battle())


@pytest.mark.parametrize("key", [str(uuid4()), "no-uuid"])
def test_unknown_battle_leads_back(admin, key):
    answer = admin.get(f"/admin/arena/battle/{key}/change/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/")


def test_operator_withdraws_a_battle_that_everybody_reads(admin):
    first, second = (factories.battle("voted", shared_at=now()) for _ in range(2))
    path = "/admin/arena/battle/"
    assert admin.get(f"{path}?shared=yes").context["cl"].result_count == 2

    admin.post(path, {"action": "withdraw", "_selected_action": [str(first.pk)]})

    assert [*Battle.objects.filter(shared_at__isnull=False)] == [second]
    assert [*Change.objects.values_list("who", "kind", "key")] == [("operator", "withdrew", str(first.pk))]


def test_who_may_only_look_cannot_withdraw(client):
    watcher = User.objects.create_user("watcher", is_staff=True)
    watcher.user_permissions.add(Permission.objects.get(codename="view_battle"))
    client.force_login(watcher)
    battle = factories.battle("voted", shared_at=now())

    client.post("/admin/arena/battle/", {"action": "withdraw", "_selected_action": [str(battle.pk)]})

    battle.refresh_from_db()
    assert battle.shared_at
