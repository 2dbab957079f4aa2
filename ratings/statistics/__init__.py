"""Rating methods, pure: no Django, no database."""
