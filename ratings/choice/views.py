"""The page of the choice: a task and limits, which stand in the address, and who is left."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import orjson
from django.core.paginator import InvalidPage, Page, Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext as say
from django.views.decorators.http import require_safe

from catalog.models import Benchmark
from core.http.errors import RequestError
from ratings.choice.decision import (
    CHECKLIST,
    Decision,
    DecisionForm,
    build_decision,
    build_decision_data,
    render_markdown,
)
from ratings.choice.form import FORM_SECTIONS, ChoiceForm, describe_limits, list_limit_reasons
from ratings.choice.shortlist import CandidateAssessment
from ratings.choice.shortlists import ModelChoice, choose_models
from ratings.choice.task_kinds import TaskKind, load_task_kinds
from ratings.models import Pool

PAGE_SIZE = 50
LIST_PARAMETERS = ("left", "out")


@dataclass(frozen=True)
class LimitCost:
    """How many more models would be left without a limit, and the address without it."""

    limit: Any
    more: int
    without: str


@require_safe
def show_choice(request: HttpRequest) -> HttpResponse:
    form = ChoiceForm(request.GET if ChoiceForm.base_fields.keys() & request.GET.keys() else None)
    try:
        choice = choose_models(form) if form.is_valid() else None
        lists = _paginate_lists(choice, request.GET) if choice else {}
    except RequestError as error:
        return render(request, "404.html", {"detail": error.detail}, status=error.status)
    context = {
        "form": form,
        "parts": [(title, [form[name] for name in names]) for title, names in FORM_SECTIONS],
        "choice": choice,
        **lists,
        "limits": choice and describe_limits(form),
        "asked": _drop_parameters(request.GET),
        "certain_only": _build_certain_query(request.GET),
        "tokens": _build_token_query(request.GET),
        "benchmarks": choice and _load_benchmarks(choice.task),
        "costs": choice and _list_limit_costs(choice, form, request.GET),
        "whys": list_limit_reasons(),
        "tasks": [(kind, _build_task_query(kind)) for kind in load_task_kinds().values()],
        "pools": _list_pools(choice.pool.slug if choice else ""),
    }
    return render(request, "ratings/choice/choice.html", context, status=400 if form.errors else 200)


def _paginate_lists(choice: ModelChoice, asked: QueryDict) -> dict[str, Page[CandidateAssessment]]:
    """Who is left and who is out, fifty of each: 2,500 models are half a megabyte. The API has them all."""
    models = zip(LIST_PARAMETERS, (choice.found.survivors, choice.found.excluded), strict=True)
    try:
        return {name: Paginator(judged, PAGE_SIZE).page(asked.get(name, "1")) for name, judged in models}
    except InvalidPage:
        raise RequestError("not_found", say("The list has no such page."), 404) from None


def _load_benchmarks(task: TaskKind | None) -> list[Benchmark]:
    """Those near the task, in its order."""
    slugs = task.benchmarks if task else ()
    return sorted(Benchmark.objects.filter(slug__in=slugs), key=lambda each: slugs.index(each.slug))


def _build_token_query(asked: QueryDict) -> str:
    """What the calculator of costs is handed on."""
    given = {name: asked[name] for name in ("input_tokens", "output_tokens") if asked.get(name)}
    return "&" + urlencode(given) if given else ""


def _list_pools(asked: str) -> QuerySet[Pool]:
    """Those of single shortlists are nobody else's concern, except for the one that is asked for."""
    return Pool.objects.filter(~Q(kind=Pool.Kind.SHORTLIST) | Q(slug=asked)).order_by("pk")


def _build_task_query(kind: TaskKind) -> str:
    """With the limits that usually come with the task."""
    return urlencode({"task": kind.slug, **kind.limits})


@require_safe
def show_decision(request: HttpRequest) -> HttpResponse:
    """What stands in the address of a shortlist, and `?chosen=&why=`; `?format=md` and `json` give it as a file."""
    form = DecisionForm(request.GET)
    try:
        decision = build_decision(form, choose_models(form)) if form.is_valid() else None
    except RequestError as error:
        return render(request, "404.html", {"detail": error.detail}, status=error.status)
    if decision and not form.errors and (file := _build_file_response(decision, request.GET.get("format", ""))):
        return file
    asked = _list_parameters(request.GET)
    context = {
        "form": form,
        "decision": decision,
        "checklist": CHECKLIST,
        "asked": asked,
        "address": urlencode(asked),
        "tokens": _build_token_query(request.GET),
    }
    return render(request, "ratings/choice/decision.html", context, status=400 if form.errors else 200)


def _build_file_response(decision: Decision, kind: str) -> HttpResponse | None:
    kinds = {
        "md": ("text/markdown; charset=utf-8", render_markdown),
        "json": ("application/json", lambda found: orjson.dumps(build_decision_data(found), option=orjson.OPT_UTC_Z)),
    }
    if kind not in kinds:
        return None
    content_type, written = kinds[kind]
    name = f'attachment; filename="decision-{decision.day:%Y-%m-%d}.{kind}"'
    return HttpResponse(written(decision), content_type=content_type, headers={"Content-Disposition": name})


def _list_parameters(query: QueryDict) -> list[tuple[str, str]]:
    """What the form of the decision hands on: all of the shortlist's address."""
    return [(name, value) for name in ChoiceForm.base_fields for value in query.getlist(name) if value]


def _list_limit_costs(choice: ModelChoice, form: ChoiceForm, asked: QueryDict) -> list[LimitCost]:
    """The limit that costs most comes first."""
    gained = sorted(choice.found.gained.items(), key=lambda each: -each[1])
    return [LimitCost(form.fields[name].label, more, _drop_parameters(asked, name)) for name, more in gained if more]


def _build_certain_query(asked: QueryDict) -> str:
    """The address of those alone of which every limited value is known."""
    kept = asked.copy()
    kept["unknown"] = "exclude"
    return _drop_parameters(kept)


def _drop_parameters(asked: QueryDict, *names: str) -> str:
    """The address without these, and on the first page of each list."""
    kept = asked.copy()
    for name in (*names, *LIST_PARAMETERS):
        kept.pop(name, None)
    return kept.urlencode()
