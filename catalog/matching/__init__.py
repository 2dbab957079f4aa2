"""Names of models, matched to the catalog."""
