"""Tickets as they are shown, decisions on many of them, and the assistant's rules."""

from app.access.scopes import Scope
from app.api.operation import EVERYBODY, MERCHANT, MERCHANT_AND_PLATFORM, SHOP, operation
from app.api.resources import (
    assistant,
    assistant_models,
    batch_decisions,
    ticket_export,
    ticket_models,
    ticket_parts,
    tickets,
)

TICKETS = f"{SHOP}/tickets"
RULES = f"{SHOP}/assistant-rules"

# fmt: off
OPERATIONS = (
    operation(
        "get_ticket", "GET", f"{TICKETS}/{{ticket_id}}", EVERYBODY, Scope.ORDERS_READ,
        "Get a ticket", tickets.get_ticket,
        tag="tickets", response=ticket_models.Ticket, problems=("ticket_not_found",),
    ),
    operation(
        "get_ticket_cost", "GET", f"{TICKETS}/{{ticket_id}}/cost-preview", MERCHANT_AND_PLATFORM,
        Scope.ORDERS_READ, "Get what agreeing to a ticket would cost", tickets.get_ticket_cost,
        tag="tickets", response=ticket_parts.TicketCost, problems=("ticket_not_found",),
    ),
    operation(
        "list_tickets", "GET", TICKETS, EVERYBODY, Scope.ORDERS_READ,
        "List a shop's tickets", tickets.get_tickets,
        tag="tickets", response=ticket_models.TicketPage, problems=tickets.SEARCH_PROBLEMS,
    ),
    operation(
        "export_tickets", "GET", f"{SHOP}/tickets.csv", MERCHANT_AND_PLATFORM, Scope.ORDERS_READ,
        "Export a shop's tickets as CSV", ticket_export.export_tickets,
        tag="tickets", responses={200: ticket_export.RESULT}, problems=tickets.SEARCH_PROBLEMS,
    ),
    operation(
        "decide_tickets", "POST", f"{TICKETS}/batch-decisions", MERCHANT, Scope.TICKETS_WRITE,
        "Decide on up to 100 tickets", batch_decisions.decide_tickets,
        tag="tickets", response=batch_decisions.BatchDecisionsResult,
    ),

    operation(
        "get_assistant_rules", "GET", RULES, MERCHANT, Scope.ORDERS_READ,
        "Get a shop's assistant rules", assistant.get_assistant_rules,
        tag="assistant", response=assistant_models.AssistantRules,
    ),
    operation(
        "put_assistant_rules", "PUT", RULES, MERCHANT, Scope.ASSISTANT_WRITE,
        "Put a shop's assistant rules in force", assistant.put_assistant_rules,
        tag="assistant", response=assistant_models.AssistantRules, problems=assistant.RULE_FAULTS,
    ),
    operation(
        "try_assistant_rules", "POST", f"{RULES}/dry-run", MERCHANT, Scope.ORDERS_READ,
        "Try assistant rules on a shop's newest tickets", assistant.try_assistant_rules,
        tag="assistant", response=assistant_models.AssistantDryRun, problems=assistant.RULE_FAULTS,
    ),
)
