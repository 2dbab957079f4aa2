"""Where models are called, how they do, and a button that asks one question."""

from datetime import UTC, datetime, timedelta
from typing import Any

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

from arena import trials
from arena.backends import BACKENDS
from arena.health import ITS_FAULT
from arena.models import Answer, Endpoint, EndpointDay
from arena.models_file import WrongField, check_endpoint
from config import changes
from config.admin.bases import Choosing, Form
from config.admin.json_field import OVERRIDES

RECENT = timedelta(days=1)  # and today
WHERE = "This endpoint"
WHERE_MORE = gettext_lazy("log/web.log of the data folder (var) has more; in compose, the log of the container web.")
NAMES = {"upstream_id": "model"}  # as the models file calls it
FIELDS = {name: field for field, name in NAMES.items()}
CHECKED = (
    "kind",
    "base_url",
    "upstream_id",
    "api_key_env",
    "max_tokens",
    "temperature",
    "max_concurrency",
    "tokens_per_day",
    "parameters",
)


class EndpointForm(Form):
    kind = forms.ChoiceField(choices=[(kind, kind) for kind in BACKENDS])

    class Meta:
        model = Endpoint
        fields = ("model", *CHECKED, "enabled")
        labels = {
            "base_url": gettext_lazy("Base URL"),
            "upstream_id": gettext_lazy("Model, at its server"),
            "api_key_env": gettext_lazy("Variable that holds the key"),
            "max_tokens": gettext_lazy("Longest answer, tokens"),
            "max_concurrency": gettext_lazy("Answers at once"),
            "tokens_per_day": gettext_lazy("Tokens a day, estimated"),
            "parameters": gettext_lazy("Further parameters"),
            "enabled": gettext_lazy("In the draw"),
        }
        help_texts = {
            "enabled": gettext_lazy("One that was called is switched off here, not deleted: its figures would go too."),
            "parameters": gettext_lazy('As JSON, such as {"top_p": 0.9}. Never a key: everybody here may read them.'),
        }

    def clean(self) -> dict[str, Any]:
        """By the rules of the models file: no address inside the house, no key where a name belongs."""
        cleaned = super().clean() or {}
        given = {NAMES.get(name, name): cleaned[name] for name in CHECKED if cleaned.get(name) not in (None, "")}
        if not self.errors:
            try:
                check_endpoint(WHERE, given)
            except WrongField as wrong:
                self.add_error(FIELDS.get(wrong.field, wrong.field), self._in_words(wrong))
        return cleaned

    def _in_words(self, wrong: WrongField) -> str:
        """Fields are called here as the form calls them."""
        variable = f"“{self.fields['api_key_env'].label}”"
        return f"It {wrong.words.replace('api_key_env', variable)}."


@admin.register(Endpoint)
class EndpointAdmin(Choosing):
    form = EndpointForm
    formfield_overrides = OVERRIDES
    list_display = ("name", "kind", "enabled", "breaker", "failures", "calls", "failure_rate", "first_token", "speed")
    list_filter = ("enabled", "kind")
    search_fields = ("model__name", "model__slug", "upstream_id")
    readonly_fields = ("failures", "closed_until", "breaker", "calls", "failure_rate", "first_token", "speed")
    autocomplete_fields = ("model",)
    fieldsets = (
        (None, {"fields": ("model", *CHECKED, "enabled")}),
        (
            gettext_lazy("How it does"),
            {"fields": ("breaker", "closed_until", "failures", "calls", "failure_rate", "first_token", "speed")},
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Endpoint]:
        recent = EndpointDay.objects.filter(day__gte=timezone.now().date() - RECENT).order_by("-day")
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
        trial = trials.ask(endpoint)
        changes.note(request.user.get_username(), "tested", endpoint, after=vars(trial))
        messages.add_message(request, messages.ERROR if trial.failure else messages.SUCCESS, told(endpoint, trial))
        return redirect("admin:arena_endpoint_change", key)

    @admin.display(description="model", ordering="model__name")
    def name(self, endpoint: Endpoint) -> str:
        return endpoint.model.name

    @admin.display(description="drawn now")
    def breaker(self, endpoint: Endpoint) -> str:
        """Whether failures in a row have taken it out."""
        if not endpoint.enabled:
            return _("switched off")
        if endpoint.closed_until and endpoint.closed_until > datetime.now(UTC):
            return _("out until %(time)s UTC") % {"time": f"{endpoint.closed_until:%H:%M:%S}"}
        return _("on trial, after failures") if endpoint.closed_until else _("yes")

    @admin.display(description="calls in two days")
    def calls(self, endpoint: Endpoint) -> int:
        return sum(day.answers + sum(day.failures.values()) for day in _recent(endpoint))

    @admin.display(description="failed")
    def failure_rate(self, endpoint: Endpoint) -> str:
        failed = sum(number for day in _recent(endpoint) for why, number in day.failures.items() if why in ITS_FAULT)
        calls = self.calls(endpoint)
        return f"{failed / calls:.1%}" if calls else ""

    @admin.display(description="first token, s")
    def first_token(self, endpoint: Endpoint) -> str:
        return _newest(endpoint, "first_token_p50", ".2f")

    @admin.display(description="tokens/s")
    def speed(self, endpoint: Endpoint) -> str:
        return _newest(endpoint, "tokens_per_s_p50", ".0f")


def _recent(endpoint: Endpoint) -> list[EndpointDay]:
    return getattr(endpoint, "recent", [])


def _newest(endpoint: Endpoint, name: str, shape: str) -> str:
    """The median of the newest day that has one."""
    values = [getattr(day, name) for day in _recent(endpoint) if getattr(day, name) is not None]
    return format(values[0], shape) if values else ""


def told(endpoint: Endpoint, trial: trials.Trial) -> str:
    """What came of a trial, in our words."""
    name = endpoint.model.name
    if trial.failure == trials.NO_KEY:
        missing = _("The variable %(variable)s is not set in the web service, so %(name)s was not asked.")
        return missing % {"variable": endpoint.api_key_env, "name": name}
    if trial.failure:
        reason = Answer.Failure(trial.failure).label
        return _("%(name)s did not answer: %(reason)s. %(log)s") % {"name": name, "reason": reason, "log": WHERE_MORE}
    parts = [_("first token after %(wait).2f s") % {"wait": trial.first_token_s}] if trial.first_token_s else []
    parts += [_("%(speed).0f tokens/s") % {"speed": trial.tokens_per_s}] if trial.tokens_per_s else []
    return _("%(name)s answered: %(figures)s.") % {"name": name, "figures": ", ".join(parts)}
