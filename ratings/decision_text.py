"""A decision as Markdown, for a document or a ticket."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from django.utils.translation import gettext as _

from catalog.figures import dollars
from ratings import choosing
from ratings.changes import has_rank
from ratings.decision import CHECKLIST, Decision
from ratings.number_text import DASH, UNKNOWN, interval, whole
from ratings.shortlist import Judged

MARKS = re.compile(r"([\\`*_\[\]<>|#~!])")


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
    yield from _ordered_by(choosing.as_json(decision.choice))
    head = (_("Model"), _("Tier"), _("$ a million tokens"), _("A month"), _("To be checked"))
    yield from _table(head, map(_survivor, found.survivors))
    yield f"\n## {_('Their own battles')}\n"
    if decision.own_rows:
        yield from _table(
            (_("Model"), _("Rank"), _("Rating"), _("95 % interval"), _("Votes")), map(_own, decision.own_rows)
        )
    else:
        yield _("Nobody has judged a blind battle among them yet.")
    yield f"\n## {_('Who is left out')}\n"
    yield from (f"- {plain(each.candidate.name)}: {plain(_reasons(each))}" for each in found.excluded)
    yield f"\n## {_('Before the launch')}\n"
    yield from (f"- [ ] {each}" for each in CHECKLIST)


def _ordered_by(shortlist: dict[str, Any]) -> Iterator[str]:
    """Whose ratings the tiers are; nothing where there are none."""
    if shortlist["computed_at"]:
        told = {"pool": plain(shortlist["pool_name"]), "category": shortlist["category"]}
        told["day"] = f"{shortlist['computed_at']:%Y-%m-%d}"
        yield _("Tiers are those of the board %(category)s of %(pool)s, as of %(day)s.") % told + "\n"
    if shortlist["pool_kind"] == "reference":
        yield (
            _("These ratings were published elsewhere, not by this arena; a tier is who overlaps its best one.") + "\n"
        )


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
    doubts = [_("commercial use under conditions")] if judged.conditional else []
    doubts += [finding.words for finding in judged.unknown]
    return plain(model.name), UNKNOWN if model.tier is None else model.tier, *money, plain("; ".join(doubts))


def _own(row: dict[str, Any]) -> tuple[Any, ...]:
    rank = DASH.join(dict.fromkeys(str(row[end]) for end in ("rank_low", "rank_high")))
    rank = rank if has_rank(row) else f"({rank})"
    votes = f"{row['votes']} ({_('provisional')})" if row["provisional"] else row["votes"]
    return plain(row["name"]), rank, whole(row["rating"]), interval(row) or UNKNOWN, votes


def _reasons(judged: Judged) -> str:
    return "; ".join(finding.words for finding in judged.failures)
