"""Base classes of admin pages, the admin site, and the log of changes by operators."""
