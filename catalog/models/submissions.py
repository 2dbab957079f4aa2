"""What strangers have sent for the catalogue. Nothing of it is used before an operator has accepted it."""

import uuid

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Submission(models.Model):
    class Kind(models.TextChoices):
        SCORES = "scores", _("Scores")
        MODEL = "model", _("A model")

    class State(models.TextChoices):
        PENDING = "pending", _("Waiting")
        ACCEPTED = "accepted", _("Accepted")
        REFUSED = "refused", _("Refused")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=10, choices=Kind)
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    voter = models.UUIDField(null=True, help_text="pseudonym of who sent it; none after they took back everything")
    network = models.CharField(
        max_length=64, blank=True, db_default="", help_text="hash of the sender's network, while it waits"
    )
    created_at = models.DateTimeField(db_default=Now())
    digest = models.CharField(max_length=64, help_text="of the file, or of the name of the model")
    said = models.JSONField(help_text="what the file was understood to say in short, or the fields of the proposal")
    payload = models.BinaryField(default=b"", help_text="the file, packed; nothing once it was refused")
    note = models.CharField(max_length=500, blank=True, help_text="for who sent it")
    decided_by = models.CharField(max_length=150, blank=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-created_at", "-id")
        indexes = [
            models.Index(fields=("voter", "-created_at", "-id")),
            models.Index(fields=("state", "-created_at", "-id")),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=("digest",), condition=models.Q(state="pending"), name="submission_waits_once"
            )
        ]

    def __str__(self) -> str:
        return str(self.said.get("model", ""))
