"""Scores and models submitted by visitors. The catalog uses a submission only after an operator accepts it."""

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
    voter = models.UUIDField(null=True, help_text="Pseudonym of the sender. Empty after the sender deletes their data.")
    network = models.CharField(
        max_length=64, blank=True, db_default="", help_text="Hash of the sender's network. Deleted after the review."
    )
    created_at = models.DateTimeField(db_default=Now())
    digest = models.CharField(max_length=64, help_text="SHA-256 of the file or of the model's name.")
    summary = models.JSONField(help_text="Summary of the file, or the fields of the proposal.")
    payload = models.BinaryField(default=b"", help_text="The compressed file. Empty after a rejection.")
    note = models.CharField(max_length=500, blank=True, help_text="The sender can see this note.")
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
        return str(self.summary.get("model", ""))
