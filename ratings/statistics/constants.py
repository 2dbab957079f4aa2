"""The scale of ratings and how many votes they need, as constants.

Nothing is imported that is slow to load, for pages ask too.
"""

from math import log
from statistics import NormalDist

ELO_SCALE = 400 / log(10)  # Elo points of a natural unit
MEAN_RATING = 1000.0
Z95 = NormalDist().inv_cdf(0.975)

# When a rating is provisional and when a model has a rank, and when there are enough people to cluster by.
PROVISIONAL_VOTES = 100
PROVISIONAL_HALF_WIDTH = 50.0  # half of an interval, in Elo points
MIN_VOTERS = 5
MIN_VOTES_FOR_RANK = 100  # so much must the votes of a model weigh for a rank
MAX_VOTES_PER_VOTER = 20  # of which no voter counts for more
MIN_RANKED_MODELS = 2  # where fewer are ranked, all are, and the board is provisional
