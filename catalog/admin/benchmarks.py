"""Admin pages for benchmarks, their caveats, and scores."""

from functools import cache
from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from catalog.matching import seed_files
from catalog.models import Benchmark, Caveat, Score
from core.admin.classes import AutocompleteAdmin, LabeledInline, ModelAdmin
from core.admin.json_field import FORMFIELD_OVERRIDES


@cache
def load_shipped_slugs() -> frozenset[str]:
    """Return the slugs of the benchmarks that ship with Arena."""
    return frozenset(entry["slug"] for entry in seed_files.read_tables("benchmarks.toml", "benchmark"))


class CaveatInline(LabeledInline):
    model = Caveat
    extra = 0


@admin.register(Benchmark)
class BenchmarkAdmin(AutocompleteAdmin):
    """Admin page for benchmarks.

    Benchmarks that ship with Arena are read-only here because Arena reloads them from `benchmarks.toml` at every start.
    """

    list_display = ("name", "full_name", "status", "metric", "items", "chance", "caveats", "scores", "ships_with_arena")
    list_filter = ("status", "generation", "caveats__kind")
    search_fields = ("name", "slug", "full_name")
    autocomplete_fields = ("superseded_by",)
    formfield_overrides = FORMFIELD_OVERRIDES
    inlines = (CaveatInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Benchmark]:
        counts = {f"number_of_{name}": Count(name, distinct=True) for name in ("caveats", "scores")}
        benchmarks: QuerySet[Benchmark] = super().get_queryset(request).annotate(**counts)
        return benchmarks

    def get_readonly_fields(self, request: HttpRequest, obj: Benchmark | None = None) -> tuple[str, ...]:
        return ("slug",) if obj else ()

    def has_change_permission(self, request: HttpRequest, obj: Benchmark | None = None) -> bool:
        return not _is_shipped(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Benchmark | None = None) -> bool:
        """Allow deleting one benchmark at a time. A bulk action could include benchmarks that ship with Arena."""
        return obj is not None and not _is_shipped(obj) and super().has_delete_permission(request, obj)

    @admin.display(description="caveats", ordering="number_of_caveats")
    def caveats(self, benchmark: Any) -> int:
        return int(benchmark.number_of_caveats)

    @admin.display(description="scores", ordering="number_of_scores")
    def scores(self, benchmark: Any) -> int:
        return int(benchmark.number_of_scores)

    @admin.display(description="ships with Arena", boolean=True)
    def ships_with_arena(self, benchmark: Benchmark) -> bool:
        return _is_shipped(benchmark)


def _is_shipped(benchmark: Benchmark | None) -> bool:
    return benchmark is not None and benchmark.slug in load_shipped_slugs()


@admin.register(Score)
class ScoreAdmin(ModelAdmin):
    """Admin page for scores, which are imported from files and never edited.

    To correct a score, delete it. To delete all scores from one file, search for its `run`.
    """

    list_display = ("model", "benchmark", "task", "metric", "shots", "value", "stderr", "measured_by", "date")
    list_filter = ("self_reported", "submitted", "limited", "harness", ("benchmark", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("model", "benchmark")
    search_fields = ("model__name", "model__slug", "benchmark__name", "task", "source", "=run")
    search_help_text = "Search by model, benchmark, task, source, or run (the digest of the imported file)"
    ordering = ("benchmark__slug", "-value", "pk")
    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
