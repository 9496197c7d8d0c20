"""Texts shown to people, in every language the product speaks."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Self


class Language(StrEnum):
    """The languages the product speaks."""

    ZH_CN = "zh-CN"
    EN = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One sentence in zh-CN and in English. Placeholders use ``str.format`` names."""

    zh_cn: str
    en: str


class TextEnum(StrEnum):
    """Codes with their texts for people: ``NAME = "code", "zh-CN", "English"``.

    Codes are stable: history and callers keep them. A new code brings its texts with it.
    """

    text: Text

    def __new__(cls, value: str, zh_cn: str = "", en: str = "") -> Self:
        """Make a member of its code and its texts."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.text = Text(zh_cn=zh_cn, en=en)
        return member


def in_language(text: Text, language: Language) -> str:
    """Return a text in one language."""
    return text.zh_cn if language is Language.ZH_CN else text.en


def instant_text(instant: datetime) -> str:
    """Return an instant as params hold it: RFC 3339 in UTC."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
