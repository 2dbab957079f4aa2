"""The log of operators' changes."""

from django.apps import apps
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models.functions import Now


class AuditEntry(models.Model):
    """One action of an operator in the admin. The database rejects updates and deletions of entries.

    The operator and the row are stored as text rather than as foreign keys, because entries remain after both are
    deleted. Passwords and keys are masked.
    """

    at = models.DateTimeField(db_default=Now())
    who = models.CharField(max_length=150, help_text="Name of the account.")
    kind = models.CharField(max_length=20, help_text="Added, changed, deleted, or another action.")
    what = models.CharField(max_length=100, help_text="Type of the row.")
    key = models.CharField(max_length=100)
    name = models.CharField(max_length=300)
    before = models.JSONField(null=True, encoder=DjangoJSONEncoder, help_text="The changed fields before the change.")
    after = models.JSONField(null=True, encoder=DjangoJSONEncoder, help_text="The changed fields after the change.")

    class Meta:
        ordering = ("-pk",)
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"{self.kind} {self.what} {self.name}"

    @property
    def thing(self) -> str:
        """The verbose name of the model, or its stored label if the model no longer exists."""
        try:
            return str(apps.get_model(self.what)._meta.verbose_name)
        except (LookupError, ValueError):
            return self.what
