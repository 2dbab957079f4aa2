"""Facts about models: fields, claims from sources, and prices."""
