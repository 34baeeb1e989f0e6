"""Replies longer than a platform's message, in chunks that each read well on their own."""

from source.domain.reply_text.chunk import Chunk, utf16_length
from source.domain.reply_text.splitter import LEAST_LIMIT, ReplySplitter, split

__all__ = ["LEAST_LIMIT", "Chunk", "ReplySplitter", "split", "utf16_length"]
