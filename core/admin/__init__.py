"""The admin site, base classes for admin pages, and the log of operators' changes."""
