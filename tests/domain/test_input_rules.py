"""What people give with what they ask: files by their address, reasons that suit the type."""

from dataclasses import replace
from typing import Any

import pytest

from app.domain.attachments import Attachment, MediaType
from app.domain.order.answers import RejectApplication
from app.domain.order.applications import AddTicketRemark
from app.domain.order.arbitration import RequestArbitration, SubmitArbitrationEvidence
from app.domain.order.returns import RejectReturnedGoods
from app.domain.order.tickets import TicketType
from app.domain.reasons import ApplicationReason
from app.domain.rejections import RejectionCode
from tests.domain.ticket_samples import APPLIED, SAMPLES, a_ticket, modify, ship_back
from tests.support.orders import (
    HOUR,
    History,
    a_photo,
    accepted,
    agree,
    apply_for,
    code_of,
    order_with_open_entry,
    refusal_of,
    refuse,
)

LATER = APPLIED + 12 * HOUR
MIB = 1024 * 1024
PENDING, REJECTED = a_ticket(), a_ticket(refuse())
DISPUTED = REJECTED.then(SAMPLES[RequestArbitration], at=LATER)
TAKES_FILES: dict[str, tuple[History, Any]] = {
    "evidence of an application": (
        order_with_open_entry(),
        apply_for(TicketType.REFUND_ONLY),
    ),
    "evidence of a modification": (PENDING, modify(TicketType.REFUND_ONLY)),
    "evidence of a rejection": (PENDING, SAMPLES[RejectApplication]),
    "evidence against goods": (
        a_ticket(agree(), ship_back()),
        SAMPLES[RejectReturnedGoods],
    ),
    "evidence of a request": (REJECTED, SAMPLES[RequestArbitration]),
    "evidence in arbitration": (DISPUTED, SAMPLES[SubmitArbitrationEvidence]),
    "pictures of a remark": (PENDING, SAMPLES[AddTicketRemark]),
}
EVERYWHERE = pytest.mark.parametrize("where", TAKES_FILES)


def given_with(where: str, *files: Attachment) -> RejectionCode | None:
    """Ask with these files; return the code of the refusal, None if they were taken."""
    history, command = TAKES_FILES[where]
    name = where.split(maxsplit=1)[0]
    outcome = history.ask(replace(command, **{name: files}), at=LATER)
    try:
        accepted(outcome)
    except AssertionError:
        return code_of(outcome)
    return None


@EVERYWHERE
@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("https://example.com/1.jpg", None),
        ("https://example.com", None),
        ("https://cdn-1.example.com:8443/a/b.jpg?size=1&x=%20#top", None),
        ("https://example.com/" + "a" * 480, None),
        ("https://example.com/" + "a" * 481, RejectionCode.ATTACHMENT_URL_INVALID),
        ("http://example.com/1.jpg", RejectionCode.ATTACHMENT_NOT_HTTPS),
        ("HTTPS://example.com/1.jpg", RejectionCode.ATTACHMENT_NOT_HTTPS),
        ("ftp://example.com/1.jpg", RejectionCode.ATTACHMENT_NOT_HTTPS),
        ("javascript:alert(1)", RejectionCode.ATTACHMENT_NOT_HTTPS),
        ("//example.com/1.jpg", RejectionCode.ATTACHMENT_NOT_HTTPS),
        (" https://example.com/1.jpg", RejectionCode.ATTACHMENT_NOT_HTTPS),
        ("", RejectionCode.ATTACHMENT_NOT_HTTPS),
        ("https://", RejectionCode.ATTACHMENT_URL_INVALID),
        ("https:///1.jpg", RejectionCode.ATTACHMENT_URL_INVALID),
        ("https://me:secret@example.com/1.jpg", RejectionCode.ATTACHMENT_URL_INVALID),
        ("https://me@example.com/1.jpg", RejectionCode.ATTACHMENT_URL_INVALID),
        ("https://example.com/a b.jpg", RejectionCode.ATTACHMENT_URL_INVALID),
        ("https://example.com/1.jpg\n", RejectionCode.ATTACHMENT_URL_INVALID),
        ("https://example.com/照片.jpg", RejectionCode.ATTACHMENT_URL_INVALID),
        ("https://例子.com/1.jpg", RejectionCode.ATTACHMENT_URL_INVALID),
        ("https://example.com:port/1.jpg", RejectionCode.ATTACHMENT_URL_INVALID),
        ("https://[::1]/1.jpg", RejectionCode.ATTACHMENT_URL_INVALID),
    ],
)
def test_a_file_lies_at_an_https_address_without_name_and_password(
    where: str, url: str, code: RejectionCode | None
) -> None:
    assert given_with(where, a_photo(url)) is code


@EVERYWHERE
@pytest.mark.parametrize(
    ("media_type", "largest_mib"),
    [
        (MediaType.JPEG, 10),
        (MediaType.PNG, 10),
        (MediaType.WEBP, 10),
        (MediaType.MP4, 50),
        (MediaType.PDF, 20),
    ],
)
def test_each_type_of_file_has_its_size(
    where: str, media_type: MediaType, largest_mib: int
) -> None:
    if where == "pictures of a remark" and media_type in {MediaType.MP4, MediaType.PDF}:
        taken = given_with(where, a_photo(media_type=media_type))
        assert taken is RejectionCode.ATTACHMENT_TYPE_NOT_TAKEN
        return
    for size, code in (
        (1, None),
        (largest_mib * MIB, None),
        (largest_mib * MIB + 1, RejectionCode.ATTACHMENT_TOO_LARGE),
        (0, RejectionCode.ATTACHMENT_TOO_LARGE),
        (-1, RejectionCode.ATTACHMENT_TOO_LARGE),
        (None, RejectionCode.ATTACHMENT_TOO_LARGE),
    ):
        assert given_with(where, a_photo(media_type=media_type, size_bytes=size)) is code


@EVERYWHERE
@pytest.mark.parametrize("media_type", ["image/gif", "text/html", "IMAGE/JPEG", "", None])
def test_other_types_of_file_are_not_taken(where: str, media_type: str | None) -> None:
    taken = given_with(where, a_photo(media_type=media_type))
    assert taken is RejectionCode.ATTACHMENT_TYPE_NOT_TAKEN


@EVERYWHERE
def test_nine_files_are_taken_and_not_ten(where: str) -> None:
    assert given_with(where, *(a_photo(),) * 9) is None
    assert given_with(where, *(a_photo(),) * 10) is RejectionCode.TOO_MANY_ATTACHMENTS


def test_the_refusal_says_which_file_it_is_about() -> None:
    _, command = TAKES_FILES["evidence of a rejection"]
    bad = replace(command, evidence=(a_photo(), a_photo(size_bytes=11 * MIB)))
    refused = refusal_of(PENDING.ask(bad, at=LATER))
    assert dict(refused.facts) == {"number": 1, "size_bytes": 11 * MIB, "limit": 10 * MIB}


NOT_FOR: dict[TicketType, set[str]] = {
    TicketType.REFUND_ONLY: set(),
    TicketType.RETURN_AND_REFUND: {"not_received"},
    TicketType.EXCHANGE: {"not_received"},
    TicketType.REISSUE: {
        "no_longer_wanted",
        "not_as_described",
        "quality_problem",
        "counterfeit",
    },
    TicketType.REPAIR: {
        "no_longer_wanted",
        "wrong_item",
        "missing_parts",
        "counterfeit",
        "not_received",
    },
}


@pytest.mark.parametrize("of", TicketType)
@pytest.mark.parametrize("reason", ApplicationReason)
def test_a_reason_must_suit_the_type_at_first_and_after_a_change(
    of: TicketType, reason: ApplicationReason
) -> None:
    for history, command in (
        (order_with_open_entry(), apply_for(of)),
        (PENDING, modify(of)),
    ):
        outcome = history.ask(replace(command, reason=reason), at=LATER)
        if reason.value not in NOT_FOR[of]:
            accepted(outcome)
            continue
        refused = refusal_of(outcome)
        assert refused.code is RejectionCode.REASON_NOT_FOR_TYPE
        assert dict(refused.facts) == {"reason": reason.value, "type": of.value}
