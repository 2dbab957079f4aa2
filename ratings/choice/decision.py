"""The decision that closes a choice: limits, who is left, their own battles, the model that was chosen and why.

For a page, as JSON, and as Markdown for a document or a ticket.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.text.number_format import format_dollars
from ratings.boards import snapshots
from ratings.boards.changes import has_rank
from ratings.boards.number_text import DASH, UNKNOWN_TEXT, format_interval, format_whole
from ratings.boards.snapshots import BRADLEY_TERRY
from ratings.choice import shortlists
from ratings.choice.form import ChoiceForm, describe_limits
from ratings.choice.shortlist import CandidateAssessment
from ratings.choice.shortlists import ModelChoice
from ratings.models import OVERALL_CATEGORY

MAX_SHOWN = 10
MARKDOWN_SPECIALS = re.compile(r"([\\`*_\[\]<>|#~!])")
CHECKLIST = (
    gettext_lazy(
        "Pilot: at least fifty questions of your own, of every kind that will come, judged blind by five people."
    ),
    gettext_lazy("Pilot: speed, failures and cost for a week, under the load that is expected."),
    gettext_lazy(
        "License: somebody who may decide has read its conditions, and what happens to the data that is sent."
    ),
    gettext_lazy(
        "Red team: instructions hidden in documents and pages, attempts to get at the prompt and at data of others."
    ),
    gettext_lazy(
        "Red team: harmful requests, invented sources, wrong answers in a sure voice, refusals of what is harmless."
    ),
    gettext_lazy("Fairness: the same question about different people and in each language that will be used."),
    gettext_lazy("Way back: the second choice is named, and changing to it has been tried."),
    gettext_lazy("Review: a day is set, at the latest when the provider retires the model."),
)


class DecisionForm(ChoiceForm):
    chosen = forms.CharField(label=gettext_lazy("Chosen model"), required=False, max_length=200)
    why = forms.CharField(
        label=gettext_lazy("Why"), required=False, max_length=2000, widget=forms.Textarea({"rows": 4})
    )


@dataclass(frozen=True)
class Decision:
    """`limits` are pairs of words; `own_rows` those of the board of the battles among the survivors."""

    day: date
    choice: ModelChoice
    limits: list[tuple[str, str]]
    own_rows: list[dict[str, Any]]
    chosen: CandidateAssessment | None
    why: str

    @cached_property
    def shown(self) -> list[CandidateAssessment]:
        """Who is left as the page shows it: the first ones, those that can battle here, and the chosen one."""
        further = [*self.choice.contestants, *([self.chosen] if self.chosen else [])]
        slugs = {each.candidate.slug for each in (*self.choice.found.survivors[:MAX_SHOWN], *further)}
        return [each for each in self.choice.found.survivors if each.candidate.slug in slugs]

    @property
    def further(self) -> int:
        """How many more are left than are shown."""
        return len(self.choice.found.survivors) - len(self.shown)

    @property
    def groups(self) -> list[tuple[Any, list[CandidateAssessment]]]:
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


def build_decision(form: DecisionForm, choice: ModelChoice) -> Decision:
    """Of a valid form; adds an error to it if the chosen model is not left under the limits."""
    slug = form.given("chosen")
    chosen = next((each for each in choice.found.survivors if each.candidate.slug == slug), None)
    if slug and chosen is None:
        form.add_error("chosen", _("This model is not among those that are left."))
    return Decision(
        day=timezone.now().date(),
        choice=choice,
        limits=describe_limits(form),
        own_rows=_load_own_rows(choice.own_pool),
        chosen=chosen,
        why=form.cleaned_data.get("why", "").strip(),
    )


def _load_own_rows(pool: str | None) -> list[dict[str, Any]]:
    if pool is None:
        return []
    rows: list[dict[str, Any]] = snapshots.load_newest_board(
        pool, OVERALL_CATEGORY, style_control=False, method=BRADLEY_TERRY
    )["rows"]
    return rows


def build_decision_data(decision: Decision) -> dict[str, Any]:
    """The shortlist, and what was decided."""
    names = ("model", "rank_low", "rank_high", "rating", "ci_low", "ci_high", "votes", "provisional")
    return shortlists.build_shortlist_data(decision.choice) | {
        "day": decision.day,
        "task": decision.choice.task and decision.choice.task.slug,
        "limits": dict(decision.limits),
        "own_board": [{name: row[name] for name in names} for row in decision.own_rows],
        "chosen": decision.chosen and decision.chosen.candidate.slug,
        "why": decision.why,
        "checklist": [str(each) for each in CHECKLIST],
    }


def render_markdown(decision: Decision) -> str:
    return "\n".join(_iter_lines(decision)) + "\n"


def _iter_lines(decision: Decision) -> Iterator[str]:
    task, found = decision.choice.task, decision.choice.found
    yield f"# {_('Decision')}: {escape_markdown(task.name if task else _('Choose a model'))}"
    yield f"\n{decision.day:%Y-%m-%d}"
    if decision.chosen:
        yield f"\n**{_('Chosen model')}: {escape_markdown(decision.chosen.candidate.name)}**"
    if decision.why:
        yield f"\n{escape_markdown(decision.why)}"
    yield f"\n## {_('Limits')}\n"
    yield from (f"- {escape_markdown(label)}: {escape_markdown(value)}" for label, value in decision.limits)
    yield f"\n## {_('Who is left')}\n"
    yield from _iter_board_notes(shortlists.build_shortlist_data(decision.choice))
    head = (_("Model"), _("Tier"), _("$ a million tokens"), _("A month"), _("To be checked"))
    yield from _iter_table_lines(head, map(_build_survivor_row, found.survivors))
    yield f"\n## {_('Their own battles')}\n"
    if decision.own_rows:
        yield from _iter_table_lines(
            (_("Model"), _("Rank"), _("Rating"), _("95 % interval"), _("Votes")), map(_build_own_row, decision.own_rows)
        )
    else:
        yield _("Nobody has judged a blind battle among them yet.")
    yield f"\n## {_('Who is left out')}\n"
    yield from (
        f"- {escape_markdown(each.candidate.name)}: {escape_markdown(_join_reasons(each))}" for each in found.excluded
    )
    yield f"\n## {_('Before the launch')}\n"
    yield from (f"- [ ] {each}" for each in CHECKLIST)


def _iter_board_notes(shortlist: dict[str, Any]) -> Iterator[str]:
    """Whose ratings the tiers are; nothing where there are none."""
    if shortlist["computed_at"]:
        told = {"pool": escape_markdown(shortlist["pool_name"]), "category": shortlist["category"]}
        told["day"] = f"{shortlist['computed_at']:%Y-%m-%d}"
        yield _("Tiers are those of the board %(category)s of %(pool)s, as of %(day)s.") % told + "\n"
    if shortlist["pool_kind"] == "reference":
        yield (
            _("These ratings were published elsewhere, not by this arena; a tier is who overlaps its best one.") + "\n"
        )


def escape_markdown(text: str) -> str:
    """What people have written, on one line and without marks that would mean something."""
    return MARKDOWN_SPECIALS.sub(r"\\\1", " ".join(text.split()))


def _iter_table_lines(head: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> Iterator[str]:
    yield "| " + " | ".join(head) + " |"
    yield "|---" * len(head) + "|"
    yield from ("| " + " | ".join(str(cell) for cell in row) + " |" for row in rows)


def _build_survivor_row(judged: CandidateAssessment) -> tuple[Any, ...]:
    model = judged.candidate
    money = (UNKNOWN_TEXT if each is None else format_dollars(each) for each in (judged.price, judged.monthly))
    doubts = [_("commercial use under conditions")] if judged.conditional else []
    doubts += [finding.words for finding in judged.unknown]
    return (
        escape_markdown(model.name),
        UNKNOWN_TEXT if model.tier is None else model.tier,
        *money,
        escape_markdown("; ".join(doubts)),
    )


def _build_own_row(row: dict[str, Any]) -> tuple[Any, ...]:
    rank = DASH.join(dict.fromkeys(str(row[end]) for end in ("rank_low", "rank_high")))
    rank = rank if has_rank(row) else f"({rank})"
    votes = f"{row['votes']} ({_('provisional')})" if row["provisional"] else row["votes"]
    return escape_markdown(row["name"]), rank, format_whole(row["rating"]), format_interval(row) or UNKNOWN_TEXT, votes


def _join_reasons(judged: CandidateAssessment) -> str:
    return "; ".join(finding.words for finding in judged.failures)
