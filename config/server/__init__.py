"""The path of a request to Django: protocol, middleware, static files, and logs."""
