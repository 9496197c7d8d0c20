"""Shares what repeats in the document: responses and parameters that operations have in common.

A response is named for its status and what it holds: the codes of its problems, its model, or the
type of its content; a parameter for where it is and its name. So a reference alone shows what an
operation may be asked with and may answer with.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]

_CODE = re.compile(r"^- `(\w+)`", re.MULTILINE)


def share_components(document: Json) -> None:
    """Move what occurs more than once to the components, and refer to it there.

    Of several that would have one name, the most frequent gets it; the others stay where they are.
    """
    items = (*document["paths"].values(), *document["webhooks"].values())
    operations = [operation for item in items for operation in item.values()]
    responses = (
        (one["responses"], status, _response_name(status, response))
        for one in operations
        for status, response in one["responses"].items()
    )
    parameters = (
        (one["parameters"], index, f"{parameter['in']}.{parameter['name']}")
        for one in operations
        for index, parameter in enumerate(one.get("parameters", ()))
    )
    document["components"]["responses"] = _shared(responses, "#/components/responses/")
    document["components"]["parameters"] = _shared(parameters, "#/components/parameters/")


def _response_name(status: str, response: Json) -> str:
    codes = _CODE.findall(response["description"])
    contents = [
        content["schema"].get("$ref", media_type).rpartition("/")[2]
        for media_type, content in response.get("content", {}).items()
    ]
    return ".".join((status, *(codes or contents)))


def _shared(places: Iterable[tuple[Any, Any, str]], prefix: str) -> Json:
    """Put references in places, each a container, a key and a name; return what they refer to."""
    found = [(holder, key, name, _text(holder[key])) for holder, key, name in places]
    shared: dict[str, str] = {}
    for (name, text), count in Counter((name, text) for _, _, name, text in found).most_common():
        if count > 1:
            shared.setdefault(name, text)
    for holder, key, name, text in found:
        if shared.get(name) == text:
            holder[key] = {"$ref": prefix + name}
    return {name: json.loads(shared[name]) for name in sorted(shared)}


def _text(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False)
