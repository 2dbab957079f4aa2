"""Pages for visitors and voters."""
