"""Models for the hash key, the salts for network hashes, and reports on published battles."""

from django.db import models
from django.db.models.functions import Now


class HashKey(models.Model):
    """The key for keyed hashes (see `arena.identity.hash_key`). The table has only one row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    key = models.BinaryField(max_length=32)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="hash_key_single_row")]

    def __str__(self) -> str:
        return "the hash key"


class NetworkSalt(models.Model):
    """The random salt for one week's network hashes. After it is deleted, these hashes cannot be computed again."""

    week = models.DateField(primary_key=True, help_text="Monday of the week (UTC).")
    salt = models.BinaryField()

    def __str__(self) -> str:
        return f"salt of the week of {self.week}"


class Report(models.Model):
    """A reader's report on a published battle. The reader is stored only as a hash, which prevents duplicates."""

    battle = models.ForeignKey("arena.Battle", models.CASCADE, related_name="reports")
    reporter = models.CharField(max_length=64, help_text="Keyed hash of the battle and the voter.")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=("battle", "reporter"), name="report_unique")]

    def __str__(self) -> str:
        return f"report on battle {self.battle_id}"
