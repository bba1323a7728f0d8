"""Accounting's commands, by the names that `inkmeter` calls them."""

from __future__ import annotations

from services.accounting.cli.budget_list import budgets
from services.accounting.cli.explanations import explain
from services.accounting.cli.job_list import jobs
from services.accounting.cli.ledger_checks import accounting
from services.accounting.cli.months import close, periods
from services.accounting.cli.price_copies import compare, copy
from services.accounting.cli.price_lists import prices
from services.accounting.cli.project_names import departments, projects

__all__ = ["accounting", "budgets", "departments", "explain", "jobs", "prices", "projects"]

for command in (copy, compare):
    prices.add_command(command)
for command in (close, periods):
    accounting.add_command(command)
