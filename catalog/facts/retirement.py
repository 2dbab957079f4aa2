"""Determines whether models are retired. A model is retired as soon as its retirement day begins in UTC."""

from django.db.models import Q
from django.utils import timezone

from catalog.facts.fields import has_begun
from catalog.models import LanguageModel


def is_retired(model: LanguageModel) -> bool:
    """Return True if the model's status is retired or its retirement day has begun."""
    return model.status == LanguageModel.Status.RETIRED or has_retirement_begun(model)


def has_retirement_begun(model: LanguageModel) -> bool:
    return model.retires_on is not None and has_begun(model.retires_on)


def build_retired_filter() -> Q:
    """Return a query condition that matches retired models."""
    return Q(status=LanguageModel.Status.RETIRED) | Q(retires_on__lte=timezone.now().date())
