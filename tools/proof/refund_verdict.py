"""Whether every refund came to one end, and the same one wherever it is reported."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from tools.proof.driver import Agreed
from tools.proof.evidence import Evidence, Row

RESERVED, PAID_OUT, REVERSED = "RefundFundsReserved", "RefundPaidOut", "FundingReversed"
SUCCEEDED, REFUSED = "RefundSucceeded", "RefundRefused"
GRANTS = ("ApplicationAgreed", "RejectionReversed", "ReturnReceived", "ArbitrationRuled")


def refund_differences(evidence: Evidence) -> Iterator[str]:
    """Name every refund that was paid twice, not at all, or is reported differently somewhere."""
    reports = _Reports(evidence)
    yield from _same_refunds_everywhere(evidence, reports)
    for refund in evidence.agreed:
        yield from _one_refund(refund, reports)
    for row in evidence.on_their_way:
        yield f"{row['refund_key']}: still on its way, waits for {row['waits_for']}"


class _Reports:
    """What each witness says, by refund key."""

    def __init__(self, evidence: Evidence) -> None:
        self.tickets = evidence.tickets
        self.book: dict[str, list[Row]] = defaultdict(list)
        for entry in evidence.book:
            self.book[entry["key"]].append(entry)
        self.at_provider = {row["key"]: row for row in evidence.provider_payments}
        self.events: dict[str, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
        self.granted = Counter[str]()
        for event in evidence.events:
            data, (kind, shop_id, *_) = event["data"], event["stream_id"].split("/")
            if "refund_key" in data and data["refund_key"] is not None:
                self.events[data["refund_key"]][event["type"]].append(data)
            if kind == "order" and event["type"] in GRANTS and data["state"] == "refunding":
                self.granted[f"{shop_id}/{data['ticket_id']}"] += 1

    def count(self, key: str, event_type: str) -> int:
        return len(self.events[key][event_type])


def _same_refunds_everywhere(evidence: Evidence, reports: _Reports) -> Iterator[str]:
    agreed = {refund.key for refund in evidence.agreed}
    if len(agreed) != len(evidence.agreed):
        yield "two refunds were agreed to under one key"
    for where, keys in (
        ("the orders' log", set(reports.granted)),
        ("the funds' log", {key for key in list(reports.events) if reports.count(key, RESERVED)}),
    ):
        for key in sorted(keys ^ agreed):
            found = "missing in" if key in agreed else "no order agreed, but it is in"
            yield f"{key}: {found} {where}"
    for where, keys in (
        ("the provider's book", set(reports.book)),
        ("the provider", set(reports.at_provider)),
    ):
        for key in sorted(keys - agreed):
            yield f"{key}: no order agreed, but it is in {where}"


def _one_refund(refund: Agreed, reports: _Reports) -> Iterator[str]:
    key, ticket = refund.key, reports.tickets[refund.key]
    entries = reports.book.get(key, [])
    if len(entries) > 1:
        yield f"{key}: PAID {len(entries)} TIMES"
    status = (ticket["refund"] or {}).get("status")
    paid, refused = ticket["state"] == "succeeded", status == "refused"
    if not paid and not refused:
        yield f"{key}: neither paid nor refused, the ticket says {ticket['state']}, {status}"
    if paid and not entries:
        yield f"{key}: the ticket says paid, the provider paid nothing"
    if not paid and entries:
        yield f"{key}: the provider paid, the ticket says {ticket['state']}, {status}"
    wanted = {RESERVED: 1, PAID_OUT: int(paid), REVERSED: int(refused)}
    wanted |= {"RefundFunded": 1, SUCCEEDED: int(paid), REFUSED: int(refused)}
    for event_type, count in wanted.items():
        if reports.count(key, event_type) != count:
            yield f"{key}: {reports.count(key, event_type)} {event_type} instead of {count}"
    yield from _same_amount(refund, entries, reports)
    yield from _same_words(key, ticket, entries, reports)
    yield from _undone_exactly(key, reports)


def _same_amount(refund: Agreed, entries: Sequence[Row], reports: _Reports) -> Iterator[str]:
    amounts = {entry["amount"] for entry in entries}
    for event_type in (RESERVED, PAID_OUT, REVERSED, SUCCEEDED, "RefundFunded"):
        amounts |= {data["amount"] for data in reports.events[refund.key][event_type]}
    if amounts - {refund.amount}:
        yield f"{refund.key}: of {refund.amount}, but reported as {sorted(amounts)}"


def _same_words(key: str, ticket: Row, entries: Sequence[Row], reports: _Reports) -> Iterator[str]:
    """Hold the provider's reference, or its reason, against what the ticket shows."""
    events, shown = reports.events[key], ticket["refund"] or {}
    references = {entry["provider_reference"] for entry in entries}
    for data in events[SUCCEEDED]:
        if {data["provider_reference"]} != references:
            yield f"{key}: paid as {references}, reported as {data['provider_reference']}"
    if references and shown.get("provider_reference") not in references:
        yield f"{key}: paid as {references}, shown as {shown.get('provider_reference')}"
    for data in events[REFUSED]:
        at_provider = reports.at_provider.get(key, {})
        if (at_provider.get("status"), at_provider.get("refusal_code")) != (
            "refused",
            data["refusal"],
        ):
            yield f"{key}: refused for {data['refusal']}, the provider says {at_provider}"


def _undone_exactly(key: str, reports: _Reports) -> Iterator[str]:
    events = reports.events[key]
    for data in events[REVERSED]:
        put = Counter[str]()
        for journal in (*(one["journal"] for one in events[RESERVED]), data["journal"]):
            for line in journal:
                put[line["account"]] += line["amount"]
        if any(put.values()):
            yield f"{key}: going back left {dict(put)}"
