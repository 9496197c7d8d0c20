"""Texts shown to people, in every language the product speaks."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One sentence in zh-CN and in English. Placeholders use ``str.format`` names."""

    zh_cn: str
    en: str
