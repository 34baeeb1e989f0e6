"""Paths of the API: each module has `router(parts)` with a small dataclass of what it needs."""
