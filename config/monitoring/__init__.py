"""Health, metrics, and signs of life."""
