"""Personas: how often an actor acts, and which decisions it prefers."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Persona:
    """The probability of acting in a round, and factors on the weights of decisions."""

    readiness: float
    likes: Mapping[str, float]


_LOSES_INTEREST: Mapping[str, float] = {
    "ship_goods_back": 0.01,
    "withdraw_application": 0.01,
    "modify_application": 0.01,
    "request_arbitration": 0.01,
    "confirm_replacement_receipt": 0.01,
    "add_ticket_remark": 0.01,
}
CONSUMERS = (
    Persona(readiness=0.8, likes={}),
    Persona(readiness=0.5, likes=_LOSES_INTEREST),
    Persona(
        readiness=0.7,
        likes={"withdraw_application": 5, "modify_application": 5, "withdraw_arbitration": 6},
    ),
    Persona(
        readiness=0.7,
        likes={"request_arbitration": 8, "submit_arbitration_evidence": 2, "modify_application": 2},
    ),
)
MERCHANTS = (
    Persona(readiness=0.7, likes={"reject_application": 0.2, "reject_returned_goods": 0.2}),
    Persona(
        readiness=0.7,
        likes={"reject_application": 6, "reject_returned_goods": 6, "process_rejected_ticket": 0.3},
    ),
    Persona(readiness=0.1, likes={}),
    Persona(
        readiness=0.6,
        likes={"submit_arbitration_evidence": 3, "agree_without_return": 3},
    ),
)
PLATFORM = Persona(readiness=0.5, likes={})

WEIGHTS: Mapping[str, float] = {
    "agree_to_application": 5,
    "reject_application": 2,
    "modify_application": 0.6,
    "withdraw_application": 0.4,
    "ship_goods_back": 8,
    "extend_return_deadline": 0.5,
    "correct_return_shipment": 0.5,
    "confirm_return_receipt": 4,
    "reject_returned_goods": 2,
    "ship_replacement": 4,
    "confirm_replacement_receipt": 2,
    "withdraw_arbitration": 0.2,
    "record_refund_success": 5,
    "add_ticket_remark": 0.4,
}
"""Relative frequency of each decision where several are possible; 1 if not named here."""
