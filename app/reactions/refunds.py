"""Reactions to the money of a ticket: refunds, and advance payouts to another account."""

from pydantic_core import to_jsonable_python

from app.domain.order import payouts, refunds
from app.domain.refunds import differs
from app.reactions.public_types import EventType
from app.reactions.reaction import (
    Params,
    Reaction,
    cost_params,
    message,
    money_params,
    one_line,
    one_message,
    text,
    to_both,
    to_consumer,
    to_merchant,
)


def _funded(event: refunds.RefundFunded) -> Params:
    return {
        "refund_key": event.refund_key,
        **money_params(event),
        "funding_source": event.source.value,
        "shares": to_jsonable_python(event.shares),
        "insufficient": event.insufficient,
        "preview": None if event.preview is None else cost_params(event.preview),
        "differs": differs(event.preview, event.source, event.shares.shop),
    }


def _succeeded(event: refunds.RefundSucceeded) -> Params:
    return {
        **money_params(event),
        "refund_key": event.refund_key,
        "funding_source": None if event.source is None else event.source.value,
        "provider_reference": event.provider_reference,
    }


def _requested(event: payouts.AdvancePayoutRequested) -> Params:
    return {
        "payout_key": event.payout_key,
        **money_params(event),
        "payee_kind": event.payee.kind.value,
        "payee_account": event.payee.account_masked,
        "payee_holder": event.payee.holder_masked,
        "note": event.note,
        "requested_by": event.requested_by,
        "needs_approval": event.needs_approval,
    }


REACTIONS = (
    Reaction(
        event=refunds.RefundFunded,
        lines={
            "refund_funded": text(
                "售后单 {ticket_id} 退款 {amount} 由{funding_source}支付,已提交支付渠道",
                "Refund of {amount} for ticket {ticket_id} paid from {funding_source}, provider asked",
            ),
            "refund_advanced": text(
                "商家资金不足,平台先行赔付售后单 {ticket_id} 退款 {amount}",
                "The merchant's funds do not cover {amount} for ticket {ticket_id}: the platform pays in advance",
            ),
        },
        line=lambda event: "refund_advanced" if event.insufficient else "refund_funded",
        facts=_funded,
        public=EventType.REFUND_FUNDED,
    ),
    Reaction(
        event=refunds.RefundOutcomeUnknown,
        lines=one_line(
            "refund_outcome_unknown",
            "售后单 {ticket_id} 退款结果未知,等待支付渠道答复",
            "The outcome of the refund for ticket {ticket_id} is unknown; waiting for the provider",
        ),
        facts=lambda event: {"refund_key": event.refund_key, "why": event.why},
        public=EventType.REFUND_UNKNOWN,
    ),
    Reaction(
        event=refunds.RefundRefused,
        lines=one_line(
            "refund_refused",
            "售后单 {ticket_id} 退款被支付渠道拒绝:{refund_refusal}",
            "The provider refused the refund for ticket {ticket_id}: {refund_refusal}",
        ),
        facts=lambda event: {
            "refund_key": event.refund_key,
            "refund_refusal": event.refusal.value,
            "provider_text": event.provider_text,
        },
        messages=one_message(
            "refund_refused",
            "退款未能到账",
            "A refund could not be paid",
            "售后单 {ticket_id} 的退款未能到账:{refund_refusal}。平台客服将协助处理。",
            "The refund of ticket {ticket_id} could not be paid: {refund_refusal}. Customer service will take care of it.",
        ),
        notify=lambda event: to_both("refund_refused", {"refund_refusal": event.refusal.value}),
        public=EventType.REFUND_FAILED,
    ),
    Reaction(
        event=refunds.RefundSucceeded,
        lines=one_line(
            "refund_succeeded",
            "售后单 {ticket_id} 退款成功,金额 {amount}",
            "Refund of {amount} for ticket {ticket_id} succeeded",
        ),
        facts=_succeeded,
        messages=one_message(
            "refund_succeeded",
            "退款成功",
            "Your refund succeeded",
            "您的售后单 {ticket_id} 已退款 {amount}。",
            "{amount} were refunded to you for ticket {ticket_id}.",
        ),
        notify=lambda event: to_consumer("refund_succeeded", money_params(event)),
        public=EventType.REFUND_SUCCEEDED,
    ),
    # Not public, nor the decline: the platform deliberates, and no money has moved.
    Reaction(
        event=payouts.AdvancePayoutRequested,
        lines={
            "payout_requested": text(
                "平台商服 {requested_by} 为售后单 {ticket_id} 发起先行赔付 {amount},收款账户:{payee_kind} {payee_account}({payee_holder})",
                "Platform customer service {requested_by} asked for an advance payout of {amount} for ticket {ticket_id} to {payee_kind} {payee_account} ({payee_holder})",
            ),
            "payout_awaits_approval": text(
                "平台商服 {requested_by} 为售后单 {ticket_id} 申请先行赔付 {amount},待另一人审批,收款账户:{payee_kind} {payee_account}({payee_holder})",
                "Platform customer service {requested_by} asked for an advance payout of {amount} for ticket {ticket_id} to {payee_kind} {payee_account} ({payee_holder}); another person must approve it",
            ),
        },
        line=lambda event: "payout_awaits_approval" if event.needs_approval else "payout_requested",
        facts=_requested,
    ),
    Reaction(
        event=payouts.AdvancePayoutStarted,
        lines={
            "payout_started": text(
                "平台先行赔付售后单 {ticket_id} {amount},扣除商家保证金,已提交支付渠道",
                "The platform pays {amount} for ticket {ticket_id} in advance and charges the deposit; provider asked",
            ),
            "payout_approved": text(
                "{approved_by} 已审批,平台先行赔付售后单 {ticket_id} {amount},扣除商家保证金,已提交支付渠道",
                "Approved by {approved_by}: the platform pays {amount} for ticket {ticket_id} in advance and charges the deposit; provider asked",
            ),
        },
        line=lambda event: "payout_started" if event.approved_by is None else "payout_approved",
        facts=lambda event: {
            "payout_key": event.payout_key,
            **money_params(event),
            "approved_by": event.approved_by,
            "shares": to_jsonable_python(event.shares),
        },
        messages={
            "payout_started": message(
                "平台先行赔付处理中",
                "The platform pays you in advance",
                "售后单 {ticket_id} 的 {amount} 将由平台先行赔付至您提供的收款账户。",
                "The platform pays {amount} for ticket {ticket_id} in advance, to the account you named.",
            ),
            "payout_charged": message(
                "平台先行赔付,扣除保证金",
                "The platform pays in advance",
                "售后单 {ticket_id} 原路退款失败,平台先行赔付 {amount},已扣除保证金。保证金不足部分将从下次充值中追缴。",
                "The refund of ticket {ticket_id} failed, so the platform pays {amount} in advance and charges your deposit. What it lacks is collected from your next top-up.",
            ),
        },
        notify=lambda event: (
            to_consumer("payout_started", money_params(event))
            + to_merchant("payout_charged", money_params(event))
        ),
        public=EventType.ADVANCE_PAYOUT_STARTED,
    ),
    Reaction(
        event=payouts.AdvancePayoutDeclined,
        lines=one_line(
            "payout_declined",
            "{declined_by} 否决了售后单 {ticket_id} 的先行赔付",
            "{declined_by} declined the advance payout for ticket {ticket_id}",
        ),
        facts=lambda event: {
            "payout_key": event.payout_key,
            "declined_by": event.declined_by,
            "note": event.note,
        },
    ),
    Reaction(
        event=payouts.AdvancePayoutOutcomeUnknown,
        lines=one_line(
            "payout_outcome_unknown",
            "售后单 {ticket_id} 先行赔付结果未知,等待支付渠道答复",
            "The outcome of the advance payout for ticket {ticket_id} is unknown; waiting for the provider",
        ),
        facts=lambda event: {"payout_key": event.payout_key, "why": event.why},
        public=EventType.ADVANCE_PAYOUT_UNKNOWN,
    ),
    Reaction(
        event=payouts.AdvancePayoutRefused,
        lines=one_line(
            "payout_refused",
            "售后单 {ticket_id} 先行赔付被支付渠道拒绝:{refund_refusal}",
            "The provider refused the advance payout for ticket {ticket_id}: {refund_refusal}",
        ),
        facts=lambda event: {
            "payout_key": event.payout_key,
            "refund_refusal": event.refusal.value,
            "provider_text": event.provider_text,
        },
        messages=one_message(
            "payout_refused",
            "先行赔付未能到账",
            "An advance payout could not be paid",
            "售后单 {ticket_id} 的先行赔付未能到账:{refund_refusal}。平台客服将协助处理。",
            "The advance payout for ticket {ticket_id} could not be paid: {refund_refusal}. Customer service will take care of it.",
        ),
        notify=lambda event: to_both("payout_refused", {"refund_refusal": event.refusal.value}),
        public=EventType.ADVANCE_PAYOUT_FAILED,
    ),
    Reaction(
        event=payouts.AdvancePayoutPaid,
        lines=one_line(
            "payout_paid",
            "售后单 {ticket_id} 先行赔付成功,金额 {amount}",
            "Advance payout of {amount} for ticket {ticket_id} succeeded",
        ),
        facts=lambda event: {
            "payout_key": event.payout_key,
            **money_params(event),
            "provider_reference": event.provider_reference,
        },
        messages=one_message(
            "payout_paid",
            "先行赔付已到账",
            "The advance payout has arrived",
            "售后单 {ticket_id} 的先行赔付 {amount} 已支付。",
            "The advance payout of {amount} for ticket {ticket_id} has been paid.",
        ),
        notify=lambda event: to_both("payout_paid", money_params(event)),
        public=EventType.ADVANCE_PAYOUT_PAID,
    ),
)
