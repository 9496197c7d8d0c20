"""What is said of a shop's money and of its webhook endpoints."""

from collections.abc import Mapping
from types import MappingProxyType

from app.domain.text import Text
from app.notifications.templates import Message, Template

SHOP_MESSAGES: Mapping[Template, Message] = MappingProxyType(
    {
        Template.DEPOSIT_BELOW_REQUIRED: Message(
            title=Text(zh_cn="保证金低于要求", en="The deposit is below its required level"),
            body=Text(
                zh_cn="店铺保证金余额 {deposit},低于要求的 {level},请尽快补足。",
                en="The deposit holds {deposit}, less than the required {level}. Please top it up.",
            ),
        ),
        Template.DEPOSIT_RESTORED: Message(
            title=Text(zh_cn="保证金已补足", en="The deposit is at its required level again"),
            body=Text(
                zh_cn="店铺保证金余额 {deposit},已达到要求的 {level}。",
                en="The deposit holds {deposit}; {level} are required.",
            ),
        ),
        Template.SHOP_RESTRICTED: Message(
            title=Text(zh_cn="店铺欠款,暂不能打开售后入口", en="The shop may open no more entries"),
            body=Text(
                zh_cn="平台先行赔付后店铺欠款 {arrears},超过上限 {limit}。"
                "充值补足前不能打开新的售后入口,已打开的入口和售后单不受影响。",
                en="The shop owes {arrears} for refunds paid in advance, more than {limit}. Until "
                "a top-up no after-sales entry can be opened; open entries and tickets run on.",
            ),
        ),
        Template.RESTRICTION_LIFTED: Message(
            title=Text(zh_cn="可以重新打开售后入口", en="The shop may open entries again"),
            body=Text(
                zh_cn="店铺欠款 {arrears},已在上限以内,可以打开售后入口。",
                en="The shop owes {arrears}, which is within the limit: entries can be opened.",
            ),
        ),
        Template.ARREARS_COLLECTED: Message(
            title=Text(zh_cn="充值已用于偿还欠款", en="A top-up paid back what the shop owed"),
            body=Text(
                zh_cn="充值 {reference} 中的 {collected} 已用于偿还欠款(追缴),剩余欠款 {arrears}。",
                en="Of the top-up {reference}, {collected} paid back what the platform had "
                "advanced; {arrears} are still owed.",
            ),
        ),
        Template.WEBHOOK_ENDPOINT_GONE: Message(
            title=Text(zh_cn="消息推送地址已停用", en="A webhook endpoint was disabled"),
            body=Text(
                zh_cn="消息推送地址 {url} 答复已不再使用(410),已停用。"
                "修复后可以重新启用,并补发期间的消息。",
                en="{url} answered that it is gone (410), so nothing is sent there any more. Once "
                "it is mended you can enable it again and have sent what it missed.",
            ),
        ),
        Template.WEBHOOK_ENDPOINT_FAILING: Message(
            title=Text(zh_cn="消息推送地址已停用", en="A webhook endpoint was disabled"),
            body=Text(
                zh_cn="消息推送地址 {url} 连续多日无法送达,已停用。"
                "修复后可以重新启用,并补发期间的消息。",
                en="Nothing could be delivered to {url} for days, so nothing is sent there any "
                "more. Once it is mended you can enable it again and have sent what it missed.",
            ),
        ),
    }
)
