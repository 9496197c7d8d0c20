"""What is wrong with a set of rules: rules that contradict themselves or each other, or idle ones.

Whether a rule can ever match is decided exactly, not guessed. Type, label and reason make finitely
many cells. Within a cell every other condition is an upper bound, and a rule's bounds can all be
reached at once, in its own currency or, if it names none, in one that no rule names; so a rule is
covered in a cell if and only if one earlier rule bounds nothing tighter there.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import product

from app.domain.assistant import Conditions, HistoryLimit, Rule
from app.domain.money import Money
from app.domain.order.input_rules import REASONS_OF_TYPE
from app.domain.order.tickets import AssistantAction, TicketType, sends_goods_back
from app.domain.reasons import ApplicationReason

Cell = tuple[TicketType, bool, ApplicationReason]
"""Type, label and reason of an application."""

CELLS: tuple[Cell, ...] = tuple(
    cell
    for ticket_type, reasons in REASONS_OF_TYPE.items()
    for cell in product([ticket_type], [False, True], sorted(reasons))
)
"""Every cell an application can lie in."""


class RuleFaultCode(StrEnum):
    """Every reason a set of rules is refused for."""

    RULE_ID_REPEATED = "rule_id_repeated"
    RULE_CONTRADICTS_ITSELF = "rule_contradicts_itself"
    RULES_CONTRADICT = "rules_contradict"
    RULE_NEVER_MATCHES = "rule_never_matches"


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultyPlace:
    """A rule, by its place in the set, the part of it concerned, and what is wrong there."""

    rule: int
    part: tuple[str, ...] = ()
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFault:
    """What a set of rules is refused for, and all the rules concerned."""

    code: RuleFaultCode
    places: tuple[FaultyPlace, ...]


def find_fault(rules: Sequence[Rule]) -> RuleFault | None:
    """Return what is wrong with a set of rules, the first fault by kind and place; None if nothing.

    Disabled rules must make sense by themselves, and stand in nobody's way.
    """
    for fault in (_repeated_id(rules), _self_contradiction(rules)):
        if fault is not None:
            return fault
    enabled = [place for place, rule in enumerate(rules) if rule.enabled]
    reaches = _Reaches.of([rules[place].conditions for place in enabled])
    return _contradiction(rules, enabled, reaches) or _idle_rule(enabled, reaches)


def _repeated_id(rules: Sequence[Rule]) -> RuleFault | None:
    places: dict[str, int] = {}
    for place, rule in enumerate(rules):
        first = places.setdefault(rule.rule_id, place)
        if first != place:
            return _fault(
                RuleFaultCode.RULE_ID_REPEATED,
                FaultyPlace(rule=first, part=("rule_id",), why="this rule has the id first"),
                FaultyPlace(rule=place, part=("rule_id",), why="this rule has the same id"),
            )
    return None


def _self_contradiction(rules: Sequence[Rule]) -> RuleFault | None:
    for place, rule in enumerate(rules):
        for part, why in _contradictions_in(rule):
            found = FaultyPlace(rule=place, part=part, why=why)
            return _fault(RuleFaultCode.RULE_CONTRADICTS_ITSELF, found)
    return None


def _contradictions_in(rule: Rule) -> Iterator[tuple[tuple[str, ...], str]]:
    conditions = rule.conditions
    types = conditions.possible_types
    if conditions.types is not None and not conditions.types:
        yield ("conditions", "types"), "no type at all is never met; leave it out to mean any"
    if conditions.reasons is not None and not conditions.reasons:
        yield ("conditions", "reasons"), "no reason at all is never met; leave it out to mean any"
    if conditions.amount_max is not None and conditions.amount_max.amount < 1:
        yield ("conditions", "amount_max"), "nobody applies for no money at all"
    if not types:
        yield ("conditions", "amount_max"), "none of the types asks for money"
    if not any(_reasons(conditions) & REASONS_OF_TYPE[ticket_type] for ticket_type in types):
        yield ("conditions", "reasons"), "none of the types can be applied for with these reasons"
    windows = [(limit.kind, limit.within_days) for limit in conditions.history]
    if len(set(windows)) < len(windows):
        yield ("conditions", "history"), "the same is limited twice"
    without_return = rule.action is AssistantAction.AGREE_WITHOUT_RETURN
    if without_return and not any(map(sends_goods_back, types)):
        yield ("action",), "none of the types sends anything back"


@dataclass(frozen=True, slots=True)
class _Reaches:
    """The cells each set of conditions reaches, one bit a cell."""

    conditions: Sequence[Conditions]
    cells: Sequence[int]

    @classmethod
    def of(cls, conditions: Sequence[Conditions]) -> "_Reaches":
        return cls(conditions, [_cells_reached(one) for one in conditions])

    def bounded_no_tighter(self, first: int, second: int) -> bool:
        """Tell whether, where both reach, the first takes all the second takes."""
        return _bounds_no_tighter(self.conditions[first], self.conditions[second])

    def same(self, first: int, second: int) -> bool:
        """Tell whether two sets of conditions mean the same, however they are written."""
        return (
            self.cells[first] == self.cells[second]
            and self.bounded_no_tighter(first, second)
            and self.bounded_no_tighter(second, first)
        )


def _contradiction(
    rules: Sequence[Rule], enabled: Sequence[int], reaches: _Reaches
) -> RuleFault | None:
    for second, place in enumerate(enabled):
        for first, earlier in enumerate(enabled[:second]):
            differ = rules[place].action is not rules[earlier].action
            if differ and reaches.same(first, second):
                return _fault(
                    RuleFaultCode.RULES_CONTRADICT,
                    FaultyPlace(rule=earlier, why="does one thing with these applications"),
                    FaultyPlace(rule=place, why="does another with the very same"),
                )
    return None


def _idle_rule(enabled: Sequence[int], reaches: _Reaches) -> RuleFault | None:
    for second, place in enumerate(enabled):
        left, covering = reaches.cells[second], []
        for first, earlier in enumerate(enabled[:second]):
            if left & reaches.cells[first] and reaches.bounded_no_tighter(first, second):
                left &= ~reaches.cells[first]
                covering.append(earlier)
        if not left:
            return _fault(
                RuleFaultCode.RULE_NEVER_MATCHES,
                FaultyPlace(rule=place, why="never matches: earlier rules take all it would take"),
                *(FaultyPlace(rule=one, why="takes it before") for one in covering),
            )
    return None


def _cells_reached(conditions: Conditions) -> int:
    types, reasons = conditions.possible_types, _reasons(conditions)
    return sum(
        1 << bit
        for bit, (ticket_type, overdue, reason) in enumerate(CELLS)
        if ticket_type in types and conditions.overdue in {None, overdue} and reason in reasons
    )


def _bounds_no_tighter(first: Conditions, second: Conditions) -> bool:
    """Tell whether, in a cell both reach, the first bounds amount and past no tighter."""
    if not _takes_as_much(first.amount_max, second.amount_max):
        return False
    return all(any(_implies(given, wanted) for given in second.history) for wanted in first.history)


def _takes_as_much(first: Money | None, second: Money | None) -> bool:
    if first is None:
        return True
    return (
        second is not None and first.currency == second.currency and first.amount >= second.amount
    )


def _implies(given: HistoryLimit, wanted: HistoryLimit) -> bool:
    """Tell whether one limit makes another hold: at most as many, in at least as many days."""
    return (
        given.kind is wanted.kind
        and given.within_days >= wanted.within_days
        and given.at_most <= wanted.at_most
    )


def _reasons(conditions: Conditions) -> frozenset[ApplicationReason]:
    return frozenset(ApplicationReason) if conditions.reasons is None else conditions.reasons


def _fault(code: RuleFaultCode, *places: FaultyPlace) -> RuleFault:
    return RuleFault(code=code, places=places)
