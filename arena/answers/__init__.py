"""The answers of models: leases on them, the engine that asks for them, and the event streams that show them."""
