"""Pages of one model, and the list of models."""
