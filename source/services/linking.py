"""Joins a person's accounts by a code that they are given on one platform and type on another."""

import hashlib
import secrets
from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

import structlog

from source.domain.errors import RefusedInputError, StoreConflictError, StoreError
from source.domain.thread import Platform, ThreadRef
from source.ports.channel import LiveReply
from source.ports.clock import Clock
from source.ports.profiles import Account, Joined, Joining, LinkNotice, LinkStore
from source.services.delivery import announce

log = structlog.get_logger(__name__)

# Without letters and digits that look like others: 0 O D Q, 1 I L, 2 Z, 5 S, 8 B, U V.
_ALPHABET: Final = "ACEFGHJKMNPRTWXY34679"
_CODE_CHARS: Final = 8
_LINKED: Final = (
    "Since {day} (UTC) this account and one on {other} are one person to me: your code was typed there."
    " /unlink takes this one out again."
)
_WERE_LINKED: Final = (
    "From {day} (UTC) on, this account and one on {other} were one person to me: your code was typed there."
    " They are apart again."
)
_BEING_FORGOTTEN: Final = (
    "Somebody of these is being forgotten just now: accounts are linked and taken apart once that is done."
)
CODE_LIFETIME: Final = timedelta(minutes=10)


class LinkingService:
    """Gives out codes and takes them; of a code only its digest is kept, and it joins once.

    Every method may raise a StoreError: nothing was changed then.
    """

    def __init__(self, store: LinkStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._notices: list[LinkNotice] | None = None

    async def code_for(self, account: Account) -> str:
        """Return a new code for this account, as people read it; an earlier one is void."""
        code = "".join(secrets.choice(_ALPHABET) for _ in range(_CODE_CHARS))
        await self._store.put_code(account, _digest(code), self._clock.now() + CODE_LIFETIME)
        log.info("link_code_given", platform=account.platform.value)
        return f"{code[:4]}-{code[4:]}"

    async def join(self, account: Account, typed: str) -> Joined:
        """Join the account's person to the one who was given the code.

        Raises: RefusedInputError: one of them is being forgotten.
        """
        with _told_to_people():
            joined = await self._store.join(account, _digest(typed))
        log.info("link_code_typed", platform=account.platform.value, outcome=joined.outcome.value)
        if joined.outcome is Joining.JOINED:
            self._notices = None
        return joined

    async def leave(self, account: Account) -> bool:
        """Make an account a person of its own, with what was said on it; False: it is one already.

        Raises: RefusedInputError: the person is being forgotten.
        """
        with _told_to_people():
            left = await self._store.leave(account.platform, account.person.external_id)
        log.info("account_left", platform=account.platform.value, was_linked=left)
        return left

    async def merge(self, kept: int, gone: int) -> bool:
        """Make two people one, for operators; False: one of them is not there.

        Raises: StoreConflictError: one of them is being forgotten.
        """
        merged = await self._store.merge(kept, gone)
        log.info("people_merged", merged=merged)
        return merged

    async def tell(self, reply: LiveReply, thread: ThreadRef, external_id: str) -> None:
        """As in `Notices`: an account whose code was typed elsewhere is told so, in a direct thread."""
        for line in await self.lines(thread, external_id):
            await announce(reply, line)

    async def lines(self, thread: ThreadRef, external_id: str) -> list[str]:
        """Return what `tell` would show, for the caller to show; it is not told again."""
        told: list[str] = []
        try:
            for notice in await self._due(thread, external_id):
                await self._store.told(notice.notice_id)
                self._notices = None
                told.append(_sentence(notice))
        except StoreError as error:
            log.warning("link_notice_not_told", reason=type(error).__name__)
        return told

    async def _due(self, thread: ThreadRef, external_id: str) -> list[LinkNotice]:
        if thread.guild_id is not None:
            return []
        if self._notices is None:
            self._notices = await self._store.notices()
        account = (thread.platform, external_id)
        if not any(_is_for(account, notice) for notice in self._notices):
            return []
        # Since it was read the accounts may have been taken apart, or forgotten.
        self._notices = await self._store.notices()
        return [notice for notice in self._notices if _is_for(account, notice)]


def _is_for(account: tuple[Platform, str], notice: LinkNotice) -> bool:
    return (notice.platform, notice.external_id) == account


def _sentence(notice: LinkNotice) -> str:
    words = _LINKED if notice.is_linked else _WERE_LINKED
    return words.format(day=f"{notice.joined_at:%Y-%m-%d %H:%M}", other=notice.other.value)


@contextmanager
def _told_to_people() -> Generator[None]:
    try:
        yield
    except StoreConflictError as error:
        raise RefusedInputError(_BEING_FORGOTTEN) from error


def _digest(typed: str) -> str:
    """Return what is kept of a code; spaces, dashes and small letters are how people type."""
    code = "".join(sign for sign in typed.upper() if sign.isalnum())
    return hashlib.sha256(code.encode()).hexdigest()
