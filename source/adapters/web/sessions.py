"""Sessions over HTTP as threads."""

from source.adapters.web.access import Caller
from source.adapters.web.chat_bodies import PersonBody, SessionBody
from source.adapters.web.problems import Problem
from source.domain.thread import PersonRef, Platform, ThreadRef


def thread_of(caller: Caller, body: SessionBody) -> ThreadRef:
    """Return the session's thread.

    Raises: Problem: 403, it is one of the terminal's and the caller sits elsewhere.
    """
    return thread_at(caller, body.platform, body.session_id)


def thread_at(caller: Caller, platform: str, session_id: str) -> ThreadRef:
    """As `thread_of`, of a session by its name."""
    if platform == Platform.TERMINAL:
        ensure_local(caller)
    return ThreadRef(Platform(platform), session_id)


def ensure_local(caller: Caller) -> None:
    """Raises: Problem: 403, whoever calls does not sit at Echo's own machine."""
    if not caller.is_local:
        raise Problem(403, "Sessions of the terminal are for the command line of Echo's own machine: use `web`.")


def person_of(body: PersonBody) -> PersonRef:
    """Return who speaks."""
    return PersonRef(body.user_id, body.user_name or body.user_id)
