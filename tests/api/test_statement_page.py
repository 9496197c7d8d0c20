"""The page of a statement, without a server: whatever its texts are, they stay texts."""

from datetime import timedelta

from app.api.resources.statement_page import statement_page
from app.domain.calendar_month import CalendarMonth
from app.domain.refunds import FundingSource, Shares
from app.domain.text import Language
from app.projections.refunds.statements import SourceTotal, StatementPage
from app.projections.refunds.view import ShopRefund

MONTH = CalendarMonth(year=2026, month=9)
NO_FEES = Shares(shop=0, talent=0, agency=0, service_fee=0)
EVIL = "<script>alert('x')</script>&\"'"


def test_nothing_in_a_statement_becomes_markup() -> None:
    refund = ShopRefund(
        shop_id=EVIL,
        ticket_id=EVIL,
        order_id=EVIL,
        buyer_id=EVIL,
        refund_key=EVIL,
        amount=100,
        currency=EVIL,
        overdue=True,
        paid_online=True,
        fees_kept=NO_FEES,
        requested_at=MONTH.begins_at,
        succeeded_at=MONTH.begins_at,
        source=FundingSource.CASH,
        order_version=1,
    )
    total = SourceTotal(
        currency=EVIL,
        source=FundingSource.CASH,
        refunds=1,
        amount=100,
        fees_kept=NO_FEES,
        borne=100,
    )
    page = StatementPage(refunds=(refund,), totals=(total,), next=None, current_to=1)
    now = MONTH.ends_at + timedelta(days=1)
    for language in Language:
        shown = statement_page(EVIL, MONTH, page, now=now, language=language)
        assert "<script" not in shown
        assert "alert('x')" not in shown
        assert shown.count("&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;&amp;&quot;") > 8
