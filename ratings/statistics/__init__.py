"""Rating methods. These modules do not import Django or use a database."""
