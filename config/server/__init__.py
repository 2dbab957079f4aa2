"""The web server: connections, middleware, static files, and logs."""
