"""When a rating is provisional and when a model has a rank, and when there are enough people to cluster by.

Nothing is imported: pages ask too.
"""

FEW_VOTES = 100
WIDE = 50.0  # half of an interval, in Elo points
MIN_VOTERS = 5
RANKED_VOTES = 100  # so much must the votes of a model weigh for a rank
MOST_OF_ONE_VOTER = 20  # of which no voter counts for more
LEAST_RANKED = 2  # where fewer are ranked, all are, and the board is provisional
