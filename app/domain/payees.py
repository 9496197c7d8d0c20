"""Accounts of buyers that money is paid to where the way it came is closed, and their masks."""

from dataclasses import dataclass, field

from app.domain.text import TextEnum


class PayeeKind(TextEnum):
    """Where a payee's account is."""

    ALIPAY = "alipay", "支付宝", "Alipay"
    WECHAT = "wechat", "微信", "WeChat Pay"
    BANK_CARD = "bank_card", "银行卡", "bank card"


@dataclass(frozen=True, slots=True, kw_only=True)
class Payee:
    """An account of the buyer and the name it is held in; neither shows in logs."""

    kind: PayeeKind
    account: str = field(repr=False)
    holder: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedPayee:
    """A payee as events hold it: people read the masks, ``sealed`` opens with the service's key.

    ``sealed``: base64, bound to the one payout it was made for.
    """

    kind: PayeeKind
    account_masked: str
    holder_masked: str
    sealed: str = field(repr=False)


_STARS = "****"


def masked_account(account: str) -> str:
    """Return what of an account is shown: ``138****1234``, less of it the shorter it is."""
    name, at, domain = account.rpartition("@")
    if at:
        return f"{name[:1]}{_STARS}@{domain}"
    length = len(account)
    if length >= 11:
        return f"{account[:3]}{_STARS}{account[-4:]}"
    if length >= 8:
        return f"{account[:2]}{_STARS}{account[-2:]}"
    return f"{account[:1]}{_STARS}" if length >= 4 else _STARS


def masked_holder(holder: str) -> str:
    """Return what of a name is shown: its last character, ``*明``; nothing of a single one."""
    stars = "*" * min(len(holder) - 1, 3)
    return f"{stars}{holder[-1]}" if stars else "*"
