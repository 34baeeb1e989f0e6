"""What Prometheus reads."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_BUCKETS: Final = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class RequestMetrics:
    """Counts requests by route, and how long they took."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._answered = Counter(
            "echo_http_requests", "Requests answered.", ("method", "route", "status"), registry=registry
        )
        self._seconds = Histogram(
            "echo_http_request_seconds",
            "Time to the end of the answer, streams included.",
            ("method", "route"),
            registry=registry,
            buckets=_BUCKETS,
        )
        self._known: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def note(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request; looking its children up each time would cost more than counting."""
        method = method if method in _METHODS else "other"
        found = self._known.get((method, route, status))
        if found is None:
            found = (self._answered.labels(method, route, str(status)), self._seconds.labels(method, route))
            self._known[method, route, status] = found
        found[0].inc()
        found[1].observe(seconds)
