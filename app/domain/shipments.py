"""Parcels on their way: a carrier and its tracking number."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from app.domain.text import Text


class Carrier(StrEnum):
    """Who carries a parcel."""

    SF = "sf"
    ZTO = "zto"
    YTO = "yto"
    STO = "sto"
    YUNDA = "yunda"
    JTEXPRESS = "jtexpress"
    JD = "jd"
    EMS = "ems"
    DEPPON = "deppon"
    OTHER = "other"


CARRIER_TEXTS: Mapping[Carrier, Text] = MappingProxyType(
    {
        Carrier.SF: Text(zh_cn="顺丰速运", en="SF Express"),
        Carrier.ZTO: Text(zh_cn="中通快递", en="ZTO Express"),
        Carrier.YTO: Text(zh_cn="圆通速递", en="YTO Express"),
        Carrier.STO: Text(zh_cn="申通快递", en="STO Express"),
        Carrier.YUNDA: Text(zh_cn="韵达快递", en="Yunda Express"),
        Carrier.JTEXPRESS: Text(zh_cn="极兔速递", en="J&T Express"),
        Carrier.JD: Text(zh_cn="京东物流", en="JD Logistics"),
        Carrier.EMS: Text(zh_cn="中国邮政 EMS", en="China Post EMS"),
        Carrier.DEPPON: Text(zh_cn="德邦快递", en="Deppon Express"),
        Carrier.OTHER: Text(zh_cn="其他快递", en="Another carrier"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipment:
    """A parcel. ``tracking_number`` is in capitals and without spaces, as it is searched by."""

    carrier: Carrier
    tracking_number: str


def normalized(shipment: Shipment) -> Shipment:
    """Return the shipment with its tracking number in capitals and without spaces."""
    number = normalized_number(shipment.tracking_number)
    return Shipment(carrier=shipment.carrier, tracking_number=number)


def normalized_number(tracking_number: str) -> str:
    """Return a tracking number as it is kept and searched by: in capitals and without spaces."""
    return "".join(tracking_number.split()).upper()
