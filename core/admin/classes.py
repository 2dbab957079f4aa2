"""Django's classes for pages of the admin, generic for the type checker alone, and fields that say what they are."""

from typing import TYPE_CHECKING, Any, TypeAlias

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext as _

if TYPE_CHECKING:
    ModelAdmin: TypeAlias = admin.ModelAdmin[Any]
    TabularInline: TypeAlias = admin.TabularInline[Any, Any]
    ModelForm: TypeAlias = forms.ModelForm[Any]
    InlineFormSet: TypeAlias = forms.BaseInlineFormSet[Any, Any, Any]
else:
    ModelAdmin, TabularInline, ModelForm, InlineFormSet = (
        admin.ModelAdmin,
        admin.TabularInline,
        forms.ModelForm,
        forms.BaseInlineFormSet,
    )


def is_valid_key(model: type[Model], value: Any) -> bool:
    """Whether a row of this model could have it; Django asks the database for whatever is sent."""
    try:
        return model._meta.pk.to_python(value) is not None
    except ValidationError:
        return False


class AutocompleteWidget(AutocompleteSelect):
    """Holds words while nothing is chosen, for what it holds is its name to a screen reader."""

    def build_attrs(self, base_attrs: Any, extra_attrs: Any = None) -> dict[str, Any]:
        return super().build_attrs(base_attrs, extra_attrs) | {"data-placeholder": _("Type a part of the name")}

    def optgroups(self, name: str, value: Any, attr: Any = None) -> Any:
        """What no row can have is refused by the field, and then not shown as chosen."""
        model = self.field.remote_field.model
        return super().optgroups(name, [each for each in value if is_valid_key(model, each)], attr)


class AutocompleteAdmin(ModelAdmin):
    """Its `autocomplete_fields` are such choices."""

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        if db_field.name in self.get_autocomplete_fields(request):
            options.setdefault("widget", AutocompleteWidget(db_field, self.admin_site))
        return super().formfield_for_foreignkey(db_field, request, **options)


class LabeledFormSet(InlineFormSet):
    """In a table the head of a column is no label."""

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        for field in form.fields.values():
            if not field.widget.is_hidden:
                field.widget.attrs["aria-label"] = field.label


class LabeledInline(TabularInline):
    formset = LabeledFormSet
