"""How streams are named, and the partition a shop's streams lie in.

The second part of a name is the shop; the append functions rely on it.
"""

from hashlib import sha256

PARTITION_COUNT = 64


def partition_of(shop_id: str) -> int:
    """Return the shop's partition, 0 to 63: the first 8 bytes of SHA-256 over UTF-8, modulo 64."""
    digest = sha256(shop_id.encode()).digest()
    return int.from_bytes(digest[:8], "big") % PARTITION_COUNT


def order_stream(shop_id: str, order_id: str) -> str:
    """Return the id of an order's stream."""
    return f"order/{shop_id}/{order_id}"


def streams_of_shop(shop_id: str) -> tuple[str, str]:
    """Return the bounds of the ids of a shop's streams: from the first, up to before the second."""
    return f"order/{shop_id}/", f"order/{shop_id}0"  # "0" follows "/"


def order_of_stream(stream_id: str) -> tuple[str, str]:
    """Return shop id and order id of an order's stream; ValueError if it is not one."""
    kind, shop_id, order_id = stream_id.split("/")
    if kind != "order":
        raise ValueError(f"{stream_id} is not an order's stream")
    return shop_id, order_id


def funds_stream(shop_id: str) -> str:
    """Return the id of the stream of a shop's money."""
    return f"funds/{shop_id}"


def endpoint_stream(shop_id: str | None, endpoint_id: str) -> str:
    """Return the id of the stream of a webhook endpoint, which None says is the platform's.

    Nothing of the platform's own endpoints is in the log: their stream is only named in messages.
    """
    return f"webhook_endpoint/{shop_id or 'platform'}/{endpoint_id}"


def shop_of_stream(stream_id: str) -> str:
    """Return the shop a stream of any kind is of."""
    return stream_id.split("/", 2)[1]


def shop_of_funds_stream(stream_id: str) -> str:
    """Return the shop a funds stream is of; ValueError if it is not one."""
    kind, shop_id = stream_id.split("/")
    if kind != "funds":
        raise ValueError(f"{stream_id} is not a stream of funds")
    return shop_id
