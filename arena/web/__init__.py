"""Pages of the arena for visitors and voters."""
