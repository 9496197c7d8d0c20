"""What there is to say of a kind of problem."""

from dataclasses import dataclass

from app.domain.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemKind:
    """A kind of problem: its code, HTTP status, title, and whether repeating helps."""

    code: str
    status: int
    title: Text
    repeatable: bool = False


def kind_of(
    code: str, status: int, zh_cn: str, en: str, *, repeatable: bool = False
) -> tuple[str, ProblemKind]:
    """Return a row of a catalog: the code and what it means."""
    title = Text(zh_cn=zh_cn, en=en)
    return code, ProblemKind(code=code, status=status, title=title, repeatable=repeatable)
