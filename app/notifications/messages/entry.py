"""What is said of an entry."""

from collections.abc import Mapping
from types import MappingProxyType

from app.domain.text import Text
from app.notifications.templates import Message, Template

ENTRY_MESSAGES: Mapping[Template, Message] = MappingProxyType(
    {
        Template.ENTRY_OPENED: Message(
            title=Text(zh_cn="商家已为您打开售后入口", en="You may apply for after-sales again"),
            body=Text(
                zh_cn="订单 {order_id} 的售后入口已打开,请在 {expires_at} 前申请售后。",
                en="The merchant opened the after-sales entry of order {order_id}. "
                "Please apply before {expires_at}.",
            ),
        ),
        Template.ENTRY_EXPIRING: Message(
            title=Text(zh_cn="售后入口即将关闭", en="The after-sales entry is about to close"),
            body=Text(
                zh_cn="订单 {order_id} 的售后入口将于 {expires_at} 关闭,您尚未申请售后。",
                en="The after-sales entry of order {order_id} closes at {expires_at} and you have "
                "not applied yet.",
            ),
        ),
        Template.ENTRY_EXPIRED: Message(
            title=Text(zh_cn="售后入口已关闭", en="The after-sales entry has closed"),
            body=Text(
                zh_cn="订单 {order_id} 的售后入口已到期关闭。如仍需售后,可请商家再次打开。",
                en="The after-sales entry of order {order_id} has expired. "
                "You may ask the merchant to open it again.",
            ),
        ),
        Template.REOPENING_REQUESTED: Message(
            title=Text(zh_cn="买家请求再次打开售后入口", en="A buyer asks for the entry again"),
            body=Text(
                zh_cn="订单 {order_id} 的买家请求再次打开售后入口,请打开或拒绝。",
                en="The buyer of order {order_id} asks for the after-sales entry to be opened "
                "again. Please open it or decline.",
            ),
        ),
        Template.REOPENING_DECLINED: Message(
            title=Text(
                zh_cn="商家未同意再次打开售后入口",
                en="The merchant declined to open the entry again",
            ),
            body=Text(
                zh_cn="订单 {order_id} 的售后入口不再打开,原因:{decline_reason}。",
                en="The after-sales entry of order {order_id} will not be opened again: "
                "{decline_reason}.",
            ),
        ),
    }
)
