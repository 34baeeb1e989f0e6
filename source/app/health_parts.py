"""How the parts of a running Echo are, for `/health`."""

from collections.abc import Callable

from sqlalchemy import Connection, select

from source.app.echo import Echo
from source.app.operations import Operations
from source.ports.health import HealthPart, PartHealth, PartStatus
from source.services.health import STORE, archive_part, store_part


def health_parts(echo: Echo, operations: Operations) -> dict[str, HealthPart]:
    """Return what every Echo has; channels add themselves."""
    return {
        STORE: store_part(lambda: echo.store.read(_anything)),
        "archives": archive_part(echo.archives.archived.check, echo.clock),
        "model": _offline if echo.is_offline else echo.watched_model.health,
        "tasks": _running(lambda: operations.engine.is_running, "Tasks are done.", "Tasks wait: the engine is not up."),
        "schedule": _running(
            lambda: operations.schedule.is_running, "Recurring work is handed in.", "No recurring work is handed in."
        ),
    }


def connected_part(is_connected: Callable[[], bool], place: str) -> HealthPart:
    """Return a channel that is well while it is connected."""
    return _running(is_connected, f"Connected to {place}.", f"Not connected to {place}: the log says why.")


def _running(is_fine: Callable[[], bool], fine: str, otherwise: str) -> HealthPart:
    async def look() -> PartHealth:
        return PartHealth(PartStatus.OK, fine) if is_fine() else PartHealth(PartStatus.DEGRADED, otherwise)

    return look


async def _offline() -> PartHealth:
    return PartHealth(PartStatus.OFF, "There is no model: Echo runs offline.")


def _anything(connection: Connection) -> object:
    return connection.execute(select(1)).scalar_one()
