"""Tickets, and decisions on many of them."""

from app.access.scopes import Scope
from app.api.batch_decisions import BatchDecisionsResult, decide_tickets
from app.api.operation import MERCHANT, SHOP, Operation
from app.api.problems.problem_responses import WITH_BODY

OPERATIONS = (
    Operation(
        name="decide_tickets",
        method="POST",
        path=f"{SHOP}/tickets/batch-decisions",
        tag="tickets",
        roles=MERCHANT,
        scope=Scope.TICKETS_WRITE,
        summary="Decide on up to 100 tickets",
        description="""\
            Decide on several tickets; each has a result of its own, none fails because of another.

            A result has the ticket, or the problem its decision would have met alone, with the same
            codes. A ticket may be named once: a second decision on it is refused with
            `ticket_repeated`, 422.

            The key counts for each ticket by itself. Repeating the batch under it gives what was
            done, and what was refused for good, as it was (`replayed`); what was stale, not found
            or failed is tried again. Another decision on the same ticket under the same key is
            `idempotency_key_reused`. The answer as a whole is `Idempotency-Replayed` if every
            result in it is.
            """,
        handler=decide_tickets,
        response=BatchDecisionsResult,
        problems=(*WITH_BODY, "idempotency_key_required"),
    ),
)
