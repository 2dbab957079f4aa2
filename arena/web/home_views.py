"""The home page with the prompt box, suggestions, and the model selection."""

from dataclasses import dataclass
from typing import Self

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from arena.battles import questions
from arena.battles.requests import NewBattleSchema
from arena.battles.sharing import SharedBattle
from arena.battles.suggestions import draw_cards, get_card_prompt
from arena.endpoints import draw
from arena.identity.voters import get_voter_id
from arena.models import SIDES, Battle, Visibility, get_conversation_limit
from arena.ready import pairs
from core.http.errors import RequestError

MAX_KEY_DIGITS = 18  # more digits might not fit into a primary key


@dataclass(frozen=True)
class BattleFormData:
    """The values of the home page's form, submitted or prefilled from the URL.

    mode: the submitted mode, which can be invalid
    side_slugs: the slugs of the models for sides a and b, or "" for a side with no choice
    among: the slugs of the models from which a blind battle draws, or empty for all models
    """

    prompt: str = ""
    mode: str = Battle.Mode.ANONYMOUS
    side_slugs: tuple[str, ...] = ("", "")
    among: tuple[str, ...] = ()

    @classmethod
    def from_post(cls, request: HttpRequest) -> Self:
        key = _parse_number(request.POST.get("suggestion", ""))
        return cls(
            prompt=get_card_prompt(key) if key else request.POST.get("prompt", "").replace("\r\n", "\n"),
            mode=request.POST.get("mode", Battle.Mode.ANONYMOUS),
            side_slugs=tuple(request.POST.get(f"model_{side}", "") for side in SIDES),
            among=tuple(request.POST.getlist("among")),
        )

    @property
    def model_slugs(self) -> list[str] | None:
        """The slugs to pass to `lifecycle.start_battle`: both sides, those to draw from, or None for all models."""
        if self.mode == Battle.Mode.SIDE_BY_SIDE:
            return [slug for slug in self.side_slugs if slug]
        return list(self.among) or None


@require_http_methods(["GET", "HEAD", "POST"])
def show_home(request: HttpRequest) -> HttpResponse:
    """Show the home page. A POST starts a battle and redirects to it.

    `?prompt=`, `?suggestion=`, and `?pair=` (the id of a ready pair) fill the prompt box. `?like=` is the key of a
    suggestion, and the page then offers another one from the same category. `?model_a=` and `?model_b=` choose the
    models of a side-by-side battle. Each `?among=` is a model from which a blind battle draws.
    """
    if request.method != "POST":
        among = tuple(request.GET.getlist("among"))
        side_slugs = tuple(request.GET.get(f"model_{side}", "") for side in SIDES)
        mode = Battle.Mode.SIDE_BY_SIDE if any(side_slugs) else Battle.Mode.ANONYMOUS
        return _render_page(request, BattleFormData(_read_prompt(request), mode, side_slugs, among))
    form = BattleFormData.from_post(request)
    try:
        NewBattleSchema.check(prompt=form.prompt, mode=form.mode, models=form.model_slugs)
        battle = questions.start_battle(request, form.prompt, form.mode, form.model_slugs)
    except RequestError as error:
        return _render_page(request, form, error)
    return redirect("battle", battle.pk)


@require_safe
def show_suggestions(request: HttpRequest) -> HttpResponse:
    """Render a fragment with four cards that are not in `?shown=`, the keys of the cards on the page."""
    return render(request, "arena/home/_suggestions.html", {"cards": draw_cards(_read_shown_keys(request))})


def _render_page(request: HttpRequest, form: BattleFormData, error: RequestError | None = None) -> HttpResponse:
    # Includes models that the circuit breaker has removed from the draw (see `arena.endpoints.profiles`).
    models = list(draw.list_enabled().order_by("name").values_list("slug", "name"))
    names = dict(models)
    context = {
        "among": [(slug, names.get(slug, slug)) for slug in form.among],
        "prompt": form.prompt,
        "mode": form.mode,
        "max_prompt_length": get_conversation_limit(),
        "side_choices": list(zip(SIDES, form.side_slugs, strict=True)),
        "models": models,
        "model_count": len(models),
        "pair": None if form.among else _load_pair(request),
        "cards": draw_cards(_read_shown_keys(request), _parse_number(request.GET.get("like", ""))),
        # Errors that do not belong to a field are shown at the prompt.
        "errors": error.extra.get("fields", {"prompt": [error.detail]}) if error else {},
        "retention_days": settings.ENVIRONMENT.arena_retention_days,
    }
    if error is None:
        return render(request, "arena/home/home.html", context)
    return error.add_headers(render(request, "arena/home/home.html", context, status=error.status))


def _load_pair(request: HttpRequest) -> SharedBattle | None:
    """Return a ready pair that the visitor has not judged, or None if there is none."""
    candidate = pairs.draw_pair(get_voter_id(request))
    if candidate is None:
        return None
    try:
        content = pairs.get_pair(candidate.id).content
    except RequestError:  # unpublished since the draw
        return None
    return content.mask(Visibility.of_reader(hides_names=True, has_judged=False))


def _read_prompt(request: HttpRequest) -> str:
    prompt = request.GET.get("prompt", "")
    if key := _parse_number(request.GET.get("suggestion", "")):
        prompt = get_card_prompt(key)
    elif pair_id := pairs.parse_id(request.GET.get("pair", "")):
        prompt = pairs.find_prompt(pair_id)
    return prompt[: get_conversation_limit()]


def _read_shown_keys(request: HttpRequest) -> set[int]:
    return {_parse_number(key) for key in request.GET.getlist("shown")}


def _parse_number(text: str) -> int:
    """Return the number, or 0 if the text is not a valid primary key."""
    return int(text) if text.isdecimal() and len(text) <= MAX_KEY_DIGITS else 0
