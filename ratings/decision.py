"""The decision that closes a choice: limits, who is left, their own battles, the model that was chosen and why."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ratings import choosing, snapshots
from ratings.choice_form import ChoiceForm, limits_in_words
from ratings.choosing import Choice
from ratings.models import OVERALL
from ratings.shortlist import Judged
from ratings.snapshots import BRADLEY_TERRY

SHOWN = 10
CHECKLIST = (
    _("Pilot: at least fifty questions of your own, of every kind that will come, judged blind by five people."),
    _("Pilot: speed, failures and cost for a week, under the load that is expected."),
    _("License: somebody who may decide has read its conditions, and what happens to the data that is sent."),
    _("Red team: instructions hidden in documents and pages, attempts to get at the prompt and at data of others."),
    _("Red team: harmful requests, invented sources, wrong answers in a sure voice, refusals of what is harmless."),
    _("Fairness: the same question about different people and in each language that will be used."),
    _("Way back: the second choice is named, and changing to it has been tried."),
    _("Review: a day is set, at the latest when the provider retires the model."),
)


class DecisionForm(ChoiceForm):
    chosen = forms.CharField(label=_("Chosen model"), required=False, max_length=200)
    why = forms.CharField(label=_("Why"), required=False, max_length=2000, widget=forms.Textarea({"rows": 4}))


@dataclass(frozen=True)
class Decision:
    """`limits` are pairs of words; `own_rows` those of the board of the battles among the survivors."""

    day: date
    choice: Choice
    limits: list[tuple[str, str]]
    own_rows: list[dict[str, Any]]
    chosen: Judged | None
    why: str

    @cached_property
    def shown(self) -> list[Judged]:
        """Who is left as the page shows it: the first ones, those that can battle here, and the chosen one."""
        further = [*self.choice.contestants, *([self.chosen] if self.chosen else [])]
        slugs = {each.candidate.slug for each in (*self.choice.found.survivors[:SHOWN], *further)}
        return [each for each in self.choice.found.survivors if each.candidate.slug in slugs]

    @property
    def further(self) -> int:
        """How many more are left than are shown."""
        return len(self.choice.found.survivors) - len(self.shown)

    @property
    def groups(self) -> list[tuple[Any, list[Judged]]]:
        """Those to choose from: first the few that could be tried here, then all others that are left."""
        tried = list(self.choice.contestants)
        slugs = {each.candidate.slug for each in tried}
        others = [each for each in self.choice.found.survivors if each.candidate.slug not in slugs]
        return [(label, each) for label, each in ((_("Answer here"), tried), (_("All others left"), others)) if each]

    @property
    def leaders(self) -> int:
        """How many models may be the best by their own battles."""
        return sum(row["tier"] == 1 for row in self.own_rows)

    @property
    def priced(self) -> bool:
        """Whether the cost of a month is known of one of these."""
        return any(each.monthly is not None for each in self.shown)


def decide(form: DecisionForm, choice: Choice) -> Decision:
    """Of a valid form; adds an error to it if the chosen model is not left under the limits."""
    slug = form.given("chosen")
    chosen = next((each for each in choice.found.survivors if each.candidate.slug == slug), None)
    if slug and chosen is None:
        form.add_error("chosen", _("This model is not among those that are left."))
    return Decision(
        day=timezone.now().date(),
        choice=choice,
        limits=limits_in_words(form),
        own_rows=_own_rows(choice.own_pool),
        chosen=chosen,
        why=form.cleaned_data.get("why", "").strip(),
    )


def _own_rows(pool: str | None) -> list[dict[str, Any]]:
    if pool is None:
        return []
    rows: list[dict[str, Any]] = snapshots.newest(pool, OVERALL, style_control=False, method=BRADLEY_TERRY)["rows"]
    return rows


def as_json(decision: Decision) -> dict[str, Any]:
    """The shortlist, and what was decided."""
    names = ("model", "rank_low", "rank_high", "rating", "ci_low", "ci_high", "votes", "provisional")
    return choosing.as_json(decision.choice) | {
        "day": decision.day,
        "task": decision.choice.task and decision.choice.task.slug,
        "limits": dict(decision.limits),
        "own_board": [{name: row[name] for name in names} for row in decision.own_rows],
        "chosen": decision.chosen and decision.chosen.candidate.slug,
        "why": decision.why,
        "checklist": [str(each) for each in CHECKLIST],
    }
