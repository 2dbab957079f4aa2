"""Models answer: claims, the engine, streams, and what is published of them."""
