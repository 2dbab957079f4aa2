"""A decision as Markdown, for a document or a ticket."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from django.utils.translation import gettext as _

from catalog.figures import dollars
from ratings.decision import CHECKLIST, Decision
from ratings.shortlist import Judged

MARKS = re.compile(r"([\\`*_\[\]<>|#~!])")
UNKNOWN = "\N{EN DASH}"


def as_markdown(decision: Decision) -> str:
    return "\n".join(_lines(decision)) + "\n"


def _lines(decision: Decision) -> Iterator[str]:
    task, found = decision.choice.task, decision.choice.found
    yield f"# {_('Decision')}: {plain(task.name if task else _('Choose a model'))}"
    yield f"\n{decision.day:%Y-%m-%d}"
    if decision.chosen:
        yield f"\n**{_('Chosen model')}: {plain(decision.chosen.candidate.name)}**"
    if decision.why:
        yield f"\n{plain(decision.why)}"
    yield f"\n## {_('Limits')}\n"
    yield from (f"- {plain(label)}: {plain(value)}" for label, value in decision.limits)
    yield f"\n## {_('Who is left')}\n"
    yield from _table((_("Model"), _("Tier"), _("$ a million tokens"), _("A month")), map(_survivor, found.survivors))
    if decision.own_rows:
        yield f"\n## {_('Their own battles')}\n"
        yield from _table((_("Model"), _("Rating"), _("95 % interval"), _("Votes")), map(_own, decision.own_rows))
    yield f"\n## {_('Who is left out')}\n"
    yield from (f"- {plain(each.candidate.name)}: {plain(_reasons(each))}" for each in found.excluded)
    yield f"\n## {_('Before the launch')}\n"
    yield from (f"- [ ] {each}" for each in CHECKLIST)


def plain(text: str) -> str:
    """What people have written, on one line and without marks that would mean something."""
    return MARKS.sub(r"\\\1", " ".join(text.split()))


def _table(head: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> Iterator[str]:
    yield "| " + " | ".join(head) + " |"
    yield "|---" * len(head) + "|"
    yield from ("| " + " | ".join(str(cell) for cell in row) + " |" for row in rows)


def _survivor(judged: Judged) -> tuple[Any, ...]:
    model = judged.candidate
    money = (UNKNOWN if each is None else dollars(each) for each in (judged.price, judged.monthly))
    return plain(model.name), UNKNOWN if model.tier is None else model.tier, *money


def _own(row: dict[str, Any]) -> tuple[Any, ...]:
    ends = (UNKNOWN if row[end] is None else f"{row[end]:.0f}" for end in ("ci_low", "ci_high"))
    return plain(row["name"]), f"{row['rating']:.0f}", " to ".join(ends), row["votes"]


def _reasons(judged: Judged) -> str:
    return "; ".join(finding.words for finding in judged.failures)
