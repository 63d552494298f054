"""The training algorithm: one update of D and G, and what its parts are."""
