"""The socket that the API listens on."""

import errno
import socket
from typing import Final

from source.domain.errors import SettingsError

_BACKLOG: Final = 512


def refuse_strangers_without_key(host: str, *, has_keys: bool) -> None:
    """Refuse to listen where other machines may call, and none has to show a key.

    Raises: SettingsError: the sentence says what to do.
    """
    from source.adapters.web.local_callers import is_loopback

    if not is_loopback(host) and not has_keys:
        raise SettingsError(
            f"WEB_HOST is {host}: the API answers other machines only with an API key. Make one with "
            "`python bot.py keys create NAME --scope read`, or leave WEB_HOST at 127.0.0.1."
        )


def listener_on(host: str, port: int) -> socket.socket:
    """Return a socket that takes connections.

    Raises: SettingsError: it cannot; the sentence says what to do.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP, flags=socket.AI_PASSIVE
        )[0]
        # With its protocol: asyncio sends small pieces at once (TCP_NODELAY) only where it sees that it is TCP.
        listener = socket.socket(family, kind, protocol)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(_BACKLOG)
        except OSError:
            listener.close()
            raise
        return listener
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise SettingsError(
                f"WEB_PORT {port} is in use by another program: stop it, or choose another port."
            ) from error
        if error.errno == errno.EACCES:
            raise SettingsError(
                f"WEB_PORT {port} needs rights that Echo does not have: choose one above 1023."
            ) from error
        raise SettingsError(f"WEB_HOST {host} is no address of this machine ({error.strerror}).") from error
