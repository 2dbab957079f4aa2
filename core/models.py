"""What operators did."""

from django.apps import apps
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models.functions import Now


class AuditEntry(models.Model):
    """One thing that somebody did in the admin. Rows are only ever added: the database refuses all else.

    Who and what are words, not keys, so that a change outlives both. Holds no password and no key.
    """

    at = models.DateTimeField(db_default=Now())
    who = models.CharField(max_length=150, help_text="name of the account")
    kind = models.CharField(max_length=20, help_text="added, changed, deleted, or what was asked for")
    what = models.CharField(max_length=100, help_text="kind of thing")
    key = models.CharField(max_length=100)
    name = models.CharField(max_length=300)
    before = models.JSONField(null=True, encoder=DjangoJSONEncoder, help_text="the fields that changed, as they were")
    after = models.JSONField(null=True, encoder=DjangoJSONEncoder, help_text="and as they are")

    class Meta:
        ordering = ("-pk",)
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"{self.kind} {self.what} {self.name}"

    @property
    def thing(self) -> str:
        """What, in words; what is no longer known by its old name."""
        try:
            return str(apps.get_model(self.what)._meta.verbose_name)
        except (LookupError, ValueError):
            return self.what
