"""Builds the list of facts on a benchmark's page."""

from typing import Any

from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from catalog.facts.labels import extract_link


def list_facts(benchmark: Any, *, has_scores: bool) -> list[tuple[str, str]]:
    """Return the known facts about a benchmark as (label, text) pairs.

    `catalog.benchmarks.separability.add_separability` must have set the attribute `separability`.
    """
    link = extract_link(benchmark.source)
    replaced = ((reverse("benchmark", args=[older.slug]), older.name) for older in benchmark.supersedes.all())
    facts = [
        (_("Full name"), benchmark.full_name if benchmark.full_name != benchmark.name else ""),
        (_("Use"), benchmark.matters),
        (_("Questions"), _add_note(f"{benchmark.items:,}" if benchmark.items else "", benchmark.items_note)),
        (_("Metric"), benchmark.metric and format_html("<code>{}</code>", benchmark.metric)),
        (_("Chance level"), _format_share(benchmark.chance)),
        (_("Human score"), _add_note(_format_share(benchmark.human), benchmark.human_note)),
        (_("Separates top models"), _describe_separability(benchmark) if benchmark.separability or has_scores else ""),
        (_("Replaces"), format_html_join(", ", '<a href="{}">{}</a>', replaced)),
        (
            _("Tasks in lm-evaluation-harness"),
            format_html_join(", ", "<code>{}</code>", ((task,) for task in benchmark.tasks)),
        ),
        (_("Source"), link and format_html('<a href="{}" rel="noopener">{}</a>', link, link.partition("://")[2])),
    ]
    return [(label, text) for label, text in facts if text]


def _format_share(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.0f}%"


def _add_note(text: str, note: str) -> str:
    return f"{text} ({note})" if text and note else text or note


def _describe_separability(benchmark: Any) -> SafeString:
    if not benchmark.separability:
        return SafeString(_("Too few of today's best models have a score here."))
    text = _(
        "%(share)s of the pairs among %(models)s of today's best models. In the other pairs, the scores could differ "
        "by chance alone."
    )
    share = _format_share(benchmark.separability.share)
    return SafeString(text % {"share": share, "models": benchmark.separability.models})
