"""Asks the example of each case: a line of base64 fields, answered with a line of true or false."""

import sys
from base64 import b64decode

from verifying import verify  # type: ignore[import-not-found]

for line in sys.stdin:
    fields = [b64decode(field) for field in line.split("\t")]
    key, message_id, timestamp, signature = (field.decode() for field in fields[:4])
    headers = {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": signature,
    }
    print(str(verify(key, headers, fields[4])).lower())  # noqa: T201
