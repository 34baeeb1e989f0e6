"""Zstandard, from the standard library where it has it."""

import sys

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

# The checksum finds a flipped bit in a file that nobody has looked at for years.
_OPTIONS: dict[int, int] = {
    zstd.CompressionParameter.compression_level: 9,
    zstd.CompressionParameter.checksum_flag: 1,
}


class CompressedDataError(Exception):
    """The data is not one whole Zstandard frame of bearable size."""


def compress(data: bytes) -> bytes:
    """Return `data` as one frame; the same data always gives the same frame."""
    return zstd.compress(data, options=_OPTIONS)


def decompress(data: bytes, *, max_bytes: int) -> bytes:
    """Return the content of one frame.

    Raises: CompressedDataError.
    """
    decompressor = zstd.ZstdDecompressor()
    try:
        content = decompressor.decompress(data, max_length=max_bytes)
    except zstd.ZstdError as error:
        raise CompressedDataError("not Zstandard data, or not as it was written") from error
    if not decompressor.eof:
        raise CompressedDataError("cut off, or too large")
    return content
