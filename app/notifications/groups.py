"""Groups of messages: what a recipient switches off together."""

from enum import StrEnum


class TemplateGroup(StrEnum):
    """What a message is about, broadly."""

    ENTRY = "entry"
    FUNDS = "funds"
    REFUND = "refund"
    TICKET = "ticket"
    WEBHOOK = "webhook"


_BY_FIRST_WORD = {
    "entry": TemplateGroup.ENTRY,
    "reopening": TemplateGroup.ENTRY,
    "refund": TemplateGroup.REFUND,
    "deposit": TemplateGroup.FUNDS,
    "shop": TemplateGroup.FUNDS,
    "restriction": TemplateGroup.FUNDS,
    "arrears": TemplateGroup.FUNDS,
    "payout": TemplateGroup.REFUND,
    "webhook": TemplateGroup.WEBHOOK,
}


def group_of(template: str) -> TemplateGroup:
    """Return a message's group, by the first word of its name; most are about a ticket."""
    return _BY_FIRST_WORD.get(template.partition("_")[0], TemplateGroup.TICKET)
