"""The scale of ratings, as constants: nothing is imported that is slow to load, for pages ask too."""

from math import log
from statistics import NormalDist

SCALE = 400 / log(10)  # Elo points of a natural unit
MEAN = 1000.0
Z95 = NormalDist().inv_cdf(0.975)
