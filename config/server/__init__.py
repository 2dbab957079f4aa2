"""How requests reach Django: protocol, middleware, static files, logs."""
