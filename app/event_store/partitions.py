"""Which of the log's partitions a shop lives in. Fixed for the life of an installation."""

from hashlib import sha256

PARTITION_COUNT = 64


def partition_of(shop_id: str) -> int:
    """Return the shop's partition, 0 to 63: the first 8 bytes of SHA-256 over UTF-8, modulo 64."""
    digest = sha256(shop_id.encode()).digest()
    return int.from_bytes(digest[:8], "big") % PARTITION_COUNT
