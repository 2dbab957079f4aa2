"""Weights that remove rigged votes from the ratings (see `weighing.weigh`)."""

from ratings.statistics.vote_filter.weighing import VERSION, VoteWeights, weigh

__all__ = ["VERSION", "VoteWeights", "weigh"]
