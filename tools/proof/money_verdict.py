"""Whether no money was made or lost, and each source was the right one."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from tools.proof.evidence import Evidence, Row
from tools.proof.refund_verdict import GRANTS, PAID_OUT, RESERVED

CASH = ("cash_alipay", "cash_wechat", "cash_aggregate")
NEVER_OVERDRAWN = (*CASH, "escrow", "in_transit", "talent", "agency", "service_fee")
SHOWN = (*CASH, "deposit")


@dataclass(slots=True)
class _Shop:
    """A shop's books, kept once more from the journals of the log."""

    accounts: Counter[str] = field(default_factory=Counter)
    paid_out: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Agreement:
    """What decides the source of a refund. ``cash``: the account of the order's channel."""

    settled: bool
    cash: str
    overdue: bool


def money_differences(evidence: Evidence) -> Iterator[str]:
    """Name everything that does not add up in the books of the shops."""
    yield from _log_is_whole(evidence)
    shops: dict[str, _Shop] = defaultdict(_Shop)
    agreements = _agreements(evidence)
    journals: dict[str, Row] = {}
    for event in evidence.events:
        journal = _journal_of(event)
        if not journal:
            continue
        _, shop_id, *_ = event["stream_id"].split("/")
        journals[event["event_id"]] = {"journal": journal, "shop_id": shop_id}
        if event["type"] == RESERVED:
            agreement = agreements[event["data"]["refund_key"]]
            yield from _right_source(event["data"], shops[shop_id], agreement)
        yield from _booked(event, journal, shop_id, shops[shop_id])
    yield from _ledger_agrees(evidence, journals)
    held = _must_be_in_escrow(evidence)
    for shop_id, shop in sorted(shops.items()):
        yield from _shop_adds_up(evidence, shop_id, shop)
        if shop.accounts["escrow"] != held[shop_id]:
            yield f"{shop_id}: {shop.accounts['escrow']} in escrow instead of {held[shop_id]}"
    yield from _payments_once(evidence)


def _log_is_whole(evidence: Evidence) -> Iterator[str]:
    positions, versions = Counter[int](), Counter[str]()
    for event in evidence.events:
        partition_id, stream_id = event["partition_id"], event["stream_id"]
        positions[partition_id] += 1
        versions[stream_id] += 1
        if event["position"] != positions[partition_id]:
            yield f"log: a gap in partition {partition_id} before {event['position']}"
        if event["version"] != versions[stream_id]:
            yield f"log: a gap in {stream_id} before version {event['version']}"
    heads = {row["partition_id"]: row["position"] for row in evidence.heads}
    for partition_id, position in positions.items():
        if heads.get(partition_id) != position:
            yield f"log: the head of {partition_id} is not {position}"
    for row in evidence.checkpoints:
        if row["status"] != "running" or row["position"] != heads[row["partition_id"]]:
            yield f"reader {row['reader']}: {row['status']} at {row['position']}"


def _agreements(evidence: Evidence) -> dict[str, _Agreement]:
    """Return by refund key how its order stood when the refund was agreed to."""
    settled: set[str] = set()
    channels: dict[str, str] = {}
    overdue = {refund.key: refund.overdue for refund in evidence.agreed}
    agreements: dict[str, _Agreement] = {}
    for event in evidence.events:
        kind, shop_id, *_ = event["stream_id"].split("/")
        if event["type"] == "OrderRegistered":
            channels[event["stream_id"]] = event["data"]["facts"]["payment"]["channel"]
        if event["type"] == "OrderSettled":
            settled.add(event["stream_id"])
        if kind == "order" and event["type"] in GRANTS:
            key = f"{shop_id}/{event['data']['ticket_id']}"
            agreements[key] = _Agreement(
                settled=event["stream_id"] in settled,
                cash=f"cash_{channels[event['stream_id']]}",
                overdue=overdue.get(key, False),
            )
    return agreements


def _journal_of(event: Row) -> list[tuple[str, int]]:
    """Return what an event moves; a registered order brings what was paid online into escrow."""
    if event["type"] == "OrderRegistered":
        paid = event["data"]["facts"]["payment"]["amount"]["amount"]
        return [("outside", -paid), ("escrow", paid)]
    return [(line["account"], line["amount"]) for line in event["data"].get("journal", [])]


def _right_source(reserved: Row, shop: _Shop, agreement: _Agreement) -> Iterator[str]:
    """Hold the source against the rule: escrow, the channel's cash, the deposit, the platform."""
    key, borne, source = reserved["refund_key"], reserved["borne"], reserved["source"]
    moved = Counter[str]()
    for line in reserved["journal"]:
        moved[line["account"]] += line["amount"]
    if moved["in_transit"] != reserved["amount"]:
        yield f"{key}: {moved['in_transit']} on its way instead of {reserved['amount']}"
    wanted, account = _source(borne, shop, agreement)
    if source != wanted or moved[account] != -borne:
        yield f"{key}: {borne} paid from {source}, {dict(moved)}, instead of {wanted}"
    back = -sum(moved[name] for name in ("talent", "agency", "service_fee"))
    if borne + back != reserved["amount"]:
        yield f"{key}: {borne} borne and {back} flowing back are not {reserved['amount']}"
    if back and agreement.overdue:
        yield f"{key}: {back} flow back, past the period"


def _source(borne: int, shop: _Shop, agreement: _Agreement) -> tuple[str, str]:
    """Return the source that must pay, and the account that must bear it."""
    if not agreement.settled:
        return "escrow", "escrow"
    if shop.accounts[agreement.cash] >= borne:
        return "cash", agreement.cash
    if shop.accounts["deposit"] >= borne:
        return "deposit", "deposit"
    return "platform_advance", "deposit"


def _booked(event: Row, journal: list[tuple[str, int]], shop_id: str, shop: _Shop) -> Iterator[str]:
    """Book a journal; name a lack of balance, and what it overdraws."""
    where = f"{shop_id}, {event['type']} at {event['position']}"
    if sum(amount for _, amount in journal):
        yield f"{where}: the lines do not add up"
    for account, amount in journal:
        shop.accounts[account] += amount
    for account in NEVER_OVERDRAWN:
        if shop.accounts[account] < 0:
            yield f"{where}: {account} is overdrawn, {shop.accounts[account]}"
    advance = event["type"] == RESERVED and event["data"]["source"] == "platform_advance"
    lost = any(account == "deposit" and amount < 0 for account, amount in journal)
    if lost and shop.accounts["deposit"] < 0 and not advance:
        yield f"{where}: the deposit is below zero without an advance"
    if event["type"] == PAID_OUT:
        shop.paid_out += event["data"]["amount"]


def _ledger_agrees(evidence: Evidence, journals: dict[str, Row]) -> Iterator[str]:
    rows = {row["journal_id"]: row for row in evidence.ledger}
    if len(rows) != len(evidence.ledger):
        yield "ledger: a journal is there twice"
    for journal_id in sorted(rows.keys() ^ journals.keys()):
        yield f"ledger: journal {journal_id} is {'missing' if journal_id in journals else 'extra'}"
    for journal_id in rows.keys() & journals.keys():
        row, known = rows[journal_id], journals[journal_id]
        lines = list(zip(row["accounts"], row["amounts"], strict=True))
        if sorted(lines) != sorted(known["journal"]) or row["shop_id"] != known["shop_id"]:
            yield f"ledger: {journal_id} says {lines}, the log {known['journal']}"


def _shop_adds_up(evidence: Evidence, shop_id: str, shop: _Shop) -> Iterator[str]:
    if sum(shop.accounts.values()):
        yield f"{shop_id}: the accounts add up to {sum(shop.accounts.values())}"
    for account in ("in_transit", "platform_advance"):
        if shop.accounts[account]:
            yield f"{shop_id}: {shop.accounts[account]} left in {account}"
    book = sum(entry["amount"] for entry in evidence.book if entry["shop_id"] == shop_id)
    if shop.paid_out != book:
        yield f"{shop_id}: {shop.paid_out} paid out by the ledger, {book} by the provider's book"
    outside = book - evidence.paid_in[shop_id]
    if shop.accounts["outside"] != outside:
        yield f"{shop_id}: outside holds {shop.accounts['outside']} instead of {outside}"
    kept = {
        row["account"]: (row["balance"], row["reserved"])
        for row in evidence.balances
        if row["shop_id"] == shop_id
    }
    for account in shop.accounts.keys() | kept.keys():
        if kept.get(account, (0, 0)) != (shop.accounts[account], 0):
            yield f"{shop_id}: {account} is {shop.accounts[account]}, kept as {kept.get(account)}"
    shown = {one["account"]: one for one in evidence.funds[shop_id]["accounts"]}
    for account in SHOWN:
        one = shown[account]
        if (one["available"], one["reserved"]) != (shop.accounts[account], 0):
            yield f"{shop_id}: {account} is {shop.accounts[account]}, shown as {one}"


def _must_be_in_escrow(evidence: Evidence) -> Counter[str]:
    """Return by shop what buyers paid for orders not settled yet, less what the provider paid."""
    left = Counter[str]()
    settled = {one["stream_id"] for one in evidence.events if one["type"] == "OrderSettled"}
    for event in evidence.events:
        if event["type"] == "OrderRegistered" and event["stream_id"] not in settled:
            _, shop_id, order_id = event["stream_id"].split("/")
            left[shop_id] += event["data"]["facts"]["payment"]["amount"]["amount"]
            left[shop_id] -= sum(
                entry["amount"]
                for entry in evidence.book
                if (entry["shop_id"], entry["order_id"]) == (shop_id, order_id)
            )
    return left


def _payments_once(evidence: Evidence) -> Iterator[str]:
    booked: dict[tuple[str, str], list[int]] = defaultdict(list)
    for event in evidence.events:
        sign = {"AccountToppedUp": 1, "CashWithdrawn": -1}.get(event["type"])
        if sign is not None:
            shop_id, data = event["stream_id"].split("/")[1], event["data"]
            booked[shop_id, data["reference"]].append(sign * data["amount"])
    for name in sorted(booked.keys() | evidence.payments.keys()):
        if booked[name] != [evidence.payments.get(name)]:
            yield f"{name}: granted {evidence.payments.get(name)}, booked {booked[name]}"
