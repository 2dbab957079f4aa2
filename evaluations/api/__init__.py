"""REST API for evaluations."""
