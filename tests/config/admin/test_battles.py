"""The inspector of battles."""

import re
from uuid import uuid4

import pytest

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
