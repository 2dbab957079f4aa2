"""Pages for the catalog."""
