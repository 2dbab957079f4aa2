"""Settings, URLs, and processes that connect the apps."""
