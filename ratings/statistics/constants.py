"""The scale of ratings, and the thresholds for intervals, ranks, and provisional ratings.

Web processes import this module, so it must not import slow packages.
"""

from math import log

ELO_SCALE = 400 / log(10)  # Elo points per natural unit
MEAN_RATING = 1000.0
MAIN_COMPONENT = 0  # the label of the component that the board shows first

# Thresholds for provisional ratings, clustered intervals, and ranks.
PROVISIONAL_VOTES = 100
PROVISIONAL_HALF_WIDTH = 50.0  # in Elo points
MIN_VOTERS = 5
MIN_VOTES_FOR_RANK = 100
MAX_VOTES_PER_VOTER = 20  # at most this many of one voter's votes count toward a rank
MIN_RANKED_MODELS = 2  # if fewer models have enough votes, all are ranked and the board is provisional
