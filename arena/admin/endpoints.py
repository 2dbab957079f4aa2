"""Where models are called, how they do, and a button that asks one question."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from arena.endpoints import circuit_breaker, key_variables, probe
from arena.endpoints.backends.registry import BACKENDS
from arena.endpoints.models_file import InvalidFieldError, check_endpoint
from arena.models import Answer, Endpoint, EndpointDay
from core.admin import audit
from core.admin.classes import AutocompleteAdmin, ModelForm
from core.admin.json_field import FORMFIELD_OVERRIDES
from core.storage.database import release_connection

FIGURES_PERIOD = timedelta(days=1)  # and today
ENDPOINT_LABEL = "This endpoint"
LOG_HINT = gettext_lazy("log/web.log of the data folder (var) has more; in compose, the log of the container web.")
FILE_FIELD_NAMES = {"upstream_id": "model"}  # as the models file calls it
FORM_FIELD_NAMES = {name: field for field, name in FILE_FIELD_NAMES.items()}
KEY_CONFIRMATION_FIELD = "api_key_env_again"
KEY_MOVED_MESSAGE = gettext_lazy("The key would go to another host. Type the name of the variable again to confirm.")
CHECKED_FIELDS = (
    "kind",
    "base_url",
    "upstream_id",
    "api_key_env",
    "max_tokens",
    "temperature",
    "max_concurrency",
    "thinking_tokens",
    "first_token_timeout_s",
    "tokens_per_day",
    "parameters",
)
FIGURE_COLUMNS = ("calls", "failure_rate", "first_token", "speed")

KEY_CONFIRMATION_INDEX = CHECKED_FIELDS.index("api_key_env") + 1  # where the form asks for its name again


class EndpointForm(ModelForm):
    kind = forms.ChoiceField(choices=[(kind, kind) for kind in BACKENDS])
    api_key_env_again = forms.CharField(
        label=gettext_lazy("Variable that holds the key, again"),
        help_text=gettext_lazy("Only if the base URL now leads to another host: the key goes there."),
        required=False,
    )

    class Meta:
        model = Endpoint
        fields = ("model", *CHECKED_FIELDS, "enabled")
        labels = {
            "base_url": gettext_lazy("Base URL"),
            "upstream_id": gettext_lazy("Model, at its server"),
            "api_key_env": gettext_lazy("Variable that holds the key"),
            "max_tokens": gettext_lazy("Longest answer, tokens"),
            "max_concurrency": gettext_lazy("Answers at once"),
            "thinking_tokens": gettext_lazy("Tokens for thought"),
            "first_token_timeout_s": gettext_lazy("Longest wait for its first token, s"),
            "tokens_per_day": gettext_lazy("Tokens a day, estimated"),
            "parameters": gettext_lazy("Further parameters"),
            "enabled": gettext_lazy("In the draw"),
        }
        help_texts = {
            "enabled": gettext_lazy("One that was called is switched off here, not deleted: its figures would go too."),
            "thinking_tokens": gettext_lazy("For models that think: so many beside those of the longest answer."),
            "parameters": gettext_lazy('As JSON, such as {"top_p": 0.9}. Never a key: everybody here may read them.'),
        }

    def clean(self) -> dict[str, Any]:
        """By the rules of the models file: no address inside the house, no key where a name belongs."""
        cleaned = super().clean() or {}
        given = {
            FILE_FIELD_NAMES.get(name, name): cleaned[name]
            for name in CHECKED_FIELDS
            if cleaned.get(name) not in (None, "")
        }
        if not self.errors:
            try:
                check_endpoint(ENDPOINT_LABEL, given)
            except InvalidFieldError as wrong:
                self.add_error(FORM_FIELD_NAMES.get(wrong.field, wrong.field), self._in_words(wrong))
        if not self.errors and self._sends_key_elsewhere(cleaned):
            self.add_error(KEY_CONFIRMATION_FIELD, KEY_MOVED_MESSAGE)
        return cleaned

    def _sends_key_elsewhere(self, cleaned: dict[str, Any]) -> bool:
        """Whether the key would go to another server than before, and nobody has typed its name for that."""
        name = cleaned["api_key_env"]
        moved = self.instance.pk and _parse_server(cleaned["base_url"]) != _parse_server(self.initial["base_url"])
        return bool(name and moved and cleaned[KEY_CONFIRMATION_FIELD] != name)

    def _in_words(self, wrong: InvalidFieldError) -> str:
        """Fields are called here as the form calls them."""
        variable = f"“{self.fields['api_key_env'].label}”"
        return f"It {wrong.words.replace('api_key_env', variable)}."


@admin.register(Endpoint)
class EndpointAdmin(AutocompleteAdmin):
    form = EndpointForm
    formfield_overrides = FORMFIELD_OVERRIDES
    list_display = ("name", "kind", "enabled", "state", *FIGURE_COLUMNS)
    list_filter = ("enabled", "kind")
    search_fields = ("model__name", "model__slug", "upstream_id")
    readonly_fields = ("failed_probes", "state", *FIGURE_COLUMNS)
    autocomplete_fields = ("model",)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "model",
                    *CHECKED_FIELDS[:KEY_CONFIRMATION_INDEX],
                    KEY_CONFIRMATION_FIELD,
                    *CHECKED_FIELDS[KEY_CONFIRMATION_INDEX:],
                    "enabled",
                )
            },
        ),
        (gettext_lazy("How it does"), {"fields": ("state", "failed_probes", *FIGURE_COLUMNS)}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Endpoint]:
        recent = EndpointDay.objects.filter(day__gte=timezone.now().date() - FIGURES_PERIOD).order_by("-day")
        rows = super().get_queryset(request).select_related("model").order_by("model__name", "pk")
        return rows.prefetch_related(Prefetch("days", recent, to_attr="recent"))

    def get_urls(self) -> list[URLPattern]:
        ask = path("<int:key>/ask/", self.admin_site.admin_view(self.ask), name="arena_endpoint_ask")
        return [ask, *super().get_urls()]

    def has_delete_permission(self, request: HttpRequest, obj: Endpoint | None = None) -> bool:
        """Not with what was measured of it; calls are forgotten after a while, their days are not."""
        called = obj is not None and (obj.calls.exists() or obj.days.exists())
        return not called and super().has_delete_permission(request, obj)

    def ask(self, request: HttpRequest, key: int) -> HttpResponse:
        """The button: one question, and how quickly the answer came."""
        endpoint = get_object_or_404(Endpoint.objects.select_related("model"), pk=key)
        if not self.has_change_permission(request, endpoint):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        release_connection()
        found = probe.measure_endpoint(endpoint)
        audit.record_change(request.user.get_username(), "tested", endpoint, after=vars(found))
        messages.add_message(
            request, messages.ERROR if found.failure else messages.SUCCESS, describe_probe(endpoint, found)
        )
        return redirect("admin:arena_endpoint_change", key)

    @admin.display(description="model", ordering="model__name")
    def name(self, endpoint: Endpoint) -> str:
        return endpoint.model.name

    @admin.display(description="drawn now")
    def state(self, endpoint: Endpoint) -> str:
        """Whether failed probes have taken it out; and whether it fails although they pass."""
        if not endpoint.enabled:
            return _("switched off")
        if endpoint.failed_probes >= circuit_breaker.FAILED_PROBES_LIMIT:
            return _("no: it did not answer our last %(number)s probes") % {"number": endpoint.failed_probes}
        if endpoint.failed_probes:
            return _("yes, though the last probe failed")
        if endpoint.fails_in_battles:
            return _("yes, but check it: probes pass while most battles of the last 24 hours failed")
        return _("yes")

    @admin.display(description="calls in two days")
    def calls(self, endpoint: Endpoint) -> int:
        return sum(day.answers + sum(day.failures.values()) for day in _get_recent_days(endpoint))

    @admin.display(description="failed")
    def failure_rate(self, endpoint: Endpoint) -> str:
        """As the public sees it two days later."""
        failed = sum(day.public_failures for day in _get_recent_days(endpoint))
        calls = failed + sum(day.public_answers for day in _get_recent_days(endpoint))
        return f"{failed / calls:.1%}" if calls else ""

    @admin.display(description="first token, s")
    def first_token(self, endpoint: Endpoint) -> str:
        return _format_newest(endpoint, "first_token_p50", ".2f")

    @admin.display(description="tokens/s")
    def speed(self, endpoint: Endpoint) -> str:
        return _format_newest(endpoint, "tokens_per_s_p50", ".0f")


def _parse_server(base_url: str) -> tuple[str, str]:
    parts = urlsplit(base_url.lower())
    return parts.scheme, parts.netloc


def _get_recent_days(endpoint: Endpoint) -> list[EndpointDay]:
    return getattr(endpoint, "recent", [])


def _format_newest(endpoint: Endpoint, name: str, shape: str) -> str:
    """The median of the newest day that has one."""
    values = [getattr(day, name) for day in _get_recent_days(endpoint) if getattr(day, name) is not None]
    return format(values[0], shape) if values else ""


def describe_probe(endpoint: Endpoint, found: probe.ProbeResult) -> str:
    """What came of a probe, in our words."""
    name = endpoint.model.name
    if found.failure == probe.NO_KEY:
        missing = _("The variable %(variable)s is not set in the web service, so %(name)s was not asked.")
        return missing % {"variable": endpoint.api_key_env, "name": name}
    if found.failure == probe.KEY_NOT_ALLOWED:
        refused = _("The variable %(variable)s must not be used as a key: ARENA_KEY_NAMES allows only %(allowed)s.")
        return refused % {"variable": endpoint.api_key_env, "allowed": key_variables.format_allowed_names()}
    if found.failure:
        reason = Answer.Failure(found.failure).label
        return _("%(name)s did not answer: %(reason)s. %(log)s") % {"name": name, "reason": reason, "log": LOG_HINT}
    parts = [_("first token after %(wait).2f s") % {"wait": found.first_token_s}] if found.first_token_s else []
    parts += [_("%(speed).0f tokens/s") % {"speed": found.tokens_per_s}] if found.tokens_per_s else []
    return _("%(name)s answered: %(figures)s.") % {"name": name, "figures": ", ".join(parts)}
