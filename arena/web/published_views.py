"""A published battle's page, and the form for reporting the battle."""

from http import HTTPStatus
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from arena.battles import review_queue, sharing
from arena.identity import quotas
from arena.identity.voters import get_voter_id
from arena.models import Battle
from core.http.errors import RequestError

REPORTED_PARAMETER = "reported"  # a query parameter that makes the page show a thank-you note


@require_safe
def show_shared_battle(request: HttpRequest, battle_id: UUID) -> HttpResponse:
    battle = sharing.find_shared_battle(battle_id)
    if battle is None:
        return _render_not_found(request)
    return _render_page(request, battle)


@require_POST
def report_battle(request: HttpRequest, battle_id: UUID) -> HttpResponse:
    """Store a report, and redirect to the page with a thank-you note."""
    battle = sharing.find_shared_battle(battle_id)
    if battle is None:
        return _render_not_found(request)
    try:
        quotas.charge_submission(request)
        review_queue.report_battle(battle, get_voter_id(request))
    except RequestError as error:
        if error.status == HTTPStatus.NOT_FOUND:
            return _render_not_found(request)
        return error.add_headers(_render_page(request, battle, problem=error.detail, status=error.status))
    return redirect(f"{reverse('published-battle', args=[battle.pk])}?{REPORTED_PARAMETER}")


def _render_page(request: HttpRequest, battle: Battle, problem: str = "", status: int = 200) -> HttpResponse:
    context = {
        "battle": sharing.load_shared_battle(battle),
        "problem": problem,
        "has_reported": REPORTED_PARAMETER in request.GET and review_queue.has_reported(battle, get_voter_id(request)),
        "is_review_due": battle.review == Battle.Review.REPORTED,
    }
    page = render(request, "arena/published/published_battle.html", context, status=status)
    page.headers["X-Robots-Tag"] = "noindex"
    return page


def _render_not_found(request: HttpRequest) -> HttpResponse:
    detail = _("This battle was never published, or is no longer published.")
    return render(request, "404.html", {"detail": detail}, status=404)
