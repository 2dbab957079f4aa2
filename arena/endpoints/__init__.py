"""Endpoints of models: backends, health checks, performance statistics, token budgets, and the draw of pairs."""
