"""The admin page for endpoints: their servers, their health, and a button that sends a test question."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from arena.endpoints import circuit_breaker, key_variables
from arena.endpoints.model_requests import get_endpoint
from arena.endpoints.models_file import (
    IDENTITY_COLUMNS,
    SHARED_FIELDS,
    InvalidFieldError,
    check_endpoint,
    find_frozen_field,
)
from arena.models import Answer, Contestant, Endpoint, EndpointCall, EndpointDay
from core.admin import audit
from core.admin.classes import ModelAdmin, ModelForm
from core.storage.database import release_connection
from core.storage.shared_slots import SharedSlots

if TYPE_CHECKING:
    from arena.endpoints.probe import ProbeResult

TEST_SLOT_LIMITS = {"all": 2}  # for all operators together, because a test can block its thread for 30 seconds
_running_tests = SharedSlots("tests")
FIGURES_PERIOD = timedelta(days=1)  # in addition to today
MAX_FAILED_CALLS = 10  # on an endpoint's page
ENDPOINT_LABEL = "This endpoint"
WORDS_HINT = gettext_lazy("The provider's words are below, at the newest probe.")
KEY_CONFIRMATION_FIELD = "api_key_env_again"
FROZEN_MESSAGE = gettext_lazy(
    "A contestant that is not a catalog model has answered through this endpoint. What it sends cannot change, so "
    "create another endpoint and another contestant."
)
KEY_MOVED_MESSAGE = gettext_lazy(
    "With the new base URL, Arena would send the API key to a different server. To confirm, enter the name of the "
    "environment variable again."
)
COLUMNS = {**IDENTITY_COLUMNS, **{field: field for field in SHARED_FIELDS}}  # of the endpoint fields in a models file
FIGURE_COLUMNS = ("calls", "failure_rate", "first_token", "speed")


def _list_kinds() -> list[tuple[str, str]]:
    from arena.endpoints.backends.registry import BACKENDS  # loads aiohttp, which takes 8 MB

    return [(kind, kind) for kind in BACKENDS]


class EndpointForm(ModelForm):
    kind = forms.ChoiceField(choices=_list_kinds)
    api_key_env_again = forms.CharField(
        label=gettext_lazy("API key environment variable (confirm)"),
        help_text=gettext_lazy(
            "Required only if you change the scheme, host, or port of the base URL, because Arena would send the key "
            "to the new server."
        ),
        required=False,
    )

    class Meta:
        model = Endpoint
        fields = tuple(COLUMNS.values())
        labels = {
            "base_url": gettext_lazy("Base URL"),
            "upstream_id": gettext_lazy("Model name on the server"),
            "api_key_env": gettext_lazy("API key environment variable"),
            "max_concurrency": gettext_lazy("Maximum concurrent answers"),
            "first_token_timeout_s": gettext_lazy("First-token timeout (s)"),
            "tokens_per_day": gettext_lazy("Token budget per day"),
        }

    def clean(self) -> dict[str, Any]:
        """Check the fields against the rules for the models file, which forbid internal addresses and keys."""
        cleaned_data = super().clean() or {}
        if not self.errors:
            field_values = {field: cleaned_data[column] for field, column in COLUMNS.items()}
            try:
                check_endpoint(
                    ENDPOINT_LABEL, {field: value for field, value in field_values.items() if value not in (None, "")}
                )
            except InvalidFieldError as error:
                self.add_error(COLUMNS[error.field], f"It {error.problem}.")
        contestants = Contestant.objects.filter(endpoint=self.instance.pk).select_related("endpoint")
        if not self.errors and any(find_frozen_field(each, {}, cleaned_data["upstream_id"]) for each in contestants):
            self.add_error("upstream_id", FROZEN_MESSAGE)
        if not self.errors and self._needs_key_confirmation(cleaned_data):
            self.add_error(KEY_CONFIRMATION_FIELD, KEY_MOVED_MESSAGE)
        return cleaned_data

    def _needs_key_confirmation(self, cleaned_data: dict[str, Any]) -> bool:
        """Return whether the key would be sent to a new server and the operator has not confirmed this."""
        name = cleaned_data["api_key_env"]
        if not name or not self.instance.pk:
            return False
        is_new_server = _parse_server(cleaned_data["base_url"]) != _parse_server(self.initial["base_url"])
        return is_new_server and cleaned_data[KEY_CONFIRMATION_FIELD] != name


@admin.register(Endpoint)
class EndpointAdmin(ModelAdmin):
    form = EndpointForm
    list_display = ("name", "kind", "state", *FIGURE_COLUMNS)
    list_filter = ("contestants__enabled", "kind")
    search_fields = ("contestants__name", "contestants__slug", "upstream_id")
    readonly_fields = ("name", "failed_probes", "state", "last_probe", *FIGURE_COLUMNS)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "name",
                    "kind",
                    "base_url",
                    "upstream_id",
                    "api_key_env",
                    KEY_CONFIRMATION_FIELD,
                    *SHARED_FIELDS,
                )
            },
        ),
        (gettext_lazy("Health"), {"fields": ("state", "last_probe", "failed_probes", *FIGURE_COLUMNS)}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Endpoint]:
        recent_days = EndpointDay.objects.filter(day__gte=timezone.now().date() - FIGURES_PERIOD).order_by("-day")
        rows = super().get_queryset(request).order_by("upstream_id", "kind", "pk")
        calls, days = (rows.filter(endpoint=OuterRef("pk")) for rows in (EndpointCall.objects, EndpointDay.objects))
        annotated: QuerySet[Endpoint] = rows.annotate(was_called=Exists(calls) | Exists(days))
        return annotated.prefetch_related("contestants", Prefetch("days", recent_days, to_attr="recent_days"))

    def get_urls(self) -> list[URLPattern]:
        ask = path("<int:key>/ask/", self.admin_site.admin_view(self.ask), name="arena_endpoint_ask")
        return [ask, *super().get_urls()]

    def has_delete_permission(self, request: HttpRequest, obj: Endpoint | None = None) -> bool:
        """Allow deletion only if there are no statistics. Daily statistics outlast calls, so both are checked."""
        has_statistics = obj is not None and (obj.calls.exists() or obj.days.exists())
        return not has_statistics and super().has_delete_permission(request, obj)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        calls = EndpointCall.objects.exclude(failure="").order_by("-pk")
        failed_calls = calls.filter(endpoint=int(object_id))[:MAX_FAILED_CALLS] if object_id.isdecimal() else []
        return super().change_view(
            request, object_id, form_url, {**(extra_context or {}), "failed_calls": failed_calls}
        )

    def ask(self, request: HttpRequest, key: int) -> HttpResponse:
        """Send a test question, and show the result."""
        from arena.endpoints import probe  # loads aiohttp

        endpoint = get_object_or_404(Endpoint, pk=key)
        if not self.has_change_permission(request, endpoint):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        [contestant] = circuit_breaker.choose_contestants([key]) or [Contestant(endpoint=endpoint, name=str(endpoint))]
        release_connection()
        slot = _running_tests.acquire(TEST_SLOT_LIMITS)
        if slot is None:
            messages.error(request, _("Two endpoints are being tested. Try again when one of the tests has ended."))
            return redirect("admin:arena_endpoint_change", key)
        try:
            result = probe.measure_contestant(contestant)
        finally:
            slot.release()
        Endpoint.objects.filter(pk=key).update(**circuit_breaker.build_outcome_fields(result))
        figures = {name: value for name, value in vars(result).items() if name != "detail"}
        audit.record_change(request.user.get_username(), "tested", endpoint, after=figures)
        level = messages.ERROR if result.failure else messages.SUCCESS
        messages.add_message(request, level, describe_probe(contestant, result))
        return redirect("admin:arena_endpoint_change", key)

    @admin.display(description="contestants", ordering="upstream_id")
    def name(self, endpoint: Endpoint) -> str:
        return endpoint.label

    @admin.display(description="ready")
    def state(self, endpoint: Endpoint) -> str:
        """Describe whether the endpoint can be drawn, and whether it fails in battles although its probes pass."""
        if not any(contestant.is_enabled for contestant in endpoint.contestants.all()):
            return _("disabled")
        if endpoint.failed_probes >= circuit_breaker.FAILED_PROBES_LIMIT:
            return _("no, it did not answer the last %(number)s probes") % {"number": endpoint.failed_probes}
        if endpoint.failed_probes:
            return _("yes, though the last probe failed")
        if endpoint.fails_in_battles:
            return _("yes; probes pass, but most battles in the last 24 hours failed")
        if not getattr(endpoint, "was_called", True) and not endpoint.probed_at:
            return _("yes, but it was never called")
        return _("yes")

    @admin.display(description="newest probe")
    def last_probe(self, endpoint: Endpoint) -> str:
        """Describe the newest probe or test question, with the provider's words if it failed."""
        if not endpoint.probed_at:
            return _("none")
        outcome = ", ".join(filter(None, (endpoint.probe_failure, endpoint.probe_detail))) or _("answered")
        return f"{date_format(localtime(endpoint.probed_at), 'DATETIME_FORMAT')}: {outcome}"

    @admin.display(description="calls today and yesterday (UTC)")
    def calls(self, endpoint: Endpoint) -> int:
        return sum(day.answers + sum(day.failures.values()) for day in _get_recent_days(endpoint))

    @admin.display(description="failed")
    def failure_rate(self, endpoint: Endpoint) -> str:
        """Return the failure rate, counted as in the public statistics, which show it two days later."""
        failures = sum(day.public_failures for day in _get_recent_days(endpoint))
        calls = failures + sum(day.public_answers for day in _get_recent_days(endpoint))
        return f"{failures / calls:.1%}" if calls else ""

    @admin.display(description="first token (s)")
    def first_token(self, endpoint: Endpoint) -> str:
        return _format_newest(endpoint, "first_token_p50", ".2f")

    @admin.display(description="tokens/s")
    def speed(self, endpoint: Endpoint) -> str:
        return _format_newest(endpoint, "tokens_per_s_p50", ".0f")


def _parse_server(base_url: str) -> tuple[str, str]:
    parts = urlsplit(base_url.lower())
    return parts.scheme, parts.netloc


def _get_recent_days(endpoint: Endpoint) -> list[EndpointDay]:
    return getattr(endpoint, "recent_days", [])


def _format_newest(endpoint: Endpoint, field: str, number_format: str) -> str:
    """Return the field's value for the newest day that has one, or "" if no day has one."""
    for day in _get_recent_days(endpoint):
        value = getattr(day, field)
        if value is not None:
            return format(value, number_format)
    return ""


def describe_probe(contestant: Contestant, result: "ProbeResult") -> str:
    """Describe the result of a test question in a sentence for operators."""
    from arena.endpoints import probe  # loads aiohttp

    name = contestant.name
    variable = get_endpoint(contestant).api_key_env
    if result.failure == probe.NO_KEY:
        message = _("%(name)s was not called, because the variable %(variable)s is not set in the web service.")
        return message % {"variable": variable, "name": name}
    if result.failure == probe.KEY_NOT_ALLOWED:
        message = _(
            "The variable %(variable)s cannot be used as a key, because ARENA_KEY_NAMES allows only %(allowed)s."
        )
        return message % {"variable": variable, "allowed": key_variables.format_allowed_names()}
    if result.failure:
        reason = Answer.Failure(result.failure).label
        return _("%(name)s did not answer: %(reason)s. %(hint)s") % {"name": name, "reason": reason, "hint": WORDS_HINT}
    figures = []
    if result.first_token_s:
        figures.append(_("first token after %(wait).2f s") % {"wait": result.first_token_s})
    if result.tokens_per_s:
        figures.append(_("%(speed).0f tokens/s") % {"speed": result.tokens_per_s})
    return _("%(name)s answered: %(figures)s.") % {"name": name, "figures": ", ".join(figures)}
