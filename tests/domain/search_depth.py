"""How far the generated tests look. The same cases in every run, unless asked for new ones.

``EXPLORE=20 pytest tests/domain`` looks twenty times as far, at cases of its own choosing.
"""

import os
from secrets import token_hex

from hypothesis import settings

TIMES = int(os.environ.get("EXPLORE", "0"))

SEED = "" if TIMES == 0 else token_hex(4)
"""What the lots of this run begin with."""


def bounded(*, examples: int, steps: int = 50) -> settings:
    """Return settings for a number of cases, of ``steps`` commands each where there are any."""
    return settings(
        max_examples=examples * max(TIMES, 1),
        stateful_step_count=steps,
        derandomize=TIMES == 0,
        database=None,
        deadline=None,
    )
