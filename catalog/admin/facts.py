"""Admin pages for facts: claims from sources, values set by hand, and conflicts between sources."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.admin.source_form import SourceForm
from catalog.facts.claims import set_hand_fact
from catalog.facts.conflicts import PRICE_FIELD, Conflict, accept_fact, accept_price, find_conflicts
from catalog.facts.fields import FACT_FIELDS, parse_value
from catalog.facts.labels import FIELD_LABELS, format_value
from catalog.models import Fact, Price
from core.admin.classes import AutocompleteAdmin

PAGE_SIZE = 50


class FactForm(SourceForm):
    field = forms.ChoiceField(label=gettext_lazy("Field"), choices=[(field, field) for field in FACT_FIELDS])
    value = forms.CharField(
        label=gettext_lazy("Value"),
        help_text=gettext_lazy("A number, true or false, a date like 2024-05 or 2024-05-13, or text."),
    )

    class Meta:
        model = Fact
        fields = ("model", "field", "value", "source", "as_of")

    def clean(self) -> dict[str, Any]:
        """Parse the value with the parser for its field."""
        cleaned = super().clean()
        if {"field", "value"} <= cleaned.keys():
            try:
                cleaned["value"] = parse_value(cleaned["field"], cleaned["value"])
            except ValueError as error:
                raise forms.ValidationError({"value": str(error)}) from None
        return cleaned


@admin.register(Fact)
class FactAdmin(AutocompleteAdmin):
    """Admin page for facts.

    Facts cannot be edited. A fact that an operator adds counts as set by hand: it overrides all other sources and
    replaces any earlier value that was set by hand.
    """

    form = FactForm
    list_display = ("model", "field", "formatted_value", "source", "as_of", "origin", "chosen")
    list_filter = ("chosen", "origin", "field")
    list_select_related = ("model",)
    search_fields = ("model__name", "model__slug", "source")
    autocomplete_fields = ("model",)
    ordering = ("model__slug", "field", "-chosen", "pk")
    change_list_template = "admin/catalog/fact/change_list.html"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("catalog.change_languagemodel") and super().has_add_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="value")
    def formatted_value(self, fact: Fact) -> str:
        return _format_claim(fact)

    def save_model(self, request: HttpRequest, obj: Fact, form: Any, change: Any) -> None:
        obj.pk = set_hand_fact(obj.model_id, obj.field, obj.value, obj.source, obj.as_of).pk

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("conflicts/", wrap(self.show_conflicts), name="catalog_fact_conflicts"),
            path("conflicts/take/", wrap(self.take_claim), name="catalog_fact_take"),
            *super().get_urls(),
        ]

    def show_conflicts(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        conflicts = find_conflicts()
        page = Paginator(conflicts, PAGE_SIZE).get_page(request.GET.get("page"))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Conflicting facts"),
            "page": page,
            "rows": [_build_conflict_row(conflict) for conflict in page],
            "undecided_count": sum(not conflict.decided for conflict in conflicts),
            "may_take": self.has_add_permission(request),
        }
        return render(request, "admin/catalog/fact/conflicts.html", context)

    def take_claim(self, request: HttpRequest) -> HttpResponse:
        """Store the chosen claim as a fact set by hand."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        try:
            key = int(request.POST.get("key", ""))
            accepted = accept_price(key) if request.POST.get("field") == PRICE_FIELD else accept_fact(key)
        except (ValueError, OverflowError, Fact.DoesNotExist, Price.DoesNotExist):
            raise Http404 from None
        message = _("%(model)s: “%(value)s” is now set by hand, so imports will not change it.")
        self.message_user(request, message % {"model": accepted.model.name, "value": _format_claim(accepted)})
        return redirect("admin:catalog_fact_conflicts")


def _format_claim(claim: Fact | Price) -> str:
    if isinstance(claim, Price):
        return str(claim)
    return _("deliberately unknown") if claim.value is None else format_value(claim.field, claim.value)


def _build_conflict_row(conflict: Conflict) -> dict[str, Any]:
    """Return the conflict, in which each claim is a pair of a fact or price and its value as text."""
    label = FIELD_LABELS[conflict.field].label if conflict.field in FIELD_LABELS else _("Price, input/output")
    chosen, *others = [(claim, _format_claim(claim)) for claim in (conflict.chosen, *conflict.others)]
    return {**vars(conflict), "label": label, "chosen": chosen, "others": others}
