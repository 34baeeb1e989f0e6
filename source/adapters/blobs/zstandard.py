"""Zstandard, from the standard library where it has it."""

import sys
from typing import Final

from source.domain.errors import ArchiveDamagedError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

# The checksum finds a flipped bit in a file that nobody has looked at for years.
_OPTIONS: Final[dict[int, int]] = {
    zstd.CompressionParameter.compression_level: 9,
    zstd.CompressionParameter.checksum_flag: 1,
}


class Zstandard:
    """Compresses each transcript as one frame, which `zstd -d` opens."""

    def compress(self, data: bytes) -> bytes:
        return zstd.compress(data, options=_OPTIONS)

    def decompress(self, data: bytes, *, max_bytes: int) -> bytes:
        decompressor = zstd.ZstdDecompressor()
        try:
            content = decompressor.decompress(data, max_length=max_bytes)
        except zstd.ZstdError as error:
            raise ArchiveDamagedError("not Zstandard data, or not as it was written") from error
        if not decompressor.eof:
            raise ArchiveDamagedError("cut off, or too large")
        return content
