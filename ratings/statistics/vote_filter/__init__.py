"""Weights that remove rigged votes from the ratings (see `weighting.weigh`)."""

from ratings.statistics.vote_filter.weighting import VERSION, VoteWeights, weigh

__all__ = ["VERSION", "VoteWeights", "weigh"]
