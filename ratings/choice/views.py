"""The pages for choosing a model and for documenting the decision. The URL contains all of their state."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import orjson
from django.core.paginator import InvalidPage, Page, Paginator
from django.forms import BoundField, Select
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_safe

from arena.identity.pool_access import get_viewer, visible_to
from arena.models import Pool
from core.http.error_pages import render_error_page
from core.http.errors import RequestError
from core.http.forms import render_live_form, shorten_query
from core.templatetags.strips import build_scale
from ratings.boards.model_facts import list_categories
from ratings.choice.candidates import load_candidates
from ratings.choice.decision import (
    CHECKLIST,
    Decision,
    DecisionForm,
    build_decision,
    build_decision_data,
    render_markdown,
)
from ratings.choice.form import (
    FACETS,
    FORM_SECTIONS,
    ChoiceForm,
    list_limit_reasons,
    list_offered_fields,
    list_set_fields,
)
from ratings.choice.limits import LIMIT_ASSESSORS
from ratings.choice.model_choice import ModelChoice, TaskPicks, choose_models, find_task_picks
from ratings.choice.ordering_board import load_ordering_board
from ratings.choice.price_plot import PricePlot, build_price_plot
from ratings.choice.shortlist import CandidateAssessment
from ratings.choice.task_kinds import TaskKind, load_task_kinds
from ratings.models import format_category_name

# For each list of models: the query parameter with its page number → the number of models per page.
PAGE_SIZES = {"left": 10, "unrated": 25, "undecided": 25, "out": 25}
MIN_KNOWN_SHARE = 0.2  # a column with a smaller share of known values is omitted
MULTIPLE_FIELDS = ("modalities", "among")
# Such a number means billions of parameters, because no model has fewer than 1,000 parameters.
BILLIONS_PATTERN = re.compile(r"\d{1,3}(\.\d+)?", re.ASCII)
REMOVED_PARAMETER = "unknown"  # in 0.1, it determined whether models with unknown values were hidden
BOARD_ERRORS = {
    "pool": gettext_lazy("There are no such ratings. Choose from the list."),
    "category": gettext_lazy("There is no such category. Choose from the list."),
}
TOKEN_FIELDS = ("input_tokens", "output_tokens")
# The reasons why values are unknown, for limits on values that do not come from the catalog.
UNKNOWN_LIMIT_REASONS = {
    "weeks": gettext_lazy("enter your own estimates"),
    **dict.fromkeys(("latency", "speed", "failures"), gettext_lazy("not measured here yet")),
}
ORDER_TEXTS = {
    "tier": gettext_lazy("Sorted by tier, then by price, then by speed."),
    "price": gettext_lazy("Sorted by price, then by rating."),
    "rating": gettext_lazy("Sorted by rating."),
}
CONTEXT_FIELDS = ("context", "pages")  # both set the same limit
# Short texts for the limits that most people set. The others are shown with their label.
CHIP_TEXTS = {
    "openness": gettext_lazy("%(value)s weights"),
    "price": gettext_lazy("≤ $%(value)s / 1M tokens"),
    "context": gettext_lazy("context ≥ %(value)s"),
    "params": gettext_lazy("≤ %(value)s parameters"),
    "latency": gettext_lazy("first token in ≤ %(value)s s"),
    "commercial": gettext_lazy("commercial use"),
}


@dataclass(frozen=True)
class SetLimit:
    """A field that is set.

    text: the field with its value.
    query_without: the query string without the field, or "" if the field only qualifies a limit, such as the number of
        tokens. The minimum context in tokens and in pages are one limit, so they are removed together.
    additional_matches: how many more models would match without the limit.
    """

    label: str
    text: str
    query_without: str
    additional_matches: int


@dataclass(frozen=True)
class LimitSection:
    """A section of the form. It is collapsed unless one of its fields is set."""

    title: Any
    fields: list[BoundField]

    @property
    def is_used(self) -> bool:
        return any(field.errors or field.data for field in self.fields)


@require_safe
def show_choice(request: HttpRequest) -> HttpResponse:
    """Show the form, and for a valid form, the shortlist."""
    if redirect := _build_canonical_redirect(request):
        return redirect
    is_bound = ChoiceForm.base_fields.keys() & request.GET.keys()
    form = ChoiceForm(request.GET if is_bound else None, viewer=get_viewer(request))
    try:
        choice = _choose_models(form)
        lists = _paginate_lists(choice, request.GET) if choice else {}
        if form.is_bound:
            _offer_boards(form, choice)
        tasks = [] if form.is_bound else _list_tasks()
    except RequestError as error:
        return render_error_page(request, error)
    groups = choice.shortlist.groups.values() if choice else ()
    candidates = [each.candidate for group in groups for each in group] if choice else load_candidates()
    offered = list_offered_fields(candidates, form)
    sections = _list_sections(form, offered)
    is_order_set = any((form["sort"].errors, form["pool"].data, form["category"].data))
    context = {
        "form": form,
        "facets": _list_facets(form, offered),
        "sections": sections,
        "is_order_set": is_order_set,
        "has_options": is_order_set or any(section.is_used for section in sections),
        "choice": choice,
        **lists,
        "unknown_limits": choice and [_describe_unknown_limit(form, name) for name in choice.shortlist.unknown_limits],
        "limits": choice and _list_set_limits(choice, form, request.GET),
        "search_parameters": [(name, value) for name, value in _list_parameters(request.GET) if name != "find"],
        "list_query": _drop_parameters(request.GET),
        "tokens": _build_token_query(form),
        "has_monthly": any(request.GET.get(name) for name in TOKEN_FIELDS),
        "plot": choice and _build_plot(choice),
        "table": choice and _build_table(list(lists["left"])),
        "order": choice and ORDER_TEXTS[form.get_value("sort")],
        "limit_reasons": list_limit_reasons(offered),
        "tasks": tasks,
        "has_picks": any(task_picks.picks for _kind, _query, task_picks in tasks),
    }
    query = shorten_query(request.GET, MULTIPLE_FIELDS) or "task="
    return render_live_form(request, "ratings/choice/choice.html", context, form, query)


def _choose_models(form: ChoiceForm) -> ModelChoice | None:
    """Return the choice, or None if the form has errors. An unknown pool is reported as an error of its field.

    The default messages about pools and categories refer to lists in the API, so they are replaced for pages.
    """
    try:
        if form.is_valid():
            return choose_models(form)
    except RequestError:
        if not form.cleaned_data["pool"]:
            raise
        form.add_error("pool", "")
    for name, message in BOARD_ERRORS.items():
        if name in form.errors:
            form.errors[name] = form.error_class([str(message)])
    return None


def _build_table(rows: list[CandidateAssessment]) -> dict[str, Any]:
    """Return the scale of the ratings, and the optional columns with values in at least a fifth of the rows."""
    candidates = [row.candidate for row in rows]
    ends = [end for model in candidates for end in (model.ci_low, model.rating, model.ci_high)]
    columns: dict[str, list[Any]] = {
        "context": [model.context for model in candidates],
        "license": [model.license for model in candidates],
        "speed": [model.tokens_per_s for model in candidates],
    }
    known_counts = {name: sum(value is not None for value in values) for name, values in columns.items()}
    visible = {name for name, number in known_counts.items() if number >= MIN_KNOWN_SHARE * len(rows) > 0}
    return {"scale": build_scale(ends, has_end_ticks=True), "columns": visible}


def _build_plot(choice: ModelChoice) -> PricePlot | None:
    named = [pick.candidate.slug for _labels, pick in choice.picks.labeled] if choice.picks else []
    return build_price_plot(choice.shortlist.survivors, named)


def _list_tasks() -> list[tuple[TaskKind, str, TaskPicks]]:
    """Return each task with the query string of its usual limits and its picks.

    Tasks with ratings from the same pool are adjacent.
    """
    task_picks = find_task_picks()
    pool_names = [picks.pool_name for picks in task_picks.values()]
    kinds = sorted(load_task_kinds().values(), key=lambda kind: pool_names.index(task_picks[kind.slug].pool_name))
    return [(kind, urlencode({"task": kind.slug, **kind.limits}), task_picks[kind.slug]) for kind in kinds]


def _list_facets(form: ChoiceForm, offered: set[str]) -> list[tuple[BoundField, list[tuple[str, bool]]]]:
    """Return each offered facet with its values to pick from, and whether each is the current one."""
    return [
        (form[name], [(preset, str(form[name].data).upper() == preset) for preset in presets])
        for name, presets in FACETS.items()
        if name in offered
    ]


def _list_sections(form: ChoiceForm, offered: set[str]) -> list[LimitSection]:
    """Return the sections of the form with their offered fields, except facets. Empty sections are omitted."""
    others = offered - FACETS.keys()
    sections = [LimitSection(title, [form[name] for name in names if name in others]) for title, names in FORM_SECTIONS]
    return [section for section in sections if section.fields]


def _paginate_lists(choice: ModelChoice, query: QueryDict) -> dict[str, Page[CandidateAssessment]]:
    """Return one page of each group of models. The matching models without a rating are listed separately.

    With 2,500 models, the full lists would be half a megabyte of HTML.
    """
    shortlist = choice.shortlist
    rated = [survivor for survivor in shortlist.survivors if survivor.candidate.rating is not None]
    unrated = [survivor for survivor in shortlist.survivors if survivor.candidate.rating is None]
    groups = (rated or unrated, unrated if rated else [], shortlist.undecided, shortlist.excluded)
    lists = zip(PAGE_SIZES.items(), groups, strict=True)
    try:
        return {name: Paginator(models, size).page(query.get(name, "1")) for (name, size), models in lists}
    except InvalidPage:
        raise RequestError(
            "not_found", gettext("This page of the list does not exist. Go to the first page."), 404
        ) from None


def _describe_unknown_limit(form: ChoiceForm, name: str) -> str:
    """Return a limit's label. If its values do not come from the catalog, add the reason why they are unknown."""
    label = gettext("“%(label)s”") % {"label": form.fields[name].label}
    return f"{label} ({UNKNOWN_LIMIT_REASONS[name]})" if name in UNKNOWN_LIMIT_REASONS else label


def _build_token_query(form: ChoiceForm) -> str:
    """Return the token counts and the context as query parameters for the cost calculator, with a leading `&`."""
    tokens: dict[str, Any] = {name: form.data[name] for name in TOKEN_FIELDS if form.data.get(name)}
    if form.is_valid() and (context := form.build_limits().context):
        tokens["context"] = context
    return "&" + urlencode(tokens) if tokens else ""


def _offer_boards(form: ChoiceForm, choice: ModelChoice | None) -> None:
    """Let the user select the pool and the category from lists.

    The categories are those of the pool that sorts the shortlist.
    """
    pools = visible_to(form.viewer).order_by("pk")
    pool = choice.pool if choice else Pool.objects.get(slug=load_ordering_board("", ())["pool"])
    categories = list_categories(pool, form.cleaned_data.get("category", ""))
    for name, empty, options in (
        ("pool", gettext("automatic"), pools),
        ("category", gettext("from the task"), categories),
    ):
        form.fields[name].widget = Select(choices=[("", empty), *((option.slug, option.name) for option in options)])


@require_safe
def show_decision(request: HttpRequest) -> HttpResponse:
    """Show the decision.

    The URL is a shortlist URL with `chosen` and `why` added. If it has `format=md` or `format=json`, return a file.
    """
    if redirect := _build_canonical_redirect(request):
        return redirect
    form = DecisionForm(request.GET, viewer=get_viewer(request))
    try:
        choice = _choose_models(form)
        decision = build_decision(form, choice) if choice else None
    except RequestError as error:
        return render_error_page(request, error)
    if decision and not form.errors and (file := _build_file_response(decision, request.GET.get("format", ""))):
        return file
    groups = decision.option_groups if decision else []
    options = [(label, [(model.candidate.slug, model.candidate.name) for model in models]) for label, models in groups]
    form.fields["chosen"].widget = Select(choices=[("", gettext("none yet")), *options])
    parameters = _list_parameters(request.GET)
    context = {
        "form": form,
        "decision": decision,
        "checklist": [str(item).partition(": ") for item in CHECKLIST],
        "parameters": parameters,
        "query": urlencode(parameters),
        "tokens": _build_token_query(form),
    }
    return render(request, "ratings/choice/decision.html", context, status=400 if form.errors else 200)


def _build_file_response(decision: Decision, kind: str) -> HttpResponse | None:
    """Return the decision as a file of this kind, or None if the kind is unknown."""
    if kind == "md":
        response = HttpResponse(render_markdown(decision), content_type="text/markdown; charset=utf-8")
    elif kind == "json":
        body = orjson.dumps(build_decision_data(decision), option=orjson.OPT_UTC_Z)
        response = HttpResponse(body, content_type="application/json")
    else:
        return None
    response["Content-Disposition"] = f'attachment; filename="decision-{decision.day:%Y-%m-%d}.{kind}"'
    return response


def _list_parameters(query: QueryDict) -> list[tuple[str, str]]:
    """Return the names and values of the shortlist's parameters. The decision form sends them again."""
    return [(name, value) for name in ChoiceForm.base_fields for value in query.getlist(name) if value]


def _list_set_limits(choice: ModelChoice, form: ChoiceForm, query: QueryDict) -> list[SetLimit]:
    """Return the fields that are set: the board that sorts the models, then the limits in the order of the form."""
    boards = (("pool", choice.pool.name), ("category", format_category_name(form.cleaned_data["category"])))
    set_boards = [(name, str(form.fields[name].label), text) for name, text in boards if form.cleaned_data[name]]
    limits = []
    for name, label, value in [*set_boards, *list_set_fields(form)]:
        parameters = CONTEXT_FIELDS if name in CONTEXT_FIELDS else (name,)
        is_removable = parameters[0] in LIMIT_ASSESSORS or name in BOARD_ERRORS
        query_without = _drop_parameters(query, *parameters) or "task=" if is_removable else ""
        text = str(CHIP_TEXTS[name]) % {"value": value} if name in CHIP_TEXTS else f"{label}: {value}"
        limits.append(SetLimit(label, text, query_without, choice.shortlist.gained.get(parameters[0], 0)))
    return limits


def _build_canonical_redirect(request: HttpRequest) -> HttpResponse | None:
    """Return a redirect to the URL without `REMOVED_PARAMETER` and with a unit for `params`, or None if none is needed.

    Users who type 10 mean 10 billion. In the API, a number without a unit is exact, so URLs of pages have the unit.
    """
    query = request.GET.copy()
    query.pop(REMOVED_PARAMETER, None)
    size = query.get("params", "").strip()
    if BILLIONS_PATTERN.fullmatch(size):
        query["params"] = f"{size}B"
    if query == request.GET:
        return None
    return HttpResponsePermanentRedirect(f"{request.path}?{query.urlencode()}" if query else request.path)


def _drop_parameters(query: QueryDict, *names: str) -> str:
    """Return the query string with these parameters and all page numbers removed."""
    parameters = query.copy()
    for name in (*names, *PAGE_SIZES):
        parameters.pop(name, None)
    return parameters.urlencode()
