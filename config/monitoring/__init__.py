"""Health checks, metrics, and signs of life."""
