"""Rating methods. They are pure: they import neither Django nor a database."""
