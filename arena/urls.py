"""Where arena's pages and calls are."""

from collections.abc import Callable
from typing import Any

from allauth.account import views as allauth_views
from allauth.mfa.base import views as mfa_views
from allauth.mfa.recovery_codes import views as recovery_views
from allauth.mfa.totp import views as totp_views
from django.urls import URLPattern, path
from django.views.decorators.cache import cache_control
from django.views.generic import RedirectView

from arena.api import docs_views, submissions
from arena.api import views as calls
from arena.web import account_views, history_views, home_views, published_views, submission_views
from arena.web import battle_views as views


def _of_battles(route: str, view: Callable[..., Any], name: str) -> URLPattern:
    """What is said about battles is for one reader, and for now: nobody may store it."""
    return path(f"battles/{route}", cache_control(no_store=True)(view), name=name)


def _of_second_factor(route: str, view: Callable[..., Any], name: str) -> URLPattern:
    """These pages show secrets: nobody may store them."""
    return path(f"accounts/second-factor/{route}", cache_control(no_store=True)(view), name=name)


pages = [
    path("", home_views.home, name="home"),
    path("suggestions/", home_views.suggestions, name="suggestions"),
    _of_battles("", history_views.battles, "my-battles"),
    _of_battles("export/", history_views.export, "my-battles-export"),
    _of_battles("delete/", history_views.delete_everything, "my-battles-delete"),
    _of_battles("<uuid:battle_id>/", views.battle, "battle"),
    _of_battles("<uuid:battle_id>/delete/", history_views.delete_one, "battle-delete"),
    _of_battles("<uuid:battle_id>/vote/", views.vote, "battle-vote"),
    _of_battles("<uuid:battle_id>/turns/", views.ask_again, "battle-ask-again"),
    _of_battles("<uuid:battle_id>/retry/", views.retry, "battle-try-again"),
    _of_battles("<uuid:battle_id>/stop/", views.stop, "battle-end"),
    _of_battles("<uuid:battle_id>/opinion/", views.opinion, "battle-opinion"),
    _of_battles("<uuid:battle_id>/share/", views.share, "battle-share"),
    _of_battles("<uuid:battle_id>/go-on/", views.go_on, "battle-go-on"),
    path("b/<uuid:battle_id>/", cache_control(no_store=True)(published_views.battle), name="published-battle"),
    path("b/<uuid:battle_id>/report/", published_views.report, name="published-battle-report"),
    path("benchmarks/submit/", cache_control(no_store=True)(submission_views.submit), name="submit"),
    path(
        "benchmarks/submissions/<uuid:key>/",
        cache_control(no_store=True)(submission_views.submission),
        name="submission",
    ),
    path("appearance/", views.appearance, name="appearance"),
]
# Those of allauth that need no e-mail, under the names by which it looks for them.
accounts = [
    path("accounts/", cache_control(no_store=True)(account_views.account), name="account"),
    path("accounts/keys/<int:key>/revoke/", account_views.revoke_key, name="account-key-revoke"),
    path("accounts/login/", account_views.login, name="account_login"),
    path("accounts/signup/", allauth_views.signup, name="account_signup"),
    path("accounts/logout/", allauth_views.logout, name="account_logout"),
    path("accounts/password/change/", allauth_views.password_change, name="account_change_password"),
    path("accounts/inactive/", allauth_views.account_inactive, name="account_inactive"),
    path("accounts/confirm/", allauth_views.reauthenticate, name="account_reauthenticate"),
    path("accounts/second-factor/", RedirectView.as_view(pattern_name="account"), name="mfa_index"),
    _of_second_factor("code/", mfa_views.authenticate, "mfa_authenticate"),
    _of_second_factor("confirm/", mfa_views.reauthenticate, "mfa_reauthenticate"),
    _of_second_factor("set-up/", totp_views.activate_totp, "mfa_activate_totp"),
    _of_second_factor("remove/", totp_views.deactivate_totp, "mfa_deactivate_totp"),
    _of_second_factor("recovery/", recovery_views.view_recovery_codes, "mfa_view_recovery_codes"),
    _of_second_factor("recovery/new/", recovery_views.generate_recovery_codes, "mfa_generate_recovery_codes"),
]
api = [
    path("", docs_views.Calls.as_view(), name="api-calls"),
    _of_battles("", calls.Battles.as_view(), "battle-list"),
    _of_battles("<uuid:battle_id>/", calls.OneBattle.as_view(), "battle-detail"),
    _of_battles("<uuid:battle_id>/events", calls.events, "battle-events"),
    _of_battles("<uuid:battle_id>/vote/", calls.BattleVote.as_view(), "battle-cast-vote"),
    _of_battles("<uuid:battle_id>/turns/", calls.BattleTurns.as_view(), "battle-turns"),
    _of_battles("<uuid:battle_id>/stop/", calls.BattleStop.as_view(), "battle-stop"),
    _of_battles("<uuid:battle_id>/retry/", calls.BattleRetry.as_view(), "battle-retry"),
    _of_battles("<uuid:battle_id>/share/", calls.BattleShare.as_view(), "battle-sharing"),
    path("models/", calls.Models.as_view(), name="model-list"),
    path("models/<str:slug>/battles/", calls.SharedBattles.as_view(), name="model-battles"),
    path("submissions/", cache_control(no_store=True)(submissions.Submissions.as_view()), name="submission-list"),
    path(
        "submissions/<uuid:key>/",
        cache_control(no_store=True)(submissions.OneSubmission.as_view()),
        name="submission-detail",
    ),
]
