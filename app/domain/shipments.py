"""Parcels on their way: a carrier and its tracking number."""

from dataclasses import dataclass

from app.domain.text import TextEnum


class Carrier(TextEnum):
    """Who carries a parcel."""

    SF = "sf", "顺丰速运", "SF Express"
    ZTO = "zto", "中通快递", "ZTO Express"
    YTO = "yto", "圆通速递", "YTO Express"
    STO = "sto", "申通快递", "STO Express"
    YUNDA = "yunda", "韵达快递", "Yunda Express"
    JTEXPRESS = "jtexpress", "极兔速递", "J&T Express"
    JD = "jd", "京东物流", "JD Logistics"
    EMS = "ems", "中国邮政 EMS", "China Post EMS"
    DEPPON = "deppon", "德邦快递", "Deppon Express"
    OTHER = "other", "其他快递", "Another carrier"


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
