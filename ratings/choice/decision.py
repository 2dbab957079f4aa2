"""The decision document: limits, matching models, the chosen model, and the reason.

It can be rendered as a page, as JSON, or as Markdown.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, ClassVar, cast

from django import forms
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from arena.models import Pool
from core.templatetags.strips import Scale, build_scale
from core.text.number_format import format_dollars
from ratings.boards.board_row import BoardRow
from ratings.boards.number_text import UNKNOWN_TEXT, format_interval, format_whole
from ratings.choice.form import ChoiceForm, list_set_fields
from ratings.choice.limits import Candidate, LimitFinding
from ratings.choice.model_choice import ModelChoice
from ratings.choice.serializers import ShortlistSchema
from ratings.choice.shortlist import CandidateAssessment

MAX_LISTED = 10
MARKDOWN_SPECIALS = re.compile(r"([\\`*_\[\]<>|#~!])")
CHECKLIST = (
    gettext_lazy("Pilot: in a blind test, five people judged answers to fifty of your questions."),
    gettext_lazy("Load: speed, failures, and cost were measured for a week at the expected load."),
    gettext_lazy("License: someone with authority approved the terms and the use of your data."),
    gettext_lazy("Attacks: the model was tested against hidden instructions and data theft."),
    gettext_lazy("Harm: the model was tested for misuse, invented facts, and needless refusals."),
    gettext_lazy("Fairness: answers about different groups were tested in all your languages."),
    gettext_lazy("Fallback: a backup model was chosen, and switching to it was tested."),
    gettext_lazy("Review: the next review takes place before the provider retires the model."),
)


class DecisionForm(ChoiceForm):
    chosen = forms.CharField(label=gettext_lazy("Chosen model"), required=False, max_length=200)
    why = forms.CharField(
        label=gettext_lazy("Why"), required=False, max_length=2000, widget=forms.Textarea({"rows": 4})
    )


@dataclass(frozen=True)
class Decision:
    """A decision's content.

    limits: pairs of label and value.
    """

    day: date
    choice: ModelChoice
    limits: list[tuple[str, str]]
    chosen: CandidateAssessment | None
    why: str
    columns: ClassVar[frozenset[str]] = frozenset()  # the table of models has no optional columns on this page

    @cached_property
    def compared_models(self) -> list[CandidateAssessment]:
        """The survivors that were compared: those with a rating or an endpoint here, and the chosen one.

        If no survivor has a rating, these are all survivors.
        """
        survivors = list(self.choice.shortlist.survivors)
        if all(assessment.candidate.rating is None for assessment in survivors):
            return survivors
        apart = {assessment.candidate.slug for assessment in (*self.choice.contestants, self.chosen) if assessment}
        return [
            survivor
            for survivor in survivors
            if survivor.candidate.rating is not None or survivor.candidate.slug in apart
        ]

    @cached_property
    def listed_models(self) -> list[CandidateAssessment]:
        """The models that the page lists: the first `MAX_LISTED` of the compared models and the chosen model.

        The contestants are also listed.
        """
        shortlist = self.choice.shortlist
        selected = [*self.compared_models[:MAX_LISTED], *self.choice.contestants]
        if self.chosen:
            selected.append(self.chosen)
        slugs = {assessment.candidate.slug for assessment in selected}
        return [assessment for assessment in shortlist.selectable if assessment.candidate.slug in slugs]

    @property
    def unlisted_count(self) -> int:
        """The number of survivors that the page does not list."""
        return len(self.choice.shortlist.survivors) - sum(not assessment.unknown for assessment in self.listed_models)

    @property
    def option_groups(self) -> list[tuple[Any, list[CandidateAssessment]]]:
        """The form's options: first the contestants, then the other survivors, then the other undecided models."""
        contestants = self.choice.contestants
        slugs = {assessment.candidate.slug for assessment in contestants}
        others = [other for other in self.choice.shortlist.selectable if other.candidate.slug not in slugs]
        groups = [
            (_("Available here"), contestants),
            (_("Other matching models"), [other for other in others if not other.unknown]),
            (_("Models that might match"), [other for other in others if other.unknown]),
        ]
        return [(label, assessments) for label, assessments in groups if assessments]

    @property
    def scale(self) -> Scale | None:
        """The scale of the listed models' ratings."""
        models = [assessment.candidate for assessment in self.listed_models]
        ends = [end for model in models for end in (model.ci_low, model.rating, model.ci_high)]
        return build_scale(ends, has_end_ticks=True)

    @property
    def price_note(self) -> str:
        """A sentence with the first and the last day on which the listed prices were seen, or "" without prices."""
        days = {assessment.candidate.priced_on for assessment in self.listed_models if assessment.candidate.priced_on}
        if not days:
            return ""
        first, last = (date_format(day, "F j, Y") for day in (min(days), max(days)))
        if first == last:
            return _("Prices as of %(day)s.") % {"day": first}
        return _("Prices were recorded between %(first)s and %(last)s.") % {"first": first, "last": last}

    @property
    def has_monthly_cost(self) -> bool:
        """True if the monthly cost of any listed model is known."""
        return any(assessment.monthly is not None for assessment in self.listed_models)


def build_decision(form: DecisionForm, choice: ModelChoice) -> Decision:
    """Return the decision for a valid form. If the chosen model is not selectable, add an error to the form."""
    slug = form.get_value("chosen")
    selectable = choice.shortlist.selectable
    chosen = next((assessment for assessment in selectable if assessment.candidate.slug == slug), None)
    if slug and chosen is None:
        form.add_error("chosen", _("This model does not meet the limits. Choose a model that matches or might match."))
    return Decision(
        day=timezone.now().date(),
        choice=choice,
        limits=[(label, value) for _name, label, value in list_set_fields(form)],
        chosen=chosen,
        why=form.cleaned_data.get("why", "").strip(),
    )


def build_decision_data(decision: Decision) -> dict[str, Any]:
    """Return the shortlist and the decision as data for JSON."""
    return ShortlistSchema(decision.choice).data | {
        "day": decision.day,
        "task": decision.choice.task and decision.choice.task.slug,
        "limits": dict(decision.limits),
        "chosen": decision.chosen and decision.chosen.candidate.slug,
        "why": decision.why,
        "checklist": [str(item) for item in CHECKLIST],
    }


def render_markdown(decision: Decision) -> str:
    """Return the decision as a Markdown document."""
    return "\n".join(_iter_lines(decision)) + "\n"


def _iter_lines(decision: Decision) -> Iterator[str]:
    task = decision.choice.task
    shortlist = decision.choice.shortlist
    yield f"# {_('Decision')}: {escape_markdown(task.name if task else _('Choose a model'))}"
    yield f"\n{decision.day:%Y-%m-%d}"
    if decision.chosen:
        yield f"\n**{_('Chosen model')}: {escape_markdown(decision.chosen.candidate.name)}**"
    if decision.why:
        yield f"\n{escape_markdown(decision.why)}"
    yield f"\n## {_('Limits')}\n"
    yield from (f"- {escape_markdown(label)}: {escape_markdown(value)}" for label, value in decision.limits)
    yield f"\n## {_('Matching models')}\n"
    yield from _iter_board_notes(decision.choice)
    head = (
        _("Model"), _("Rank"), _("Rating"), _("95% interval"), _("Tier"), _("$ per million tokens"), _("Per month"),
        _("To check"),
    )  # fmt: skip
    yield from _iter_table_lines(head, map(_build_survivor_row, decision.compared_models))
    if unrated := len(shortlist.survivors) - len(decision.compared_models):
        yield "\n" + ngettext(
            "%(number)s other model matches, but has no rating.",
            "%(number)s other models match, but have no rating.",
            unrated,
        ) % {"number": unrated}
    if shortlist.undecided:
        yield f"\n## {_('Models that might match')}\n"
        yield from (_format_reasons(assessment, assessment.unknown) for assessment in shortlist.undecided)
    yield f"\n## {_('Excluded models')}\n"
    yield from (_format_reasons(assessment, assessment.failures) for assessment in shortlist.excluded)
    yield f"\n## {_('Before launch')}\n"
    yield from (f"- [ ] {item}" for item in CHECKLIST)


def _format_reasons(assessment: CandidateAssessment, findings: Sequence[LimitFinding]) -> str:
    reasons = "; ".join(map(str, findings))
    return f"- {escape_markdown(assessment.candidate.name)}: {escape_markdown(reasons)}"


def _iter_board_notes(choice: ModelChoice) -> Iterator[str]:
    """Yield a sentence about the board that the tiers come from, and for a reference board, one about its tiers."""
    if choice.board["computed_at"]:
        source = {
            "pool": escape_markdown(choice.pool.name),
            "category": escape_markdown(choice.category_name),
            "day": f"{choice.board['computed_at']:%Y-%m-%d}",
        }
        yield _("Tiers: %(pool)s (%(category)s), as of %(day)s.") % source + "\n"
    if choice.pool.kind == Pool.Kind.REFERENCE:
        sentence = _(
            "These ratings were published by another site. In each tier, every model's interval overlaps the"
            " interval of the tier's best model."
        )
        yield sentence + "\n"


def escape_markdown(text: str) -> str:
    """Return the text on a single line, with Markdown's special characters escaped."""
    return MARKDOWN_SPECIALS.sub(r"\\\1", " ".join(text.split()))


def _iter_table_lines(head: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> Iterator[str]:
    yield "| " + " | ".join(head) + " |"
    yield "|---" * len(head) + "|"
    yield from ("| " + " | ".join(str(cell) for cell in row) + " |" for row in rows)


def _build_survivor_row(assessment: CandidateAssessment) -> tuple[Any, ...]:
    model = assessment.candidate
    notes = [assessment.license_note] if assessment.license_note else []
    prices = assessment.prices
    if prices and prices.above:
        notes.append(_("price for prompts above %(tokens)s tokens") % {"tokens": f"{prices.above:,}"})
    if prices and prices.off_peak:
        notes.append(_("off-peak price"))
    if model.retires_on:
        notes.append(_("retires on %(day)s") % {"day": f"{model.retires_on:%Y-%m-%d}"})
    if model.successor:
        notes.append(_("replaced by %(name)s") % {"name": model.successor.name})
    return (
        escape_markdown(model.name),
        UNKNOWN_TEXT if model.rank is None else model.rank,
        _format_rating(model),
        format_interval(cast("BoardRow", vars(model))) or UNKNOWN_TEXT,
        UNKNOWN_TEXT if model.tier is None else model.tier,
        UNKNOWN_TEXT if assessment.price is None else format_dollars(assessment.price),
        UNKNOWN_TEXT if assessment.monthly is None else format_dollars(assessment.monthly),
        escape_markdown("; ".join(notes)),
    )


def _format_rating(model: Candidate) -> str:
    setting = f" ({model.setting})" if model.setting else ""
    return escape_markdown(format_whole(model.rating) + setting)
