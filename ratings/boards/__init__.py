"""Published boards: loading, caching, comparing, and describing them."""
