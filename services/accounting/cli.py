"""Accounting's commands, by the names that `inkmeter` calls them."""

from __future__ import annotations

from services.accounting.cli_accounting import accounting
from services.accounting.cli_explain import explain
from services.accounting.cli_jobs import jobs
from services.accounting.cli_prices import prices
from services.accounting.cli_projects import departments, projects

__all__ = ["accounting", "departments", "explain", "jobs", "prices", "projects"]
