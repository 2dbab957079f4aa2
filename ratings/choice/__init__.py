"""The choice of a model: task and limits, shortlist, and decision."""
