"""Admin pages for evaluations."""
