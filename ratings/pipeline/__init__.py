"""From votes to boards: tallies, fits, snapshots."""
