"""A model's page, and the table of all models."""
