"""Gets answers from models: leases on answers, the engine that calls the models, and event streams for open pages."""
