"""Token arithmetic without a tokenizer."""

# Thousandths of a byte: whole numbers, so that `tokens(bytes_for(n))` is never more than n.
_SCALE = 1000
_BYTES_AT_FIRST = 3 * _SCALE
_FEWEST_BYTES = 1 * _SCALE
_MOST_BYTES = 8 * _SCALE
# One report moves the estimate by a quarter of the difference, a short prompt's (mostly wrapping) by less.
_SMOOTHING = 4
_FULL_WEIGHT_BYTES = 600


class TokenEstimator:
    """How many bytes of UTF-8 a model takes for one token: 3 at first, then learnt from reported usage."""

    def __init__(self) -> None:
        self._bytes_per_token: dict[str, int] = {}

    def observe(self, model: str, prompt_bytes: int, input_tokens: int) -> None:
        """Learn from what a server counted for a prompt; a count of nothing teaches nothing."""
        if prompt_bytes <= 0 or input_tokens <= 0:
            return
        seen = min(_MOST_BYTES, max(_FEWEST_BYTES, prompt_bytes * _SCALE // input_tokens))
        known = self._of(model)
        weight = min(prompt_bytes, _FULL_WEIGHT_BYTES)
        self._bytes_per_token[model] = known + (seen - known) * weight // (_SMOOTHING * _FULL_WEIGHT_BYTES)

    def tokens(self, model: str, size_bytes: int) -> int:
        """How many tokens a text of `size_bytes` takes at most, as far as is known."""
        return -(-size_bytes * _SCALE // self._of(model))

    def bytes_for(self, model: str, tokens: int) -> int:
        """The longest text that `tokens` hold."""
        return tokens * self._of(model) // _SCALE

    def _of(self, model: str) -> int:
        return self._bytes_per_token.get(model, _BYTES_AT_FIRST)
