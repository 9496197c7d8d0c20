"""A statement as a page to be printed: one HTML document that needs nothing from elsewhere.

Every text goes through `escape`; there is no other way into the page than `_line`.
"""

import base64
import hashlib
from collections.abc import Iterable
from datetime import datetime
from html import escape

from app.api.language import Language, in_language
from app.domain.calendar_month import CalendarMonth
from app.domain.refunds import FundingSource
from app.domain.text import Text
from app.projections.refunds.statements import SourceTotal, StatementPage, added_up, borne_of
from app.projections.refunds.view import ShopRefund
from app.projections.texts import local_time, money

HTML = "text/html"

STYLE = """
body { font: 13px/1.45 system-ui, "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif;
  color: #1c2430; background: #fff; max-width: 1080px; margin: 24px auto; padding: 0 16px; }
h1 { font-size: 21px; margin: 0 0 4px; }
h2 { font-size: 15px; margin: 26px 0 8px; }
p { margin: 2px 0; color: #4a5567; }
.provisional { color: #8a3b00; border: 1px solid #e3a06a; background: #fff6ee; padding: 6px 10px;
  margin: 12px 1px; }
table { border-collapse: collapse; width: 100%; }
thead { display: table-header-group; }
th { text-align: left; vertical-align: bottom; font-weight: 600; border-bottom: 2px solid #1c2430; }
th, td { padding: 5px 8px; }
td { border-bottom: 1px solid #d5dae1; vertical-align: top; overflow-wrap: anywhere; }
.n, .w { white-space: nowrap; overflow-wrap: normal; }
.n { text-align: right; font-variant-numeric: tabular-nums; }
tr { break-inside: avoid; }
.all td { font-weight: 600; border-bottom: 2px solid #1c2430; }
h2 { break-after: avoid; }
@page { size: A4 landscape; margin: 14mm 12mm 16mm;
  @bottom-right { content: counter(page) " / " counter(pages); font-size: 9pt; } }
@media print { body { margin: 0; padding: 0; max-width: none; font-size: 9.5pt; } }
"""

_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()

POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'"
)
"""What a browser may load for the page: nothing but the style that is in it."""

TITLE = Text(zh_cn="超售后期退款对账单", en="Statement of refunds past the after-sales period")
_SHOP = Text(zh_cn="店铺", en="Shop")
_PERIOD = Text(
    zh_cn="{month}，按退款成功时间（Asia/Shanghai）",
    en="{month}, by when refunds succeeded (Asia/Shanghai)",
)
_MADE = Text(zh_cn="生成时间：{at}（Asia/Shanghai）", en="Made at {at} (Asia/Shanghai)")
_PROVISIONAL = Text(
    zh_cn="临时对账单：本月尚未结束，之后成功的退款将继续计入。",
    en="Provisional: the month is still running, and refunds that succeed later are added.",
)
_NOTE = Text(
    zh_cn="超售后期退款由商家全额承担；未退还费用为其中已付给达人、机构及平台且不再退回的部分。",
    en="Past the period the shop bears the whole refund; the fees not returned are the part of it "
    "that talent, agency and platform earned and keep.",
)
_TOTALS = Text(zh_cn="汇总", en="Totals")
_REFUNDS = Text(zh_cn="明细", en="Refunds")
_NONE = Text(zh_cn="本月没有超售后期退款。", en="There are no such refunds in this month.")
_ALL = Text(zh_cn="合计", en="All sources")
_UNKNOWN = Text(zh_cn="待入账", en="not booked yet")

_NUMBER, _WHOLE, _ANY = "n", "w", ""
"""How a column is set: figures to the right, what stays on one line, and what may be broken."""

_Column = tuple[Text, str]
"""A heading, and how its column is set."""

_FIGURES: tuple[_Column, ...] = (
    (Text(zh_cn="退款金额", en="Refund"), _NUMBER),
    (Text(zh_cn="达人佣金", en="Talent"), _NUMBER),
    (Text(zh_cn="机构佣金", en="Agency"), _NUMBER),
    (Text(zh_cn="技术服务费", en="Service fee"), _NUMBER),
    (Text(zh_cn="未退还费用", en="Fees not returned"), _NUMBER),
    (Text(zh_cn="商家承担合计", en="Total borne"), _NUMBER),
)
_OF_TOTALS: tuple[_Column, ...] = (
    (Text(zh_cn="资金来源", en="Source"), _WHOLE),
    (Text(zh_cn="笔数", en="Refunds"), _NUMBER),
    *_FIGURES,
)
_OF_REFUNDS: tuple[_Column, ...] = (
    (Text(zh_cn="序号", en="No."), _NUMBER),
    (Text(zh_cn="成功时间", en="Succeeded at"), _WHOLE),
    (Text(zh_cn="售后单", en="Ticket"), _ANY),
    (Text(zh_cn="资金来源", en="Source"), _WHOLE),
    *_FIGURES,
)


def statement_page(
    shop_id: str, month: CalendarMonth, page: StatementPage, *, now: datetime, language: Language
) -> str:
    """Return the document of a whole statement in one language; ``now``: the shop's present."""

    def shown(text: Text, **facts: str) -> str:
        return in_language(text, language).format_map(facts)

    parts = [
        _line("h1", shown(TITLE)),
        _line("p", f"{shown(_SHOP)} {shop_id}"),
        _line("p", shown(_PERIOD, month=str(month))),
        _line("p", shown(_MADE, at=local_time(now))),
    ]
    if now < month.ends_at:
        parts.append(_line("p", shown(_PROVISIONAL), css="provisional"))
    parts.append(_line("p", shown(_NOTE)))
    if page.refunds:
        parts += [
            _line("h2", shown(_TOTALS)),
            _table(_OF_TOTALS, _total_rows(page.totals, language), language),
            _line("h2", shown(_REFUNDS)),
            _table(_OF_REFUNDS, _refund_rows(page.refunds, language), language),
        ]
    else:
        parts.append(_line("h2", shown(_NONE)))
    heading = _line("title", f"{shown(TITLE)} {shop_id} {month}")
    return (
        f'<!doctype html>\n<html lang="{language.value}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width">\n{heading}\n'
        f"<style>{STYLE}</style>\n</head>\n<body>\n" + "\n".join(parts) + "\n</body>\n</html>\n"
    )


def _total_rows(totals: tuple[SourceTotal, ...], language: Language) -> Iterable[str]:
    for whole in added_up(totals):
        for one in (one for one in totals if one.currency == whole.currency):
            yield _total_row(_source(one.source, language), one)
        yield _total_row(in_language(_ALL, language), whole, css="all")


def _total_row(name: str, total: SourceTotal, css: str = "") -> str:
    fees = total.fees_kept
    figures = (total.amount, fees.talent, fees.agency, fees.service_fee, fees.total, total.borne)
    shown = (name, str(total.refunds), *(money(figure, total.currency) for figure in figures))
    return _row(shown, _OF_TOTALS, css)


def _refund_rows(refunds: tuple[ShopRefund, ...], language: Language) -> Iterable[str]:
    for number, refund in enumerate(refunds, start=1):
        fees = refund.fees_kept
        figures = (
            *(refund.amount, fees.talent, fees.agency, fees.service_fee, fees.total),
            borne_of(refund),
        )
        at = refund.succeeded_at
        shown = (
            str(number),
            "" if at is None else local_time(at),
            refund.ticket_id,
            _source(refund.source, language),
            *(money(figure, refund.currency) for figure in figures),
        )
        yield _row(shown, _OF_REFUNDS)


def _source(source: FundingSource | None, language: Language) -> str:
    text = in_language(_UNKNOWN if source is None else source.text, language)
    return text[:1].upper() + text[1:]


def _table(columns: tuple[_Column, ...], rows: Iterable[str], language: Language) -> str:
    heads = "".join(_line("th", in_language(text, language), css) for text, css in columns)
    body = "\n".join(rows)
    return f"<table>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"


def _row(cells: tuple[str, ...], columns: tuple[_Column, ...], css: str = "") -> str:
    inside = "".join(_line("td", cell, own) for cell, (_, own) in zip(cells, columns, strict=True))
    return f'<tr class="{css}">{inside}</tr>' if css else f"<tr>{inside}</tr>"


def _line(tag: str, text: str, css: str = "") -> str:
    attribute = f' class="{css}"' if css else ""
    return f"<{tag}{attribute}>{escape(text)}</{tag}>"
