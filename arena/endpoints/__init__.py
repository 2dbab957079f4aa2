"""Endpoints: the backends that call models, their health and performance, budgets, and the draw of pairs."""
