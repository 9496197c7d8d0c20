"""Faults at random that are the same whenever they are run again with the same seed."""

import hashlib
from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from tools.sandboxes.payment_provider.behaviours import Behaviour

Probability = Annotated[float, Field(ge=0, le=1)]


class Faults(BaseModel):
    """How probable each behaviour is for orders that ask for none; the rest is paid at once."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: str = ""
    probabilities: Mapping[Behaviour, Probability] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _within_one(self) -> Self:
        if sum(self.probabilities.values()) > 1 + 1e-9:
            raise ValueError("probabilities add up to more than 1")
        return self

    def chosen(self, key: str, arrival: int) -> Behaviour:
        """Choose for the n-th order of a key that is not known yet.

        It depends on seed, key and n alone, not on what else arrives, nor in which order.
        """
        drawn = hashlib.sha256(f"{self.seed}/{arrival}/{key}".encode()).digest()[:8]
        point, reached = int.from_bytes(drawn, "big") / 2**64, 0.0
        for behaviour in Behaviour:
            reached += self.probabilities.get(behaviour, 0.0)
            if point < reached:
                return behaviour
        return Behaviour.PAYS
