"""Catalog tables: language models and their facts, prices, benchmarks, and submissions."""

from catalog.models.benchmarks import SCORE_IDENTITY, Benchmark, Caveat, Score
from catalog.models.language_models import NOT_NEGATIVE, Fact, LanguageModel, License, LoadedTable, Organization, Price
from catalog.models.submissions import Submission

__all__ = [
    "NOT_NEGATIVE", "SCORE_IDENTITY", "Benchmark", "Caveat", "Fact", "LanguageModel", "License", "LoadedTable",
    "Organization", "Price", "Score", "Submission",
]  # fmt: skip
