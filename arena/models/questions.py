"""Models for question sets."""

from django.db import models


class QuestionSet(models.Model):
    """Questions that contestants answer one by one, outside battles."""

    name = models.CharField(max_length=200)
    owner = models.ForeignKey("arena.Voter", models.SET_NULL, null=True, related_name="+")

    def __str__(self) -> str:
        return self.name


class Question(models.Model):
    """One question of a set. A trigger refuses to change it once an answer to it has been requested.

    key: identifies the question in its set
    """

    set = models.ForeignKey(QuestionSet, models.CASCADE, related_name="questions")
    key = models.CharField(max_length=100)
    position = models.PositiveIntegerField()
    text = models.TextField()
    category = models.CharField(max_length=40, blank=True, db_default="")

    class Meta:
        ordering = ("position",)
        constraints = [models.UniqueConstraint(fields=("set", "key"), name="question_unique")]

    def __str__(self) -> str:
        return self.key
