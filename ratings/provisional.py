"""When a rating is provisional, and when there are enough people to cluster by. Nothing is imported: pages ask too."""

FEW_VOTES = 100
WIDE = 50.0  # half of an interval, in Elo points
MIN_VOTERS = 5
