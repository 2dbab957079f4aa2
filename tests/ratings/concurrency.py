"""The lease on tallies and boards in the hands of another process."""

from contextlib import contextmanager
from datetime import timedelta
from uuid import uuid4

from django.db.models.functions import Now
from django.utils import timezone

from ratings.models import RefreshLease


@contextmanager
def lease_elsewhere():
    """Let another process hold the lease on tallies and boards."""
    held = {"token": uuid4(), "busy": True, "lease_until": timezone.now() + timedelta(hours=1)}
    RefreshLease.objects.update_or_create(pk=1, defaults=held)
    yield
    RefreshLease.objects.update(busy=False, lease_until=Now())
