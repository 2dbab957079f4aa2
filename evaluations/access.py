"""Who may create, manage, and see evaluations. Everybody else gets the same 404 as for one that does not exist.

The owner is the owner of the evaluation's pool: an account's voter, or a browser's voter until it logs in.
"""

from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from arena.identity.api_keys import get_request_key
from arena.identity.pool_access import get_viewer
from arena.identity.voters import get_account, get_voter_id
from core.http.errors import RequestError, not_found_error
from evaluations.models import Evaluation


def may_create(request: HttpRequest) -> bool:
    """Return whether the request may create evaluations (see `ARENA_EVALUATIONS`)."""
    environment = settings.ENVIRONMENT
    allowed = environment.arena_evaluations or ("members" if environment.is_production else "everyone")
    account = _get_owner_account(request)
    if allowed == "everyone" and get_request_key(request) is None:
        return True
    if allowed == "operators":
        return account is not None and account.is_staff
    return account is not None


def check_may_create(request: HttpRequest) -> None:
    """Raise RequestError 403 `not_allowed` unless the request may create evaluations."""
    if not may_create(request):
        raise RequestError("not_allowed", _("You need an account to create evaluations. Log in first."), 403)


def get_owner_id(request: HttpRequest) -> UUID:
    """Return the voter who owns what this request creates. An API key's evaluations belong to its account."""
    key = get_request_key(request)
    if key and key.user:
        voter: UUID = key.user.voter.pk
        return voter
    return get_voter_id(request)


def list_owned(request: HttpRequest) -> QuerySet[Evaluation]:
    """Return the evaluations of the request's account or browser, newest first."""
    return _query().filter(pool__owner=get_owner_id(request)).order_by("-created_at")


def list_viewed(request: HttpRequest) -> QuerySet[Evaluation]:
    """Return the evaluations of others whose results the request may see: all of them for operators."""
    viewer = get_viewer(request)
    others = _query().exclude(pool__owner=get_owner_id(request))
    return (others if viewer.sees_all else others.filter(_is_viewed(request))).order_by("-created_at")


def get_owned(request: HttpRequest, slug: str) -> Evaluation:
    """Return an evaluation that the request may manage: its own, or any for operators. Raises RequestError 404."""
    evaluation = _query().filter(pool__slug=slug).first()
    if evaluation and (evaluation.pool.owner_id == get_owner_id(request) or get_viewer(request).sees_all):
        return evaluation
    raise evaluation_not_found(slug)


def get_visible(request: HttpRequest, slug: str) -> Evaluation:
    """Return an evaluation whose results the request may see, also as an invited viewer. Raises RequestError 404."""
    evaluation = _query().filter(pool__slug=slug).first()
    if evaluation and (
        evaluation.pool.owner_id == get_owner_id(request)
        or get_viewer(request).sees_all
        or _query().filter(_is_viewed(request), pk=evaluation.pk).exists()
    ):
        return evaluation
    raise evaluation_not_found(slug)


def evaluation_not_found(slug: str) -> RequestError:
    return not_found_error("evaluation", slug)


def _query() -> QuerySet[Evaluation]:
    return Evaluation.objects.select_related("pool", "pool__owner", "question_set")


def _is_viewed(request: HttpRequest) -> Q:
    account = _get_owner_account(request)
    return Q(pool__viewers=account) if account else Q(pk=None)


def _get_owner_account(request: HttpRequest) -> User | None:
    key = get_request_key(request)
    return key.user if key else get_account(request)
