"""REST API of the arena and its OpenAPI document."""
