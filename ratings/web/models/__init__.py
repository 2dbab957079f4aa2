"""The page of one model, and the table of all models."""
