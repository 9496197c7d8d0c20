"""A shop's money: its accounts, its ledger, its statements, and whether all of it agrees."""

from app.access.scopes import Scope
from app.api.csv_export import CSV_ANSWER
from app.api.operation import MERCHANT_AND_PLATFORM, PLATFORM, SHOP, operation
from app.api.problems.problem_responses import COMMAND
from app.api.resources import fund_models, funds, reconciliation, statements

FUNDS = f"{SHOP}/funds"
STATEMENT = f"{FUNDS}/statements/{{month}}"

_MOVEMENT = (*COMMAND, "amount_not_movable", "reference_repeated")
_MONTH = ("month_invalid", "month_not_begun")

# fmt: off
OPERATIONS = (
    operation(
        "get_funds", "GET", FUNDS, MERCHANT_AND_PLATFORM, Scope.FUNDS_READ,
        "Get a shop's money", funds.get_funds,
        tag="funds", response=fund_models.FundsWithEscrow,
    ),
    operation(
        "record_top_up", "POST", f"{FUNDS}/top-ups", PLATFORM, Scope.FUNDS_WRITE,
        "Record money a shop paid in", funds.record_top_up,
        tag="funds", response=fund_models.Funds, status=201, problems=_MOVEMENT,
    ),
    operation(
        "record_withdrawal", "POST", f"{FUNDS}/withdrawals", PLATFORM, Scope.FUNDS_WRITE,
        "Record money a shop took out", funds.record_withdrawal,
        tag="funds", response=fund_models.Funds, status=201,
        problems=(*_MOVEMENT, "balance_insufficient"),
    ),
    operation(
        "put_required_deposit", "PUT", f"{FUNDS}/required-deposit", PLATFORM, Scope.FUNDS_WRITE,
        "Set the deposit a shop must have", funds.put_required_deposit,
        tag="funds", response=fund_models.Funds, problems=("overloaded", "contended"),
    ),
    operation(
        "list_ledger", "GET", f"{FUNDS}/ledger", MERCHANT_AND_PLATFORM, Scope.FUNDS_READ,
        "List a shop's ledger", funds.get_ledger,
        tag="funds", response=fund_models.LedgerPage,
        problems=("cursor_invalid", "filters_contradict"),
    ),
    operation(
        "export_ledger", "GET", f"{FUNDS}/ledger.csv", MERCHANT_AND_PLATFORM, Scope.FUNDS_READ,
        "Export a shop's ledger as CSV", funds.export_ledger,
        tag="funds", responses={200: CSV_ANSWER}, problems=("filters_contradict",),
    ),
    operation(
        "get_reconciliation", "GET", f"{FUNDS}/reconciliation", PLATFORM, Scope.FUNDS_READ,
        "Compare provider, ledger and tickets", reconciliation.get_reconciliation,
        tag="funds", response=reconciliation.Reconciliation,
        problems=("filters_contradict", "reconciliation_too_large", "provider_unavailable"),
    ),
    # Before the statement itself: its month would be taken to be `2026-09.csv`.
    operation(
        "export_statement", "GET", f"{STATEMENT}.csv", MERCHANT_AND_PLATFORM, Scope.FUNDS_READ,
        "Export a month's statement as CSV", statements.export_statement,
        tag="funds", responses={200: CSV_ANSWER}, problems=_MONTH,
    ),
    operation(
        "print_statement", "GET", f"{STATEMENT}.html", MERCHANT_AND_PLATFORM, Scope.FUNDS_READ,
        "Show a month's statement as a page to be printed", statements.print_statement,
        tag="funds", responses={200: statements.PAGE}, problems=(*_MONTH, "statement_too_long"),
    ),
    operation(
        "get_statement", "GET", STATEMENT, MERCHANT_AND_PLATFORM, Scope.FUNDS_READ,
        "Get a month's statement", statements.get_statement,
        tag="funds", response=statements.Statement, problems=("cursor_invalid", *_MONTH),
    ),
)
