"""Benchmark pages: the list of benchmarks, and a page for each benchmark."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import InvalidPage, Page, Paginator
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from catalog.benchmarks.comparability import RankedScore, Separability
from catalog.benchmarks.rankings import ELO_SLUG, Ranking, load_rankings
from catalog.benchmarks.separability import add_separability
from catalog.models import Benchmark, Caveat, Score
from catalog.web.benchmark_facts import list_facts
from core.templatetags.strips import Scale, build_scale

SCORES_PER_PAGE = 50
ROWS_PER_RANKING = 20  # on one page
RANKINGS_PER_PAGE = 10
MAX_HIGHER_SCORES = 3
FLAWS_BY_SEVERITY = (
    Caveat.Kind.LABEL_ERRORS, Caveat.Kind.LEAKAGE, Caveat.Kind.OVERFITTING, Caveat.Kind.SATURATION,
)  # fmt: skip
# The title and the description of each suite, keyed by generation. The last suite has all other generations.
SUITES = {
    3: (
        gettext_lazy("In use today"),
        gettext_lazy("Benchmarks that model makers report for their 2025 and 2026 models."),
    ),
    2: (
        gettext_lazy("Open LLM Leaderboard 2, 2024 to 2025"),
        gettext_lazy(
            "The six benchmarks of the second Open LLM Leaderboard (retired in March 2025), and the rating from blind "
            "votes."
        ),
    ),
    1: (
        gettext_lazy("Open LLM Leaderboard 1, 2023 to 2024"),
        gettext_lazy(
            "Benchmarks from the time of the first Open LLM Leaderboard. The best models all score near the maximum, "
            "so differences between them are mostly noise."
        ),
    ),
    None: (gettext_lazy("From imported files"), ""),
}
STATUS_RANKS = {Benchmark.Status.OPEN: 0, Benchmark.Status.NEAR_CEILING: 1, Benchmark.Status.SATURATED: 2}


@dataclass(frozen=True, eq=False)
class BenchmarkEntry:
    """A benchmark in the list.

    scores: the number of its scores.
    score_percents: its scores, rounded to percents, ascending. This limits thousands of scores to 101 values.
    best: its highest score under any conditions, or None. Unverified scores and scores of limited runs count only if
        there are no others.
    flaws: the labels of its caveats and its saturation, except evaluation awareness, which applies to all benchmarks.
    separability: how well it separates today's best models, or None if scores are too few.
    """

    benchmark: Benchmark
    scores: int
    score_percents: Sequence[int]
    best: Score | None
    flaws: Sequence[str]
    separability: Separability | None

    @property
    def suite(self) -> int | None:
        """The key of the benchmark's suite in `SUITES`."""
        return self.benchmark.generation if self.benchmark.generation in SUITES else None

    @property
    def has_results(self) -> bool:
        """Whether the benchmark has scores, or is the arena's own rating, which comes from votes."""
        return bool(self.scores) or self.benchmark.slug == ELO_SLUG


@require_safe
def show_benchmark_list(
    request: HttpRequest, comparable_slugs: Collection[str], best_keys: Collection[int]
) -> HttpResponse:
    """List all benchmarks, grouped into suites. In each suite, benchmarks are sorted by status, open ones first.

    Benchmarks without results are in a separate list. The query parameter `status` selects benchmarks with one status.

    `comparable_slugs` contains the slugs of benchmarks that can be compared with votes. `best_keys` contains the
    primary keys of today's best models.
    """
    entries = _load_entries(best_keys)
    status = request.GET.get("status", "")
    listed = [entry for entry in entries if status in ("", entry.benchmark.status)]
    suites = [
        (title, text, [entry for entry in listed if entry.has_results and entry.suite == generation])
        for generation, (title, text) in SUITES.items()
    ]
    context = {
        "filters": _list_filters(entries, status),
        "unscored": [entry.benchmark for entry in listed if not entry.has_results],
        "suites": [suite for suite in suites if suite[-1]],
        "comparable_slugs": comparable_slugs,
        "distrusted": _list_distrusted(entries),
        "most_separable": _find_most_separable(entries),
    }
    return render(request, "catalog/benchmarks/benchmark_list.html", context)


def _load_entries(best_keys: Collection[int]) -> list[BenchmarkEntry]:
    """Return all benchmarks, sorted by status and then by name. Unknown statuses come last."""
    counted = Benchmark.objects.annotate(scores_count=Count("scores")).order_by("name").prefetch_related("caveats")
    benchmarks: list[Any] = sorted(counted, key=lambda each: STATUS_RANKS.get(each.status, len(STATUS_RANKS)))
    add_separability(benchmarks, best_keys)
    shares = Score.objects.filter(value__gte=0, value__lte=1)
    percents: dict[int, set[int]] = defaultdict(set)
    for key, value in shares.values_list("benchmark_id", "value"):
        percents[key].add(round(100 * value))
    highest = shares.order_by("benchmark_id", "submitted", "limited", "-value", "model__name").distinct("benchmark_id")
    best = {score.benchmark_id: score for score in highest.select_related("model__organization")}
    return [
        BenchmarkEntry(
            benchmark=each,
            scores=each.scores_count,
            score_percents=sorted(percents[each.pk]),
            best=best.get(each.pk),
            flaws=_list_flaws(each),
            separability=each.separability,
        )
        for each in benchmarks
    ]


def _list_flaws(benchmark: Benchmark) -> list[str]:
    kinds = [caveat.kind for caveat in benchmark.caveats.all() if caveat.kind != Caveat.Kind.EVALUATION_AWARENESS]
    if benchmark.status == Benchmark.Status.SATURATED:
        kinds.append(Caveat.Kind.SATURATION)
    return [str(Caveat.Kind(kind).label) for kind in dict.fromkeys(kinds)]


def _list_filters(entries: Sequence[BenchmarkEntry], current: str) -> list[tuple[str, Any, int, bool]]:
    """Return the options of the status filter: value, label, number of benchmarks, and whether it is selected."""
    numbers = Counter(entry.benchmark.status for entry in entries)
    statuses = [status for status in STATUS_RANKS if numbers[status]]
    options = [(status.value, status.label, numbers[status], status.value == current) for status in statuses]
    return [("", _("All"), len(entries), not current), *options]


def _list_distrusted(entries: Iterable[BenchmarkEntry]) -> list[tuple[Benchmark, str, str]]:
    """Return the benchmarks that are saturated or have label errors, with the name and text of their worst flaw."""
    reasons = {str(kind.label) for kind in (Caveat.Kind.SATURATION, Caveat.Kind.LABEL_ERRORS)}
    distrusted = [entry.benchmark for entry in entries if not reasons.isdisjoint(entry.flaws)]
    return [(benchmark, *_describe_worst_flaw(benchmark)) for benchmark in distrusted]


def _describe_worst_flaw(benchmark: Benchmark) -> tuple[str, str]:
    caveats = {caveat.kind: caveat for caveat in benchmark.caveats.all()}
    for kind in FLAWS_BY_SEVERITY:
        if kind in caveats:
            return caveats[kind].get_kind_display(), caveats[kind].text
    return str(Caveat.Kind.SATURATION.label), _(
        "The best models score near the maximum, so their order is mostly noise."
    )


def _find_most_separable(entries: Iterable[BenchmarkEntry]) -> BenchmarkEntry | None:
    """Return the benchmark that separates the largest share of the pairs of models.

    Return None if fewer than two benchmarks can be compared, or if none of them separates any pair.
    """
    shares = {entry: entry.separability.share for entry in entries if entry.separability}
    return max(shares, key=lambda entry: shares[entry]) if len(shares) > 1 and any(shares.values()) else None


@require_safe
def show_benchmark(request: HttpRequest, slug: str, best_keys: Collection[int]) -> HttpResponse:
    """Show a benchmark with its scores. `best_keys` contains the primary keys of today's best models."""
    if not slug.isprintable():  # PostgreSQL rejects NUL
        raise Http404
    benchmarks = Benchmark.objects.select_related("superseded_by__superseded_by__superseded_by")
    benchmark = get_object_or_404(benchmarks, slug=slug)
    add_separability([benchmark], best_keys)
    rankings = load_rankings(benchmark)
    context = {
        "benchmark": benchmark,
        "caveats": benchmark.caveats.all(),
        "facts": list_facts(benchmark, has_scores=bool(rankings)),
        **_build_score_context(rankings, request.GET, 100 * (benchmark.chance or 0)),
    }
    return render(request, "catalog/benchmarks/benchmark.html", context)


def _build_score_context(rankings: Sequence[Ranking], query: Mapping[str, str], chance: float) -> dict[str, Any]:
    """Return the context for the rankings and for the scores that cannot be compared, both paginated.

    `chance` is the chance level in percent, or 0 if it is unknown.

    A page with 2,400 scores would be 700 kB. The API returns all scores.
    """
    with_several_scores = [ranking for ranking in rankings if not ranking.is_single]
    numbered = [(f"r{number}", ranking) for number, ranking in enumerate(with_several_scores, 1)]
    page = _get_page(numbered, "rankings", query, RANKINGS_PER_PAGE)
    single_rows = [ranking.rows[0] for ranking in rankings if ranking.is_single]
    single_rows.sort(key=lambda row: row.value, reverse=True)
    tables = [(name, ranking.first, _get_page(ranking.rows, name, query, ROWS_PER_RANKING)) for name, ranking in page]
    top = tables[0][2][0].value if tables else inf
    scaled_tables = [(name, first, rows, _build_percent_scale(name, rows, chance)) for name, first, rows in tables]
    return {
        "rankings": page,
        "tables": scaled_tables,
        "shows_chance": any(scale and chance and scale.contains(chance) for *_, scale in scaled_tables),
        "single_scores": _get_page(single_rows, "alone", query),
        "higher": [row for row in single_rows[:MAX_HIGHER_SCORES] if row.value > top],
        "list_query": urlencode({"rankings": page.number}) if page.number > 1 else "",
    }


def _build_percent_scale(table: str, scores: Iterable[RankedScore], chance: float) -> Scale | None:
    """Return the axis for these scores with their intervals. It need not begin at 0%."""
    ends = [end for score in scores for end in (score.percent, score.low_percent, score.high_percent)]
    return build_scale(ends, f"axis-{table}", chance or None, has_end_ticks=True)


def _get_page(rows: Sequence[Any], name: str, query: Mapping[str, str], size: int = SCORES_PER_PAGE) -> Page[Any]:
    """Return the page whose number is in the query parameter `name`. Raises Http404 if there is no such page."""
    try:
        return Paginator(rows, size).page(query.get(name, "1"))
    except InvalidPage:
        raise Http404 from None
