"""Facts about models: fields, claims and their sources, prices."""
