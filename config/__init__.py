"""Settings, URLs and processes, which connect the apps."""
