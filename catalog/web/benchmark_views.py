"""Benchmark pages: the list of benchmarks, and a page for each benchmark."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
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

from catalog.benchmarks.comparability import RankedScore
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
# The title and the description of each suite, keyed by generation.
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
STATUS_ORDER = (Benchmark.Status.OPEN, Benchmark.Status.NEAR_CEILING, Benchmark.Status.SATURATED)


@require_safe
def show_benchmark_list(
    request: HttpRequest, comparable_slugs: Collection[str], best_keys: Collection[int]
) -> HttpResponse:
    """List all benchmarks, grouped into suites. In each suite, benchmarks are sorted by status, open ones first.

    Benchmarks without scores are in a separate list. The query parameter `status` selects benchmarks with one status.

    `comparable_slugs` contains the slugs of benchmarks that can be compared with votes. `best_keys` contains the
    primary keys of today's best models.
    """
    counted = Benchmark.objects.annotate(number=Count("scores"))
    # Unknown statuses come last.
    benchmarks: list[Any] = sorted(
        counted.order_by("name").prefetch_related("caveats"),
        key=lambda benchmark: [*STATUS_ORDER, benchmark.status].index(benchmark.status),
    )
    add_separability(benchmarks, best_keys)
    _add_score_percents(benchmarks)
    _add_best_scores(benchmarks)
    _add_flaws(benchmarks)
    status = request.GET.get("status", "")
    listed = [benchmark for benchmark in benchmarks if status in ("", benchmark.status)]
    scored = [benchmark for benchmark in listed if _has_results(benchmark)]
    suites = [
        (title, text, [benchmark for benchmark in scored if benchmark.generation == generation])
        for generation, (title, text) in SUITES.items()
    ]
    context = {
        "filters": _list_filters(benchmarks, status),
        "unscored": [benchmark for benchmark in listed if not _has_results(benchmark)],
        "suites": [suite for suite in suites if suite[-1]],
        "comparable_slugs": comparable_slugs,
        "distrusted": _list_distrusted(benchmarks),
        "most_separable": _find_most_separable(benchmarks),
    }
    return render(request, "catalog/benchmarks/benchmark_list.html", context)


def _has_results(benchmark: Any) -> bool:
    """Return True if the benchmark has scores, or if it is the arena's own rating, which comes from votes."""
    return bool(benchmark.number or benchmark.slug == ELO_SLUG)


def _list_filters(benchmarks: Sequence[Benchmark], current: str) -> list[tuple[str, Any, int, bool]]:
    """Return the options of the status filter: value, label, number of benchmarks, and whether it is selected."""
    numbers = Counter(benchmark.status for benchmark in benchmarks)
    statuses = [status for status in STATUS_ORDER if numbers[status]]
    options = [(status.value, status.label, numbers[status], status.value == current) for status in statuses]
    return [("", _("All"), len(benchmarks), not current), *options]


def _add_score_percents(benchmarks: Sequence[Any]) -> None:
    """Set `score_percents` on each benchmark, with one query: its scores in ascending order.

    Scores are rounded to the nearest percent, which limits thousands of scores to 101 values.
    """
    percents: dict[int, set[int]] = defaultdict(set)
    shares = Score.objects.filter(value__gte=0, value__lte=1)
    for key, value in shares.values_list("benchmark_id", "value"):
        percents[key].add(round(100 * value))
    for benchmark in benchmarks:
        benchmark.score_percents = sorted(percents[benchmark.pk])


def _add_best_scores(benchmarks: Iterable[Any]) -> None:
    """Set `best` on each benchmark, with one query: its highest score under any conditions, or None.

    Unverified scores and scores of limited runs count only if there are no others.
    """
    scores = Score.objects.filter(value__gte=0, value__lte=1).select_related("model__organization")
    highest = scores.order_by("benchmark_id", "submitted", "limited", "-value", "model__name").distinct("benchmark_id")
    best = {score.benchmark_id: score for score in highest}
    for benchmark in benchmarks:
        benchmark.best = best.get(benchmark.pk)


def _add_flaws(benchmarks: Iterable[Any]) -> None:
    """Set `flaws` on each benchmark: the labels of its caveats, except evaluation awareness, which applies to all.

    A saturated benchmark gets the saturation label even if it has no such caveat.
    """
    for benchmark in benchmarks:
        kinds = [caveat.kind for caveat in benchmark.caveats.all() if caveat.kind != Caveat.Kind.EVALUATION_AWARENESS]
        if benchmark.status == Benchmark.Status.SATURATED:
            kinds.append(Caveat.Kind.SATURATION)
        benchmark.flaws = [Caveat.Kind(kind).label for kind in dict.fromkeys(kinds)]


def _list_distrusted(benchmarks: Iterable[Any]) -> list[tuple[Any, str, str]]:
    """Return the benchmarks that are saturated or have label errors, with the name and text of their worst flaw."""
    reasons = {Caveat.Kind.SATURATION.label, Caveat.Kind.LABEL_ERRORS.label}
    return [(each, *_describe_worst_flaw(each)) for each in benchmarks if reasons & {*each.flaws}]


def _describe_worst_flaw(benchmark: Benchmark) -> tuple[str, str]:
    caveats = {caveat.kind: caveat for caveat in benchmark.caveats.all()}
    for kind in FLAWS_BY_SEVERITY:
        if kind in caveats:
            return caveats[kind].get_kind_display(), caveats[kind].text
    return str(Caveat.Kind.SATURATION.label), _(
        "The best models score near the maximum, so their order is mostly noise."
    )


def _find_most_separable(benchmarks: Iterable[Any]) -> Any:
    """Return the benchmark that separates the largest share of the pairs of models.

    Return None if fewer than two benchmarks can be compared, or if none of them separates any pair.
    """
    separable = [benchmark for benchmark in benchmarks if benchmark.separability]
    if len(separable) < 2:
        return None
    winner = max(separable, key=lambda benchmark: benchmark.separability.share)
    return winner if winner.separability.share else None


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
