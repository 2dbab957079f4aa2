"""URLs of pages, accounts, and API calls."""

from collections.abc import Callable
from typing import Any

from allauth.account import views as allauth_views
from allauth.mfa.base import views as mfa_views
from allauth.mfa.recovery_codes import views as recovery_views
from allauth.mfa.totp import views as totp_views
from django.urls import URLPattern, path
from django.views.decorators.cache import cache_control
from django.views.generic import RedirectView

from arena.api import docs_views, ready_pairs, submissions
from arena.api import views as api_views
from arena.web import account_views, battle_views, history_views, home_views, published_views, submission_views
from core.http.color_scheme import set_color_scheme


def _build_private_path(route: str, view: Callable[..., Any], name: str) -> URLPattern:
    """Return a path whose responses are for one voter or show secrets, so caches must not store them."""
    return path(route, cache_control(no_store=True)(view), name=name)


pages = [
    path("", home_views.show_home, name="home"),
    path("suggestions/", home_views.show_suggestions, name="suggestions"),
    _build_private_path("battles/", history_views.list_battles, "my-battles"),
    _build_private_path("battles/export/", history_views.export_battles, "my-battles-export"),
    _build_private_path("battles/delete/", history_views.delete_voter_data, "my-battles-delete"),
    _build_private_path("battles/<uuid:battle_id>/", battle_views.show_battle, "battle"),
    _build_private_path("battles/<uuid:battle_id>/delete/", history_views.delete_battle, "battle-delete"),
    _build_private_path("battles/<uuid:battle_id>/vote/", battle_views.cast_vote, "battle-vote"),
    _build_private_path("battles/<uuid:battle_id>/turns/", battle_views.ask_follow_up, "battle-follow-up"),
    _build_private_path("battles/<uuid:battle_id>/retry/", battle_views.retry_answers, "battle-retry-answers"),
    _build_private_path("battles/<uuid:battle_id>/stop/", battle_views.stop_battle, "battle-stop-answers"),
    _build_private_path("battles/<uuid:battle_id>/ratings/", battle_views.show_ratings, "battle-ratings"),
    _build_private_path("battles/<uuid:battle_id>/opinion/", battle_views.save_feedback, "battle-feedback"),
    _build_private_path("battles/<uuid:battle_id>/share/", battle_views.share_battle, "battle-share"),
    _build_private_path("battles/<uuid:battle_id>/continue/", battle_views.continue_battle, "battle-continue"),
    _build_private_path("b/<uuid:battle_id>/", published_views.show_shared_battle, "published-battle"),
    _build_private_path("b/<uuid:battle_id>/vote/", published_views.judge_pair, "ready-judge"),
    _build_private_path("ready/", published_views.show_next_pair, "ready"),
    path("b/<uuid:battle_id>/report/", published_views.report_battle, name="published-battle-report"),
    _build_private_path("benchmarks/submit/", submission_views.submit_to_catalog, "submit"),
    _build_private_path("benchmarks/submissions/<uuid:key>/", submission_views.show_submission, "submission"),
    path("appearance/", set_color_scheme, name="appearance"),
]
# Includes the allauth pages that do not need e-mail, with the URL names that allauth requires.
accounts = [
    _build_private_path("accounts/", account_views.manage_account, "account"),
    path("accounts/keys/<int:key>/revoke/", account_views.revoke_key, name="account-key-revoke"),
    path("accounts/login/", account_views.login, name="account_login"),
    path("accounts/signup/", allauth_views.signup, name="account_signup"),
    path("accounts/logout/", allauth_views.logout, name="account_logout"),
    path("accounts/password/change/", allauth_views.password_change, name="account_change_password"),
    path("accounts/inactive/", allauth_views.account_inactive, name="account_inactive"),
    path("accounts/confirm/", allauth_views.reauthenticate, name="account_reauthenticate"),
    path("accounts/second-factor/", RedirectView.as_view(pattern_name="account"), name="mfa_index"),
    _build_private_path("accounts/second-factor/code/", mfa_views.authenticate, "mfa_authenticate"),
    _build_private_path("accounts/second-factor/confirm/", mfa_views.reauthenticate, "mfa_reauthenticate"),
    _build_private_path("accounts/second-factor/set-up/", totp_views.activate_totp, "mfa_activate_totp"),
    _build_private_path("accounts/second-factor/remove/", totp_views.deactivate_totp, "mfa_deactivate_totp"),
    _build_private_path(
        "accounts/second-factor/recovery/", recovery_views.view_recovery_codes, "mfa_view_recovery_codes"
    ),
    _build_private_path(
        "accounts/second-factor/recovery/new/", recovery_views.generate_recovery_codes, "mfa_generate_recovery_codes"
    ),
]
api = [
    path("", docs_views.CallListView.as_view(), name="api-calls"),
    _build_private_path("battles/", api_views.BattleListView.as_view(), "battle-list"),
    _build_private_path("battles/<uuid:battle_id>/", api_views.BattleDetailView.as_view(), "battle-detail"),
    _build_private_path("battles/<uuid:battle_id>/events", api_views.stream_battle_events, "battle-events"),
    _build_private_path("battles/<uuid:battle_id>/vote/", api_views.BattleVoteView.as_view(), "battle-cast-vote"),
    _build_private_path("battles/<uuid:battle_id>/turns/", api_views.BattleTurnsView.as_view(), "battle-turns"),
    _build_private_path("battles/<uuid:battle_id>/stop/", api_views.BattleStopView.as_view(), "battle-stop"),
    _build_private_path("battles/<uuid:battle_id>/retry/", api_views.BattleRetryView.as_view(), "battle-retry"),
    _build_private_path("battles/<uuid:battle_id>/share/", api_views.BattleShareView.as_view(), "battle-sharing"),
    _build_private_path("ready/next", ready_pairs.NextPairView.as_view(), "ready-next"),
    _build_private_path("ready/<uuid:pair_id>/vote/", ready_pairs.ReadyVoteView.as_view(), "ready-vote"),
    path("models/", api_views.ModelListView.as_view(), name="model-list"),
    path("models/<str:slug>/battles/", api_views.SharedBattleListView.as_view(), name="model-battles"),
    _build_private_path("submissions/", submissions.SubmissionListView.as_view(), "submission-list"),
    _build_private_path("submissions/<uuid:key>/", submissions.SubmissionDetailView.as_view(), "submission-detail"),
]
