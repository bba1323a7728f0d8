"""Accounting's commands, by the names that `inkmeter` calls them."""

from __future__ import annotations

from services.accounting.cli.billing import bill, unbill
from services.accounting.cli.budget_list import budgets
from services.accounting.cli.corrections import correct, correction, corrections, undo, void
from services.accounting.cli.explanations import explain
from services.accounting.cli.job_list import jobs
from services.accounting.cli.ledger_checks import accounting
from services.accounting.cli.months import close, periods
from services.accounting.cli.price_assignments import assign, assignments, unassign
from services.accounting.cli.price_copies import compare, copy
from services.accounting.cli.price_lists import prices
from services.accounting.cli.price_publications import check, publish
from services.accounting.cli.project_names import departments, projects
from services.accounting.cli.unpriced import reprice, unpriced
from services.accounting.cli.what_if import what_if

__all__ = ["accounting", "budgets", "departments", "explain", "jobs", "prices", "projects"]

for command in (check, publish, copy, compare, assign, unassign, assignments):
    prices.add_command(command)
for command in (close, periods, what_if, reprice, unpriced, correct, void, undo, corrections, correction):
    accounting.add_command(command)
for command in (bill, unbill):
    jobs.add_command(command)
