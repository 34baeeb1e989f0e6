"""What Prometheus reads."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Final

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from source.domain.errors import EchoError
from source.ports.readings import Reading, ReadingKind, Readings

log = structlog.get_logger(__name__)

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_BUCKETS: Final = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class WebMetrics:
    """The figures of one API in a registry of their own: requests as they come, the others when they are asked for."""

    def __init__(self, readings: Sequence[Readings] = ()) -> None:
        self._readings = readings
        self._registry = CollectorRegistry()
        self.requests = RequestMetrics(self._registry)
        ProcessCollector(registry=self._registry)

    async def begin(self) -> None:
        """Have every counter begin here."""
        for readings in self._readings:
            await readings.begin()

    async def exposition(self) -> bytes:
        """Return all figures in Prometheus's text format; those that cannot be read now are left out."""
        read = await asyncio.gather(*map(_read, self._readings))
        own = CollectorRegistry()
        own.register(_Read([reading for readings in read for reading in readings]))
        return generate_latest(self._registry) + generate_latest(own)


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


class _Read(Collector):
    """Figures that were read a moment ago."""

    def __init__(self, readings: Sequence[Reading]) -> None:
        self._read = readings

    def collect(self) -> Iterable[Metric]:
        families: dict[str, CounterMetricFamily | GaugeMetricFamily] = {}
        for each in self._read:
            family = families.get(each.name) or families.setdefault(each.name, _family_of(each))
            family.add_metric([each.labels[name] for name in sorted(each.labels)], each.value)
        return families.values()


def _family_of(reading: Reading) -> CounterMetricFamily | GaugeMetricFamily:
    kind = CounterMetricFamily if reading.kind is ReadingKind.COUNTER else GaugeMetricFamily
    return kind(reading.name, reading.about, labels=sorted(reading.labels))


async def _read(readings: Readings) -> Sequence[Reading]:
    try:
        return await readings.read()
    except EchoError as error:
        log.warning("readings_failed", error=type(error).__name__, reason=str(error))
        return []
