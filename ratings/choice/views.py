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
from core.http.errors import Refusal
from ratings.choice.decision import CHECKLIST, Decision, DecisionForm, as_json, as_markdown, decide
from ratings.choice.form import PARTS, ChoiceForm, limits_in_words, whys
from ratings.choice.shortlist import Judged
from ratings.choice.shortlists import Choice, choose
from ratings.choice.task_kinds import TaskKind, task_kinds
from ratings.models import Pool

SHOWN = 50
LISTS = ("left", "out")


@dataclass(frozen=True)
class Cost:
    """How many more models would be left without a limit, and the address without it."""

    limit: Any
    more: int
    without: str


@require_safe
def choice_page(request: HttpRequest) -> HttpResponse:
    form = ChoiceForm(request.GET if ChoiceForm.base_fields.keys() & request.GET.keys() else None)
    try:
        choice = choose(form) if form.is_valid() else None
        lists = _lists(choice, request.GET) if choice else {}
    except Refusal as error:
        return render(request, "404.html", {"detail": error.detail}, status=error.status)
    context = {
        "form": form,
        "parts": [(title, [form[name] for name in names]) for title, names in PARTS],
        "choice": choice,
        **lists,
        "limits": choice and limits_in_words(form),
        "asked": _without(request.GET),
        "certain_only": _certain(request.GET),
        "tokens": _tokens(request.GET),
        "benchmarks": choice and _benchmarks(choice.task),
        "costs": choice and _costs(choice, form, request.GET),
        "whys": whys(),
        "tasks": [(kind, _address(kind)) for kind in task_kinds().values()],
        "pools": _pools(choice.pool.slug if choice else ""),
    }
    return render(request, "ratings/choice/choice.html", context, status=400 if form.errors else 200)


def _lists(choice: Choice, asked: QueryDict) -> dict[str, Page[Judged]]:
    """Who is left and who is out, fifty of each: 2,500 models are half a megabyte. The API has them all."""
    models = zip(LISTS, (choice.found.survivors, choice.found.excluded), strict=True)
    try:
        return {name: Paginator(judged, SHOWN).page(asked.get(name, "1")) for name, judged in models}
    except InvalidPage:
        raise Refusal("not_found", say("The list has no such page."), 404) from None


def _benchmarks(task: TaskKind | None) -> list[Benchmark]:
    """Those near the task, in its order."""
    slugs = task.benchmarks if task else ()
    return sorted(Benchmark.objects.filter(slug__in=slugs), key=lambda each: slugs.index(each.slug))


def _tokens(asked: QueryDict) -> str:
    """What the calculator of costs is handed on."""
    given = {name: asked[name] for name in ("input_tokens", "output_tokens") if asked.get(name)}
    return "&" + urlencode(given) if given else ""


def _pools(asked: str) -> QuerySet[Pool]:
    """Those of single shortlists are nobody else's concern, except for the one that is asked for."""
    return Pool.objects.filter(~Q(kind=Pool.Kind.SHORTLIST) | Q(slug=asked)).order_by("pk")


def _address(kind: TaskKind) -> str:
    """With the limits that usually come with the task."""
    return urlencode({"task": kind.slug, **kind.limits})


@require_safe
def decision_page(request: HttpRequest) -> HttpResponse:
    """What stands in the address of a shortlist, and `?chosen=&why=`; `?format=md` and `json` give it as a file."""
    form = DecisionForm(request.GET)
    try:
        decision = decide(form, choose(form)) if form.is_valid() else None
    except Refusal as error:
        return render(request, "404.html", {"detail": error.detail}, status=error.status)
    if decision and not form.errors and (file := _file(decision, request.GET.get("format", ""))):
        return file
    asked = _asked(request.GET)
    context = {
        "form": form,
        "decision": decision,
        "checklist": CHECKLIST,
        "asked": asked,
        "address": urlencode(asked),
        "tokens": _tokens(request.GET),
    }
    return render(request, "ratings/choice/decision.html", context, status=400 if form.errors else 200)


def _file(decision: Decision, kind: str) -> HttpResponse | None:
    kinds = {
        "md": ("text/markdown; charset=utf-8", as_markdown),
        "json": ("application/json", lambda found: orjson.dumps(as_json(found), option=orjson.OPT_UTC_Z)),
    }
    if kind not in kinds:
        return None
    content_type, written = kinds[kind]
    name = f'attachment; filename="decision-{decision.day:%Y-%m-%d}.{kind}"'
    return HttpResponse(written(decision), content_type=content_type, headers={"Content-Disposition": name})


def _asked(query: QueryDict) -> list[tuple[str, str]]:
    """What the form of the decision hands on: all of the shortlist's address."""
    return [(name, value) for name in ChoiceForm.base_fields for value in query.getlist(name) if value]


def _costs(choice: Choice, form: ChoiceForm, asked: QueryDict) -> list[Cost]:
    """The limit that costs most comes first."""
    gained = sorted(choice.found.gained.items(), key=lambda each: -each[1])
    return [Cost(form.fields[name].label, more, _without(asked, name)) for name, more in gained if more]


def _certain(asked: QueryDict) -> str:
    """The address of those alone of which every limited value is known."""
    kept = asked.copy()
    kept["unknown"] = "exclude"
    return _without(kept)


def _without(asked: QueryDict, *names: str) -> str:
    """The address without these, and on the first page of each list."""
    kept = asked.copy()
    for name in (*names, *LISTS):
        kept.pop(name, None)
    return kept.urlencode()
