"""Use cases: they await ports and name no vendor."""
