"""What sources say of models, a value set by hand with its source, and where sources say different things."""

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

from catalog.facts.claims import set_hand_fact
from catalog.facts.conflicts import PRICE_FIELD, Conflict, SourceClaim, accept_fact, accept_price, find_conflicts
from catalog.facts.fields import FACT_FIELDS, parse_value
from catalog.facts.labels import FIELD_LABELS, format_value
from catalog.models import Fact, Price
from core.admin.classes import AutocompleteAdmin, ModelForm

PAGE_SIZE = 50


class FactForm(ModelForm):
    field = forms.ChoiceField(label=gettext_lazy("Field"), choices=[(field, field) for field in FACT_FIELDS])
    value = forms.CharField(
        label=gettext_lazy("Value"),
        help_text=gettext_lazy("A number, true or false, a date like 2024-05 or 2024-05-13, or a text."),
    )

    class Meta:
        model = Fact
        fields = ("model", "field", "value", "source")

    def clean(self) -> dict[str, Any]:
        """By the rules of all facts."""
        cleaned = super().clean() or {}
        if {"field", "value"} <= cleaned.keys():
            try:
                cleaned["value"] = parse_value(cleaned["field"], cleaned["value"])
            except ValueError as error:
                raise forms.ValidationError({"value": str(error)}) from None
        return cleaned


@admin.register(Fact)
class FactAdmin(AutocompleteAdmin):
    """Facts are never edited: one set by hand goes before all others, and takes the place of the one before."""

    form = FactForm
    list_display = ("model", "field", "said", "source", "as_of", "origin", "chosen")
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
    def said(self, fact: Fact) -> str:
        return format_value(fact.field, fact.value) if fact.value is not None else _("unknown, on purpose")

    def save_model(self, request: HttpRequest, obj: Fact, form: Any, change: Any) -> None:
        obj.pk = set_hand_fact(obj.model_id, obj.field, obj.value, obj.source).pk

    def get_urls(self) -> list[URLPattern]:
        of_conflicts = path("conflicts/", self.admin_site.admin_view(self.conflicting), name="catalog_fact_conflicts")
        taking = path("conflicts/take/", self.admin_site.admin_view(self.take), name="catalog_fact_take")
        return [of_conflicts, taking, *super().get_urls()]

    def conflicting(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = find_conflicts()
        page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Conflicting facts"),
            "page": page,
            "shown": [_build_conflict_row(each) for each in page],
            "open": sum(not each.decided for each in found),
            "may_take": self.has_add_permission(request),
        }
        return render(request, "admin/catalog/fact/conflicts.html", context)

    def take(self, request: HttpRequest) -> HttpResponse:
        """The button: what this source says holds from now on."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        try:
            taken = _accept_claim(request.POST.get("field", ""), int(request.POST.get("key", "")))
        except (ValueError, OverflowError, Fact.DoesNotExist, Price.DoesNotExist):
            raise Http404 from None
        told = _("%(model)s: “%(value)s” holds now, as set by hand. An import will not change it.")
        self.message_user(request, told % {"model": taken.model.name, "value": _format_accepted(taken)})
        return redirect("admin:catalog_fact_conflicts")


def _accept_claim(field: str, key: int) -> Fact | Price:
    return accept_price(key) if field == PRICE_FIELD else accept_fact(key)


def _format_accepted(taken: Fact | Price) -> str:
    return _format_value(taken.field, taken.value) if isinstance(taken, Fact) else str(taken)


def _format_value(field: str, value: Any) -> str:
    return _("unknown, on purpose") if value is None else format_value(field, value)


def _build_conflict_row(conflict: Conflict) -> dict[str, Any]:
    def told(said: SourceClaim) -> dict[str, Any]:
        return {
            "key": said.key,
            "source": said.source,
            "as_of": said.as_of,
            "value": _format_value(conflict.field, said.value),
        }

    label = FIELD_LABELS[conflict.field][0] if conflict.field in FIELD_LABELS else _("Price, input/output")
    others = [told(each) for each in conflict.others]
    return {**vars(conflict), "label": label, "chosen": told(conflict.chosen), "others": others}
