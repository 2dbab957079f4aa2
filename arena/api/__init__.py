"""The REST API for battles, models, and submissions, and the OpenAPI document of the whole API."""
