"""What lifts payloads of old schema versions. Pure; what was not known then is None or empty."""

from typing import Any

Payload = dict[str, Any]


def after_sales_entry_opened_v2(payload: Payload) -> Payload:
    """Version 2 knows which source would have paid; the merchant always bore the whole."""
    cost = payload["acknowledged_cost"]
    seen = {**cost, "source": None, "borne": cost["refundable"], "shortfall": None}
    return {**payload, "acknowledged_cost": seen}


def with_acknowledged_cost(payload: Payload) -> Payload:
    """Lift to the version that knows which cost was acknowledged: none was."""
    return {**payload, "acknowledged_cost": None}


def ticket_created_v2(payload: Payload) -> Payload:
    """Version 2 knows reminders of deadlines, and evidence given with an application."""
    return {**_with_reminder(payload), "evidence": []}


def application_agreed_v2(payload: Payload) -> Payload:
    """Version 2 knows reminders, agreement without return, and the assistant's rules."""
    return {**_with_reminder(payload), "without_return": False, "rule": None}


def application_rejected_v2(payload: Payload) -> Payload:
    """Version 2 knows reminders, and type and size of each piece of evidence."""
    evidence = [{"url": url, "media_type": None, "size_bytes": None} for url in payload["evidence"]]
    return {**_with_reminder(payload), "evidence": evidence}


def refund_funded_v2(payload: Payload) -> Payload:
    """Version 2 knows the cost that was acknowledged before: none was held against it."""
    return {**payload, "preview": None}


def refund_succeeded_v2(payload: Payload) -> Payload:
    """Version 2 knows the refund's key, the source that paid, and the provider's reference."""
    return {**payload, "refund_key": None, "source": None, "provider_reference": None}


def _with_reminder(payload: Payload) -> Payload:
    due = payload["due"]
    return payload if due is None else {**payload, "due": {**due, "remind_at": None}}
