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

from catalog.facts.claims import set_by_hand
from catalog.facts.conflicts import PRICE, Conflict, Said, conflicts, take_fact, take_price
from catalog.facts.fields import FIELDS, read
from catalog.facts.labels import WORDS, in_words
from catalog.models import Fact, Price
from core.admin.classes import Choosing, Form

ON_A_PAGE = 50


class FactForm(Form):
    field = forms.ChoiceField(label=gettext_lazy("Field"), choices=[(field, field) for field in FIELDS])
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
                cleaned["value"] = read(cleaned["field"], cleaned["value"])
            except ValueError as error:
                raise forms.ValidationError({"value": str(error)}) from None
        return cleaned


@admin.register(Fact)
class FactAdmin(Choosing):
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
        return in_words(fact.field, fact.value) if fact.value is not None else _("unknown, on purpose")

    def save_model(self, request: HttpRequest, obj: Fact, form: Any, change: Any) -> None:
        obj.pk = set_by_hand(obj.model_id, obj.field, obj.value, obj.source).pk

    def get_urls(self) -> list[URLPattern]:
        of_conflicts = path("conflicts/", self.admin_site.admin_view(self.conflicting), name="catalog_fact_conflicts")
        taking = path("conflicts/take/", self.admin_site.admin_view(self.take), name="catalog_fact_take")
        return [of_conflicts, taking, *super().get_urls()]

    def conflicting(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = conflicts()
        page = Paginator(found, ON_A_PAGE).get_page(request.GET.get("page"))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Conflicting facts"),
            "page": page,
            "shown": [_shown(each) for each in page],
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
            taken = _take(request.POST.get("field", ""), int(request.POST.get("key", "")))
        except (ValueError, OverflowError, Fact.DoesNotExist, Price.DoesNotExist):
            raise Http404 from None
        told = _("%(model)s: “%(value)s” holds now, as set by hand. An import will not change it.")
        self.message_user(request, told % {"model": taken.model.name, "value": _value(taken)})
        return redirect("admin:catalog_fact_conflicts")


def _take(field: str, key: int) -> Fact | Price:
    return take_price(key) if field == PRICE else take_fact(key)


def _value(taken: Fact | Price) -> str:
    return _words(taken.field, taken.value) if isinstance(taken, Fact) else str(taken)


def _words(field: str, value: Any) -> str:
    return _("unknown, on purpose") if value is None else in_words(field, value)


def _shown(conflict: Conflict) -> dict[str, Any]:
    def told(said: Said) -> dict[str, Any]:
        return {
            "key": said.key,
            "source": said.source,
            "as_of": said.as_of,
            "value": _words(conflict.field, said.value),
        }

    label = WORDS[conflict.field][0] if conflict.field in WORDS else _("Price, input/output")
    others = [told(each) for each in conflict.others]
    return {**vars(conflict), "label": label, "chosen": told(conflict.chosen), "others": others}
