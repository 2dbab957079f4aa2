"""Weights that remove rigged votes from the ratings (see `weighting.compute_weights`)."""

from ratings.statistics.vote_filter.weighting import VERSION, VoteWeights, compute_weights

__all__ = ["VERSION", "VoteWeights", "compute_weights"]
