"""The page where readers judge a published battle or a shipped pair, and the form to report a battle."""

from collections.abc import Mapping
from http import HTTPStatus
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from arena.battles import feedback, review_queue, sharing
from arena.battles.requests import NewJudgmentSchema
from arena.battles.reveal import get_board_pool, load_ratings
from arena.battles.sharing import SharedBattle
from arena.identity import quotas
from arena.identity.voters import get_voter_id
from arena.models import READY_POOL, Battle, Visibility, Vote
from arena.ready import judgments, pairs
from arena.ready.pairs import ReadyPair
from arena.web.reveal_cards import build_ratings, describe_prediction
from core.http.errors import RequestError

REPORTED_PARAMETER = "reported"  # a query parameter that makes the page show a thank-you note
JUDGE_PARAMETER = "judge"  # a query parameter that hides the names until the reader has judged
# The key `side` stands for a vote for one of the two models.
YOUR_VERDICTS = {
    "side": gettext_lazy("You preferred <bdi>{name}</bdi>."),
    Vote.Winner.TIE: gettext_lazy("You called it a tie."),
    Vote.Winner.BOTH_BAD: gettext_lazy("You rated both as bad."),
}
ASKER_VERDICTS = {
    "side": gettext_lazy("The person who asked preferred <bdi>{name}</bdi>."),
    Vote.Winner.TIE: gettext_lazy("The person who asked called it a tie."),
    Vote.Winner.BOTH_BAD: gettext_lazy("The person who asked rated both as bad."),
}


@require_safe
def show_next_pair(request: HttpRequest) -> HttpResponse:
    """Redirect to a pair that the visitor has not judged. `?skip=` is the id of a pair to avoid."""
    pair = pairs.draw_pair(get_voter_id(request), pairs.parse_id(request.GET.get("skip", "")))
    if pair is None:
        return render(request, "arena/published/no_pairs.html")
    return redirect(f"{reverse('published-battle', args=[pair.id])}?{JUDGE_PARAMETER}")


@require_safe
def show_shared_battle(request: HttpRequest, battle_id: UUID) -> HttpResponse:
    return _render_page(request, pairs.get_pair(battle_id))


@require_POST
def judge_pair(request: HttpRequest, battle_id: UUID) -> HttpResponse:
    """Store a judgment, and redirect to the page with the names. A second judgment changes nothing."""
    pair = pairs.get_pair(battle_id)
    try:
        judgments.submit_judgment(request, pair, NewJudgmentSchema.check(winner=request.POST.get("winner")))
    except RequestError as error:
        if error.code not in ("already_voted", "own_battle"):
            return error.add_headers(_render_page(request, pair, error=error, hides_names=True))
    return redirect("published-battle", battle_id)


@require_POST
def report_battle(request: HttpRequest, battle_id: UUID) -> HttpResponse:
    """Store a report, and redirect to the page with a thank-you note."""
    battle = sharing.find_shared_battle(battle_id)
    if battle is None:
        raise pairs.not_published_error()
    try:
        quotas.charge("submission", request)
        review_queue.report_battle(battle, get_voter_id(request))
    except RequestError as error:
        if error.status == HTTPStatus.NOT_FOUND:
            raise pairs.not_published_error() from None
        pair = ReadyPair(sharing.load_shared_battle(battle), battle)
        return error.add_headers(_render_page(request, pair, error=error))
    return redirect(f"{reverse('published-battle', args=[battle.pk])}?{REPORTED_PARAMETER}")


def _render_page(
    request: HttpRequest, pair: ReadyPair, *, error: RequestError | None = None, hides_names: bool = False
) -> HttpResponse:
    """Return a pair's page.

    hides_names: hide the names until the reader has judged, even if neither the pair nor the URL requires it
    """
    voter_id = get_voter_id(request)
    is_own = pair.battle is not None and pair.battle.voter_id == voter_id
    judgment = None if is_own else judgments.find_judgment(voter_id, pair.id)
    hides_names = hides_names or pair.hides_names or JUDGE_PARAMETER in request.GET
    visibility = Visibility.of_reader(hides_names=hides_names, has_judged=is_own or judgment is not None)
    pool = get_board_pool(pair.battle) if pair.battle else READY_POOL
    winner = judgment.winner if judgment else pair.content.winner
    ratings = load_ratings(pool, pair.content.contestants) if visibility.ratings else None
    context = {
        "battle": pair.content.mask(visibility),
        "blind": not visibility.names,
        "judgment": judgment,
        "verdicts": _describe_verdicts(pair.content, judgment) if visibility.names else [],
        # From the ratings before the original vote, which a pair that ships with Arena does not have.
        "prediction": describe_prediction(pair.battle, winner) if pair.battle and visibility.ratings else "",
        "ratings": ratings and build_ratings(pair.content.contestants, ratings),
        "link": request.build_absolute_uri(pair.content.url),
        "problem": error.detail if error else "",
        "report_note": _build_report_note(request, pair.battle),
    }
    status = error.status if error else HTTPStatus.OK
    page = render(request, "arena/published/published_battle.html", context, status=status)
    page.headers["X-Robots-Tag"] = "noindex"
    return page


def _describe_verdicts(battle: SharedBattle, judgment: Vote | None) -> list[str]:
    """Return the reader's verdict, how many others share it, and the verdict and reasons of the voter who asked."""
    sentences = []
    if judgment:
        counts = judgments.count_judgments(judgment)
        sentences.append(_describe_verdict(battle, judgment.winner, YOUR_VERDICTS))
        if counts.total == 1:
            sentences.append(_("You are the first to judge this pair."))
        else:
            others = {"same": counts.agreeing - 1, "total": counts.total - 1}
            sentences.append(_("Others who voted as you did: %(same)s of %(total)s.") % others)
    if battle.winner:
        sentences.append(_describe_verdict(battle, battle.winner, ASKER_VERDICTS))
    for side, labels in feedback.list_reason_labels(battle.reasons).items():
        if labels:
            sentences.append(f"{side.upper()}: {', '.join(labels)}.")
    return sentences


def _describe_verdict(battle: SharedBattle, winner: str, sentences: Mapping[str, object]) -> str:
    contestant = battle.contestants.get(winner)
    return format_html(str(sentences["side" if contestant else winner]), name=contestant and contestant.name)


def _build_report_note(request: HttpRequest, battle: Battle | None) -> str:
    """Return a thank-you note, or "" if the reader has not just reported the battle."""
    if battle is None or REPORTED_PARAMETER not in request.GET:
        return ""
    if not review_queue.has_reported(battle, get_voter_id(request)):
        return ""
    if battle.review == Battle.Review.REPORTED:
        return _("Thank you. An operator will review this battle.")
    return _("Thank you. We have recorded your report.")
