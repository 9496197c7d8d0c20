"""The bodies of simulated requests: mostly valid, now and then not."""

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tools.oracle.order import PlainOrder
from tools.oracle.rules import APPLICATION_REJECTIONS, MONEY, REASONS, RETURN_REJECTIONS
from tools.oracle.ticket import PlainTicket

Json = dict[str, Any]

CARELESS = 0.05
"""How often something invalid is sent."""

_ALL_REASONS = sorted(REASONS["refund_only"])
_ALL_REJECTIONS = sorted(APPLICATION_REJECTIONS | RETURN_REJECTIONS)
_A_PICTURE = {
    "url": "https://files.example.com/1.jpg",
    "media_type": "image/jpeg",
    "size_bytes": 204_800,
}
_FILES = (
    _A_PICTURE,
    {**_A_PICTURE, "url": "https://files.example.com/2.png", "media_type": "image/png"},
    {**_A_PICTURE, "url": "https://files.example.com/3.pdf", "media_type": "application/pdf"},
)
_BAD_FILES = (
    {**_A_PICTURE, "url": "http://files.example.com/1.jpg"},
    {**_A_PICTURE, "url": "https://somebody@files.example.com/1.jpg"},
    {**_A_PICTURE, "media_type": "image/gif"},
    {**_A_PICTURE, "size_bytes": 0},
    {**_A_PICTURE, "size_bytes": 10 * 1024 * 1024 + 1},
)
_BAD_NUMBERS = ("1111111111", "SF12", "NOTANUMBER", "SF1030529384756中", "-SF10305293847")
_CARRIERS = ("sf", "zto", "yto", "sto", "yunda", "jtexpress", "jd", "ems", "deppon", "other")


def application(kind: str, order: PlainOrder, rng: random.Random) -> Json:
    """Return the body of an application for a type of after-sales."""
    body = _wish(kind, order, rng)
    if kind in MONEY:
        return {**body, "return_goods": kind == "return_and_refund"}
    items = [{"item_id": one["item_id"], "quantity": one["quantity"]} for one in body["items"]]
    return {**body, "items": items}


def decision(
    name: str,
    order: PlainOrder,
    ticket: PlainTicket,
    rng: random.Random,
    examples: Mapping[str, Json],
) -> Json | None:
    """Return the body of a decision on a ticket; None for those that need none.

    ``examples``: sent with a decision that has no function here.
    """
    make = _BODIES.get(name)
    return examples.get(name) if make is None else make(order, ticket, rng)


def required_examples(document: Mapping[str, Any]) -> Mapping[str, Json]:
    """Return the example of each request body that the API's document requires, by operation."""
    posts = [methods["post"] for methods in document["paths"].values() if "post" in methods]
    bodies = {post["operationId"]: post.get("requestBody", {}) for post in posts}
    return {
        name: body["content"]["application/json"]["example"]
        for name, body in bodies.items()
        if body.get("required") and "example" in body["content"].get("application/json", ())
    }


def _wish(kind: str, order: PlainOrder, rng: random.Random) -> Json:
    reasons = sorted(REASONS[kind]) if rng.random() > CARELESS else _ALL_REASONS
    items = list(order.line["items"])
    chosen = rng.sample(items, rng.randint(1, len(items)))
    asked = [_asked(kind, order, item, rng) for item in chosen]
    if rng.random() < CARELESS:
        asked.append({**asked[0], "item_id": rng.choice((asked[0]["item_id"], "item-9"))})
    return {
        "items": asked,
        "reason": rng.choice(reasons),
        "description": rng.choice((None, "不加热了 / It no longer heats")),
        "evidence": _files(rng),
    }


def _asked(kind: str, order: PlainOrder, item: Mapping[str, Any], rng: random.Random) -> Json:
    item_id = item["item_id"]
    units = item["quantity"] - order.sent_back.get(item_id, 0)
    money = item["amount_paid"] - order.paid_back.get(item_id, 0)
    careless = rng.random() < CARELESS
    quantity = units + 1 if careless else rng.randint(1, max(units, 1))
    amount = 0
    if kind in MONEY:
        amount = rng.choice((money, money, rng.randint(0, money), money // 2))
        amount += rng.random() < CARELESS
    return {"item_id": item_id, "quantity": quantity, "amount": amount}


def _modification(order: PlainOrder, _ticket: PlainTicket, rng: random.Random) -> Json:
    kind = rng.choice(sorted(REASONS))
    return {"type": kind, **_wish(kind, order, rng)}


def _rejection(_order: PlainOrder, _ticket: PlainTicket, rng: random.Random) -> Json:
    return _no(sorted(APPLICATION_REJECTIONS), rng)


def _return_rejection(_order: PlainOrder, _ticket: PlainTicket, rng: random.Random) -> Json:
    return _no(sorted(RETURN_REJECTIONS), rng, evidence=rng.random() > CARELESS)


def _no(reasons: list[str], rng: random.Random, *, evidence: bool = False) -> Json:
    taken = reasons if rng.random() > CARELESS else _ALL_REJECTIONS
    return {
        "reason": rng.choice(taken),
        "note": rng.choice((None, "我们没有发现问题")),
        "evidence": [_A_PICTURE] if evidence else _files(rng),
    }


def _parcel(_order: PlainOrder, _ticket: PlainTicket, rng: random.Random) -> Json:
    number = f"SF{rng.randint(10**11, 10**13 - 1)}"
    if rng.random() < CARELESS:
        number = rng.choice(_BAD_NUMBERS)
    elif rng.random() < 0.2:
        number = f" {number[:6].lower()} {number[6:]}"
    return {"carrier": rng.choice(_CARRIERS), "tracking_number": number}


def _correction(order: PlainOrder, ticket: PlainTicket, rng: random.Random) -> Json:
    if ticket.parcel is not None and rng.random() < 0.2:
        return {"carrier": ticket.parcel[0], "tracking_number": ticket.parcel[1].lower()}
    return _parcel(order, ticket, rng)


def _extension(_order: PlainOrder, _ticket: PlainTicket, rng: random.Random) -> Json:
    return {"days": rng.randint(1, 7) if rng.random() > CARELESS else 8}


def _arbitration(_order: PlainOrder, _ticket: PlainTicket, rng: random.Random) -> Json:
    return {"note": "商家拒绝得没有道理", "evidence": _files(rng)}


def _evidence(_order: PlainOrder, _ticket: PlainTicket, rng: random.Random) -> Json:
    note = None if rng.random() < CARELESS else "见附件 / See the files"
    return {"note": note, "evidence": _files(rng)}


def _ruling(order: PlainOrder, ticket: PlainTicket, rng: random.Random) -> Json:
    for_buyer = rng.random() < 0.6
    body: Json = {
        "ruling": "for_buyer" if for_buyer else "for_merchant",
        "blame": rng.choice(("buyer", "merchant", "carrier", "nobody")),
        "note": rng.choice((None, "依据双方凭证")),
    }
    granted = ticket.granted if ticket.type in MONEY else order.worth(ticket)
    most = sum(asked.amount for asked in granted)
    if for_buyer and most and rng.random() < 0.5:
        body["final_amount"] = rng.randint(1, most)
    elif rng.random() < CARELESS:
        body["final_amount"] = most + 1
    return body


def _remark(_order: PlainOrder, _ticket: PlainTicket, rng: random.Random) -> Json:
    text = rng.choice(("请尽快处理", "Thank you", "好的"))
    return {"text": text, "pictures": _files(rng, _FILES[:2])}


def _files(rng: random.Random, known: Sequence[Json] = _FILES) -> list[Json]:
    if rng.random() < CARELESS:
        return [rng.choice(_BAD_FILES)]
    return rng.sample(known, rng.choice((0, 0, 1, 2)))


_BODIES: Mapping[str, Callable[[PlainOrder, PlainTicket, random.Random], Json]] = {
    "reject_application": _rejection,
    "modify_application": _modification,
    "ship_goods_back": _parcel,
    "correct_return_shipment": _correction,
    "extend_return_deadline": _extension,
    "reject_returned_goods": _return_rejection,
    "ship_replacement": _parcel,
    "request_arbitration": _arbitration,
    "submit_arbitration_evidence": _evidence,
    "rule_arbitration": _ruling,
    "add_ticket_remark": _remark,
}
