"""How the sandbox can behave, and what makes it: the one table of it.

The order id of a refund, or the payee's account of a payout, that ends in `-<code>` chooses first;
then the exact amount; then the faults set at random; else it pays at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Behaviour(StrEnum):
    """What happens to an order."""

    PAYS = "pays"
    PAYS_LATER = "pays-later"
    REFUSES_LATER = "refuses-later"
    REPEATS_CALLBACK = "repeats-callback"
    CALLS_BEFORE_ANSWERING = "calls-before-answering"
    FORGES_CALLBACK_FIRST = "forges-callback-first"
    BUYER_ACCOUNT_CLOSED = "buyer-account-closed"
    MERCHANT_BALANCE_INSUFFICIENT = "merchant-balance-insufficient"
    HANGS_AFTER_PAYING = "hangs-after-paying"
    HANGS_WITHOUT_PAYING = "hangs-without-paying"
    FAILS_BEFORE_PAYING = "fails-before-paying"
    FAILS_AFTER_PAYING = "fails-after-paying"
    MALFORMED_AFTER_PAYING = "malformed-after-paying"
    CUT_AFTER_PAYING = "cut-after-paying"


class Effect(StrEnum):
    """What is kept of an order before anything is answered."""

    PAID = "paid at once"
    PAID_LATER = "paid after the delay"
    REFUSED = "refused"
    REFUSED_LATER = "refused after the delay"
    NOTHING = "nothing: the key stays unknown"


class Manner(StrEnum):
    """What the caller gets to see."""

    PLAIN = "the outcome so far"
    NONE = "none: the connection stays silent"
    ERROR = "500"
    MALFORMED = "200 with a broken body"
    CUT = "200, cut off in the middle"
    BEHIND_CALLBACK = "accepted, after the callback was tried"


class Calling(StrEnum):
    """What is sent to the callback URL."""

    NEVER = "none"
    ONCE = "one"
    TWICE = "the same one twice at a time"
    FORGED_FIRST = "one with a garbage signature, then the right one"


@dataclass(frozen=True, slots=True)
class Row:
    """One behaviour: what is kept, answered and sent, and the exact amount that asks for it.

    A behaviour with the effect NOTHING meets only the first order of a key; the next one is paid.
    """

    behaviour: Behaviour
    amount: int | None
    effect: Effect
    manner: Manner
    calling: Calling
    refusal_code: str | None = None


BUYER_CLOSED, MERCHANT_SHORT = "buyer_account_closed", "merchant_balance_insufficient"

ROWS: Sequence[Row] = (
    Row(Behaviour.PAYS, None, Effect.PAID, Manner.PLAIN, Calling.NEVER),
    Row(Behaviour.PAYS_LATER, 90_001, Effect.PAID_LATER, Manner.PLAIN, Calling.ONCE),
    Row(
        Behaviour.REFUSES_LATER,
        90_002,
        Effect.REFUSED_LATER,
        Manner.PLAIN,
        Calling.ONCE,
        BUYER_CLOSED,
    ),
    Row(Behaviour.REPEATS_CALLBACK, 90_003, Effect.PAID_LATER, Manner.PLAIN, Calling.TWICE),
    Row(
        Behaviour.CALLS_BEFORE_ANSWERING,
        90_004,
        Effect.PAID,
        Manner.BEHIND_CALLBACK,
        Calling.ONCE,
    ),
    Row(
        Behaviour.FORGES_CALLBACK_FIRST,
        90_005,
        Effect.PAID_LATER,
        Manner.PLAIN,
        Calling.FORGED_FIRST,
    ),
    Row(
        Behaviour.BUYER_ACCOUNT_CLOSED,
        90_006,
        Effect.REFUSED,
        Manner.PLAIN,
        Calling.NEVER,
        BUYER_CLOSED,
    ),
    Row(
        Behaviour.MERCHANT_BALANCE_INSUFFICIENT,
        90_007,
        Effect.REFUSED,
        Manner.PLAIN,
        Calling.NEVER,
        MERCHANT_SHORT,
    ),
    Row(Behaviour.HANGS_AFTER_PAYING, 90_008, Effect.PAID, Manner.NONE, Calling.NEVER),
    Row(Behaviour.HANGS_WITHOUT_PAYING, 90_009, Effect.NOTHING, Manner.NONE, Calling.NEVER),
    Row(Behaviour.FAILS_BEFORE_PAYING, 90_010, Effect.NOTHING, Manner.ERROR, Calling.NEVER),
    Row(Behaviour.FAILS_AFTER_PAYING, 90_011, Effect.PAID, Manner.ERROR, Calling.NEVER),
    Row(Behaviour.MALFORMED_AFTER_PAYING, 90_012, Effect.PAID, Manner.MALFORMED, Calling.NEVER),
    Row(Behaviour.CUT_AFTER_PAYING, 90_013, Effect.PAID, Manner.CUT, Calling.NEVER),
)
"""Amounts are never given a new meaning: tests and habits are built on them."""

ROW_OF = {row.behaviour: row for row in ROWS}
REFUSAL_TEXTS = {
    BUYER_CLOSED: "The buyer's account has been closed (买家账户已注销)",
    MERCHANT_SHORT: "The merchant's balance does not cover the amount (商户余额不足)",
}

_OF_AMOUNT = {row.amount: row.behaviour for row in ROWS if row.amount is not None}


def asked_for(target: str, amount: int) -> Behaviour | None:
    """Return what an order asks for by its id (or payee's account) or amount; None for nothing."""
    for behaviour in Behaviour:
        if target.endswith(f"-{behaviour.value}"):
            return behaviour
    return _OF_AMOUNT.get(amount)


def table() -> str:
    """Return the table in Markdown, as docs/sandbox-provider.md shows it."""
    lines = ["| amount | order id ends in | kept | answer | callbacks |", "|---|---|---|---|---|"]
    for row in ROWS:
        amount = "any other" if row.amount is None else f"{row.amount}"
        kept = row.effect.value + (f": `{row.refusal_code}`" if row.refusal_code else "")
        cells = (amount, f"`-{row.behaviour}`", kept, row.manner.value, row.calling.value)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def plain_table() -> str:
    """Return the table for a terminal, a line for each behaviour."""
    return "\n".join(
        f"{row.amount or 'any other':>9}  -{row.behaviour:<30} {row.effect}; answer:"
        f" {row.manner}; callbacks: {row.calling}"
        for row in ROWS
    )
