"""Payees at rest: sealed for the one payout they were named for, masked wherever they are shown."""

from base64 import b64decode, b64encode

from pydantic_core import from_json, to_json

from app.domain.payees import Payee, SealedPayee, masked_account, masked_holder
from app.sealing import Seal


def seal_payee(seal: Seal, payee: Payee, payout_key: str) -> SealedPayee:
    """Return a payee as events hold it; moved to another payout it does not open."""
    text = to_json({"account": payee.account, "holder": payee.holder}).decode()
    return SealedPayee(
        kind=payee.kind,
        account_masked=masked_account(payee.account),
        holder_masked=masked_holder(payee.holder),
        sealed=b64encode(seal.seal(text, payout_key.encode())).decode(),
    )


def open_payee(seal: Seal, sealed: SealedPayee, payout_key: str) -> Payee:
    """Return the payee of a payout; UnreadableSeal if no key of the service opens it."""
    content = from_json(seal.open(b64decode(sealed.sealed), payout_key.encode()))
    return Payee(kind=sealed.kind, account=content["account"], holder=content["holder"])
