"""Who wants nothing that they did not ask for."""

from typing import Final

import structlog

from source.domain.thread import Platform, ThreadKey
from source.domain.wishes import Wish, WishWords
from source.ports.attendance import WishStore
from source.services.attendance import Attending

log = structlog.get_logger(__name__)

REFUSED: Final = (
    "This person has asked not to be written to. They are answered when they write; what they did not ask for is not "
    "sent until they take it back (START), or while a person attends to them and they have written since."
)
_STOPPED: Final = (
    "You will get nothing from us any more that you did not ask for. "
    "You can still write to me, and START takes this back."
)
_STARTED: Final = "We may write to you again. STOP ends it."


class Wishes:
    """Takes such wishes, and knows them. Every awaited method may raise a StoreError: nothing was changed then."""

    def __init__(self, store: WishStore, words: WishWords, attending: Attending) -> None:
        self._store = store
        self._words = words
        self._attending = attending

    def wish_in(self, text: str) -> Wish | None:
        """Return what a message wishes for, if it is nothing but that."""
        return self._words.wish_in(text)

    async def take(self, platform: Platform, external_id: str, wish: Wish) -> str:
        """Keep somebody's wish, and return what they are told."""
        if wish is Wish.STOP:
            await self._store.stop(platform, external_id)
        else:
            await self._store.start(platform, external_id)
        log.info("wish_taken", platform=platform.value, wish=wish.value)
        return _STOPPED if wish is Wish.STOP else _STARTED

    async def may_be_sent(self, thread: ThreadKey, external_id: str) -> bool:
        """Whether something that nobody asked for may be sent to a person in their thread.

        After STOP it may, while a person attends to them there and they have written since.
        """
        stopped_at = await self._store.stopped_at(thread.platform, external_id)
        if stopped_at is None:
            return True
        if self._attending.of(thread).is_echo:
            return False
        return await self._store.has_written_since(thread.platform, external_id, stopped_at)
