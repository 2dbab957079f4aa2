"""Base classes of admin pages, the admin site, and the log of what operators change."""
