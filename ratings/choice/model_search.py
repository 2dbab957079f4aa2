"""Finds models by name, with their group on a shortlist and the limits that they do not or might not meet."""

from dataclasses import dataclass
from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext

from catalog.facts.fields import has_begun
from catalog.facts.retirement import load_successors
from catalog.models import LanguageModel
from core.text.word_search import contains_words
from ratings.choice.candidates import query_current_models
from ratings.choice.limits import Candidate, LimitFinding
from ratings.choice.shortlist import Shortlist


@dataclass(frozen=True)
class FoundModel:
    """A model whose name matches a search. Of a retired one, only the name and the successor are loaded.

    group: the group in `Shortlist.groups` that the model is in, or "retired" if the model is retired.
    findings: all limits that the model violates or might violate.
    retired_on: the day of the retirement, or None if it is unknown or the model is current.
    """

    candidate: Candidate
    group: str
    findings: tuple[LimitFinding, ...] = ()
    retired_on: date | None = None

    @property
    def standing(self) -> str:
        """The group as text, with the limits that the model violates or might violate, or the day of the retirement."""
        if self.group == "survivors":
            return gettext("matches: it meets all limits")
        if self.group == "retired":
            if self.retired_on is None:
                return gettext("retired, so it is in no group")
            day = date_format(self.retired_on, "F j, Y")
            return gettext("retired on %(day)s, so it is in no group") % {"day": day}
        label = gettext("might match:") if self.group == "undecided" else gettext("excluded:")
        return f"{label} {'; '.join(map(str, self.findings))}"


def find_models(text: str, shortlist: Shortlist) -> list[FoundModel]:
    """Return the models whose name or slug contains each word of the text, sorted by group and then by name.

    If the text is empty, the result is empty too. Demo models are never included.
    """
    if not text.strip():
        return []
    models = [
        FoundModel(assessment.candidate, group, assessment.findings)
        for group, assessments in shortlist.groups.items()
        for assessment in sorted(assessments, key=lambda assessment: assessment.candidate.name)
    ]
    return [
        found
        for found in (*models, *_list_retired())
        if contains_words(f"{found.candidate.name} {found.candidate.slug}", text)
    ]


def _list_retired() -> list[FoundModel]:
    retired = LanguageModel.objects.filter(demo=False).exclude(pk__in=query_current_models()).order_by("name")
    rows = list(retired.values_list("slug", "name", "retires_on", "successor"))
    successors = load_successors() if any(successor for *_, successor in rows) else {}
    return [
        FoundModel(
            Candidate(slug, name, successor=successors.get(slug)),
            "retired",
            retired_on=day if day and has_begun(day) else None,
        )
        for slug, name, day, _ in rows
    ]
