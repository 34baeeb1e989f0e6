"""What model calls cost."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Prices:
    """Dollars for a million tokens; 0 is not known, and of the cached ones as for all input then."""

    input: float = 0
    cached: float = 0
    output: float = 0

    def cost(self, *, input_tokens: int, cached_tokens: int, output_tokens: int) -> int | None:
        """Return what a call cost in millionths of a dollar; None where no price is known."""
        if not self.input and not self.output:
            return None
        fresh = (input_tokens - cached_tokens) * self.input
        return round(fresh + cached_tokens * (self.cached or self.input) + output_tokens * self.output)
