"""The scale of ratings and how many votes they need, as constants.

Nothing is imported that is slow to load, for pages ask too.
"""

from math import log
from statistics import NormalDist

SCALE = 400 / log(10)  # Elo points of a natural unit
MEAN = 1000.0
Z95 = NormalDist().inv_cdf(0.975)

# When a rating is provisional and when a model has a rank, and when there are enough people to cluster by.
FEW_VOTES = 100
WIDE = 50.0  # half of an interval, in Elo points
MIN_VOTERS = 5
RANKED_VOTES = 100  # so much must the votes of a model weigh for a rank
MOST_OF_ONE_VOTER = 20  # of which no voter counts for more
LEAST_RANKED = 2  # where fewer are ranked, all are, and the board is provisional
