"""Base classes for admin pages: typed versions of Django's classes, and widgets and formsets for screen readers."""

from typing import TYPE_CHECKING, Any, TypeAlias

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext as _

if TYPE_CHECKING:  # the classes accept type arguments only in Django's type stubs
    ModelAdmin: TypeAlias = admin.ModelAdmin[Any]
    TabularInline: TypeAlias = admin.TabularInline[Any, Any]
    ModelForm: TypeAlias = forms.ModelForm[Any]
    InlineFormSet: TypeAlias = forms.BaseInlineFormSet[Any, Any, Any]
else:
    ModelAdmin = admin.ModelAdmin
    TabularInline = admin.TabularInline
    ModelForm = forms.ModelForm
    InlineFormSet = forms.BaseInlineFormSet


def is_valid_key(model: type[Model], value: Any) -> bool:
    """Return True if the value can be a primary key of this model. Django does not check this before a query."""
    try:
        return model._meta.pk.to_python(value) is not None
    except ValidationError:
        return False


class AutocompleteWidget(AutocompleteSelect):
    """Shows a placeholder in an empty field, because screen readers use the field's content as its name."""

    def build_attrs(self, base_attrs: Any, extra_attrs: Any = None) -> dict[str, Any]:
        return super().build_attrs(base_attrs, extra_attrs) | {"data-placeholder": _("Type part of the name")}

    def optgroups(self, name: str, value: Any, attr: Any = None) -> Any:
        """Omit values that cannot be keys. The field itself rejects them."""
        model = self.field.remote_field.model
        return super().optgroups(name, [key for key in value if is_valid_key(model, key)], attr)


class AutocompleteAdmin(ModelAdmin):
    """An admin page that uses `AutocompleteWidget` for its `autocomplete_fields`."""

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        if db_field.name in self.get_autocomplete_fields(request):
            options.setdefault("widget", AutocompleteWidget(db_field, self.admin_site))
        return super().formfield_for_foreignkey(db_field, request, **options)


class LabeledFormSet(InlineFormSet):
    """A tabular formset with a label for each field, because screen readers do not use column headers as labels."""

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        for field in form.fields.values():
            if not field.widget.is_hidden:
                field.widget.attrs["aria-label"] = field.label


class LabeledInline(TabularInline):
    formset = LabeledFormSet
