"""Statements of refunds past the after-sales period on the wire. Amounts are minor units."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from app.api.wire.common import Amount, Position, ResponseModel
from app.api.wire.shop_refunds import FeesKept, RefundSource, fees_on_wire, source_on_wire
from app.domain.calendar_month import CalendarMonth
from app.projections.refunds.statements import SourceTotal, StatementPage, added_up, borne_of
from app.projections.refunds.view import ShopRefund

TotalAmount = Annotated[int, Field(ge=0, json_schema_extra={"format": "int64"})]
"""Minor units; a sum that may be more than one amount can be."""


class TotalFees(ResponseModel):
    """What others keep of what they earned on many refunds."""

    talent: TotalAmount
    agency: TotalAmount
    service_fee: TotalAmount
    total: TotalAmount


class StatementTotal(ResponseModel):
    """What refunds come to together."""

    refunds: int
    amount: TotalAmount
    fees_not_returned: TotalFees
    """Part of `total_borne`."""
    total_borne: TotalAmount


class StatementSource(StatementTotal):
    """What the refunds of one source come to."""

    source: RefundSource | None
    """Null in the moment before the ledger's event of a refund is read; its account is null."""


class StatementCurrency(StatementTotal):
    """What all refunds in one currency come to, and those of each source."""

    currency: str
    sources: list[StatementSource]


class StatementRefund(ResponseModel):
    """A refund of the month."""

    refund_id: str
    refund_key: str
    order_id: str
    succeeded_at: datetime
    source: RefundSource | None
    currency: str
    amount: Amount
    fees_not_returned: FeesKept
    """What talent, agency and platform keep of it: part of `total_borne`."""
    total_borne: Amount
    """What the shop bears: past the period, the whole amount."""
    arrears: Amount
    """What it brought the shop's deposit further below zero, paid in advance by the platform
    (先行赔付)."""
    provider_reference: str | None


class Statement(ResponseModel):
    """A shop's refunds past the after-sales period that succeeded in a month."""

    shop_id: str
    month: str
    begins_at: datetime
    """The first instant of the month in Asia/Shanghai."""
    ends_at: datetime
    """The first instant after it."""
    provisional: bool
    """The month is still running: refunds may be added."""
    as_of: datetime
    totals: list[StatementCurrency]
    """Of the whole month, whatever the page; one entry, unless orders are in several currencies."""
    refunds: list[StatementRefund]
    """Oldest first."""
    next_cursor: str | None
    current_to: Position
    """The position in the log up to which the statement is current."""


def statement_on_wire(
    shop_id: str, month: CalendarMonth, page: StatementPage, *, now: datetime, cursor: str | None
) -> Statement:
    """Show a page of a statement; ``now``: the shop's present."""
    return Statement(
        shop_id=shop_id,
        month=str(month),
        begins_at=month.begins_at,
        ends_at=month.ends_at,
        provisional=now < month.ends_at,
        as_of=now,
        totals=totals_on_wire(page.totals),
        refunds=[_refund(refund) for refund in page.refunds],
        next_cursor=cursor,
        current_to=page.current_to,
    )


def totals_on_wire(totals: tuple[SourceTotal, ...]) -> list[StatementCurrency]:
    """Show totals, those of a currency with those of its sources."""
    return [
        StatementCurrency(
            currency=whole.currency,
            **_figures(whole),
            sources=[
                StatementSource(source=source_on_wire(one.source, None), **_figures(one))
                for one in totals
                if one.currency == whole.currency
            ],
        )
        for whole in added_up(totals)
    ]


def _figures(total: SourceTotal) -> dict[str, object]:
    fees = total.fees_kept
    return {
        "refunds": total.refunds,
        "amount": total.amount,
        "fees_not_returned": TotalFees(
            talent=fees.talent, agency=fees.agency, service_fee=fees.service_fee, total=fees.total
        ),
        "total_borne": total.borne,
    }


def _refund(refund: ShopRefund) -> StatementRefund:
    assert refund.succeeded_at is not None  # noqa: S101 - the statement lists no others
    return StatementRefund(
        refund_id=refund.ticket_id,
        refund_key=refund.refund_key,
        order_id=refund.order_id,
        succeeded_at=refund.succeeded_at,
        source=source_on_wire(refund.source, refund.account),
        currency=refund.currency,
        amount=refund.amount,
        fees_not_returned=fees_on_wire(refund.fees_kept),
        total_borne=borne_of(refund),
        arrears=refund.arrears,
        provider_reference=refund.provider_reference,
    )
