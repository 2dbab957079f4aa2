"""Weights that take rigged votes out of the ratings (see `weighing.weigh`)."""

from ratings.statistics.vote_filter.weighing import VERSION, VoteWeights, weigh

__all__ = ["VERSION", "VoteWeights", "weigh"]
