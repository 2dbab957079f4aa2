"""Constants: the scale of ratings, and the numbers of votes that ratings need.

Pages import this module, so it imports nothing that is slow to load.
"""

from math import log
from statistics import NormalDist

ELO_SCALE = 400 / log(10)  # Elo points per natural unit
MEAN_RATING = 1000.0
Z95 = NormalDist().inv_cdf(0.975)

# Limits below which a rating is provisional, a model has no rank, and intervals are not clustered by voter.
PROVISIONAL_VOTES = 100
PROVISIONAL_HALF_WIDTH = 50.0  # half of an interval, in Elo points
MIN_VOTERS = 5
MIN_VOTES_FOR_RANK = 100  # minimum weight of the votes of a model for a rank
MAX_VOTES_PER_VOTER = 20  # no voter counts for more than this many of them
MIN_RANKED_MODELS = 2  # if fewer are ranked, all are, and the board is provisional
