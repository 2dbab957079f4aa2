"""Django's classes for pages of the admin, which are generic for the type checker alone."""

from typing import TYPE_CHECKING, Any, TypeAlias

from django import forms
from django.contrib import admin

if TYPE_CHECKING:
    Page: TypeAlias = admin.ModelAdmin[Any]
    Rows: TypeAlias = admin.TabularInline[Any, Any]
    Form: TypeAlias = forms.ModelForm[Any]
else:
    Page, Rows, Form = admin.ModelAdmin, admin.TabularInline, forms.ModelForm
