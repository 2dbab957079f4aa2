"""Tiles and setup steps on the admin index page: battles, endpoints, and items that need review."""

from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Avg, Count, Q
from django.db.models.functions import TruncDate
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from arena.battles import review_queue
from arena.endpoints.circuit_breaker import IN_DRAW
from arena.models import IS_ENABLED, IS_SHARED, Battle, Contestant, EndpointCall, list_contestants
from catalog.models import Submission
from core.admin.overview import STEPS, TILES, Bar, Figure, Step, Tile
from core.models import AuditEntry

DAYS_PER_WEEK = 7
DAY = timedelta(days=1)
MAX_FAILURE_RATE = 0.1


@TILES.register("arena.view_vote")
def build_activity_tile() -> Tile:
    """Count the battles and votes of today (UTC), and those of the last seven days, including today."""
    today = timezone.now().date()
    days = [today - timedelta(days=age) for age in reversed(range(DAYS_PER_WEEK))]
    # The condition on `network` lets the query use an index. It excludes only battles that continue another battle,
    # because those have no network hash. All other battles of the last 30 days have one.
    recent_battles = Battle.objects.filter(~Q(network=""), created_at__gte=datetime.combine(days[0], time(), UTC))
    vote_count = Count("pk", filter=Q(state=Battle.State.VOTED))
    daily_battles = recent_battles.annotate(day=TruncDate("created_at")).values("day")
    rows = daily_battles.annotate(battles=Count("pk"), votes=vote_count)
    votes = {row["day"]: row["votes"] for row in rows}
    battles = {row["day"]: row["battles"] for row in rows}
    battle_list = reverse("admin:arena_battle_changelist")
    vote_list = reverse("admin:arena_vote_changelist")
    return Tile(
        _("Battles and votes on this site"),
        [
            Figure(_("Votes today (UTC)"), f"{votes.get(today, 0):,}", vote_list),
            Figure(_("Votes in the last 7 days"), f"{sum(votes.values()):,}", vote_list),
            Figure(_("Battles today (UTC)"), f"{battles.get(today, 0):,}", battle_list),
            Figure(_("Battles in the last 7 days"), f"{sum(battles.values()):,}", battle_list),
        ],
        _("Votes per day (UTC)"),
        [_build_bar(day, votes.get(day, 0), max(votes.values(), default=0)) for day in days],
    )


def _build_bar(day: date, votes: int, max_votes: int) -> Bar:
    height = max(1, round(100 * votes / max_votes)) if votes else 0  # so that even a single vote is visible
    return Bar(date_format(day, "D"), f"{votes:,}", 100 - height)


@TILES.register("arena.view_endpoint")
def build_endpoint_tile() -> Tile:
    """List the failing endpoints, count the drawable endpoints, and summarize the calls of the last 24 hours."""
    url = reverse("admin:arena_endpoint_changelist")
    # Failed probes remove an endpoint from the draw. Failures in battles only warn operators.
    failing = Contestant.objects.filter(IS_ENABLED, ~IN_DRAW | Q(endpoint__fails_in_battles=True))
    names = ", ".join(failing.order_by("name").values_list("name", flat=True))
    calls = EndpointCall.objects.filter(created_at__gt=timezone.now() - DAY).aggregate(
        all=Count("pk"), failed=Count("pk", filter=~Q(failure="")), first_token=Avg("first_token_s")
    )
    rate = calls["failed"] / calls["all"] if calls["all"] else 0
    first_token = _("unknown") if calls["first_token"] is None else f"{calls['first_token']:.2f} s"
    return Tile(
        _("Endpoints"),
        [
            Figure(_("Failing"), names or "0", url, is_problem=bool(names)),
            Figure(
                _("Ready"), f"{list_contestants().filter(IN_DRAW).count():,}", f"{url}?contestants__enabled__exact=1"
            ),
            Figure(_("Failed calls in the last 24 hours"), f"{rate:.1%}", url, is_problem=rate > MAX_FAILURE_RATE),
            Figure(_("Mean time to first token"), first_token, url),
        ],
    )


@TILES.register("arena.change_battle")
def build_queue_tile() -> Tile:
    """Count the submissions, published battles, and reported battles that wait for a decision."""
    submissions = Submission.objects.filter(state=Submission.State.PENDING).count()
    waiting = review_queue.list_waiting().count()
    reported = Battle.objects.filter(IS_SHARED, review=Battle.Review.REPORTED).count()
    battles = reverse("admin:arena_battle_changelist")
    submission_list = reverse("admin:catalog_submission_changelist")
    return Tile(
        _("Needs review"),
        [
            Figure(_("Submissions"), f"{submissions:,}", submission_list),
            Figure(_("Published battles"), f"{waiting:,}", f"{battles}?published=waiting"),
            Figure(_("Reported battles"), f"{reported:,}", f"{battles}?published=reported", is_problem=reported > 0),
        ],
    )


@STEPS.register("arena.change_contestant")
def build_add_step() -> Step:
    is_done = list_contestants().filter(endpoint__isnull=False).count() > 1  # a battle needs two
    return Step(_("Add a model and its endpoint"), reverse("admin:arena_contestant_add"), is_done)


@STEPS.register("arena.change_endpoint")
def build_test_step() -> Step:
    """Return the step "Test the endpoint". A vote also completes it, because a vote shows that endpoints answer."""
    is_done = AuditEntry.objects.filter(kind="tested").exists() or _has_vote()
    return Step(_("Test the endpoint"), reverse("admin:arena_endpoint_changelist"), is_done=is_done)


@STEPS.register("arena.change_endpoint")
def build_vote_step() -> Step:
    return Step(_("Cast the first vote"), reverse("home"), is_done=_has_vote())


def _has_vote() -> bool:
    return Battle.objects.filter(state=Battle.State.VOTED).exists()
