"""Names of what is posted, so that posting it again posts nothing new."""

import zlib

# Numbers of parts are kept in 32 bits with a sign, and the first few are taken.
_LINE_BITS = 30


def nonce(key: int | None, purpose: str, generation: int) -> str | None:
    """Name a message of the reply to the event `key`, in at most the 25 characters that Discord allows.

    Discord gives back the message that it has under a nonce, even one that cannot be used any more:
    `generation` tells apart the messages that take each other's place.
    """
    if key is None:
        return None
    return f"{key:x}{purpose}" + (f".{generation}" if generation else "")


def line_number(line: str) -> int:
    """Return a number that tells this line from others."""
    return zlib.crc32(line.encode("utf-8", "surrogatepass")) & ((1 << _LINE_BITS) - 1)
