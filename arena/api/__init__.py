"""The REST API for battles, models, and submissions, and the OpenAPI document for the whole API."""
