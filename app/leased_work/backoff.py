"""How long to wait before something that failed is tried again: the one exponential back-off."""

from dataclasses import dataclass

_EXPONENT_MAX = 30  # beyond any seconds_max; keeps the arithmetic small


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """Waits that grow by ``factor`` from ``seconds_min`` to ``seconds_max``.

    ``jitter``: by which share of itself a wait is shorter or longer, so that what failed together
    is not tried again together.
    """

    seconds_min: float
    seconds_max: float
    factor: float = 2.0
    jitter: float = 0.0

    def after(self, failures: int, random: float = 0.5) -> float:
        """Return the seconds to wait after so many failures in a row, from 1.

        ``random``: a number from 0 up to and not including 1; a half means no jitter.
        """
        grown = self.seconds_min * self.factor ** min(max(failures - 1, 0), _EXPONENT_MAX)
        return jittered(min(grown, self.seconds_max), self.jitter, random)


def jittered(seconds: float, share: float, random: float) -> float:
    """Return a wait up to ``share`` of itself shorter or longer, as ``random`` from 0 to 1 says."""
    return seconds * (1 - share + 2 * share * random)
