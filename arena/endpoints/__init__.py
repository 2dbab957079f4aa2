"""Model endpoints: backends, health checks, performance statistics, token budgets, and the draw of pairs."""
