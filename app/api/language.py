"""Which language an answer's texts are in."""

from app.domain.text import Language, in_language

__all__ = ["DEFAULT_LANGUAGE", "Language", "in_language", "preferred_language"]

DEFAULT_LANGUAGE = Language.EN
_HEADER_LENGTH_MAX = 200


def preferred_language(accept_language: str | None) -> Language:
    """Choose by an Accept-Language header: zh-CN for any Chinese, else English."""
    best, best_quality = DEFAULT_LANGUAGE, 0.0
    for part in (accept_language or "")[:_HEADER_LENGTH_MAX].split(","):
        tag, _, parameter = part.strip().partition(";")
        primary = tag.strip().lower().split("-")[0]
        language = {"zh": Language.ZH_CN, "en": Language.EN}.get(primary)
        quality = _quality(parameter)
        if language is not None and quality > best_quality:
            best, best_quality = language, quality
    return best


def _quality(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
