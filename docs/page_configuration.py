"""The page of all settings, and the sample environment file, from the settings classes of the services."""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path
from typing import Final

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from deploy.local.settings import LocalSettings
from services.cli_run import PACKAGES, SERVICES
from shared.settings import PREFIX, CommonSettings, is_secret

COMMANDS: Final = """## Commands

Commands speak to the running local stack (`--data-dir`, else `INKMETER_DATA_DIR`, else the user's data folder).
For services elsewhere set `INKMETER_COLLECTOR_URL`, `INKMETER_ACCOUNTING_URL` and `INKMETER_REPORTING_URL`,
with `INKMETER_TOKEN_FILE`; commands that ask Kafka or PostgreSQL themselves take the settings above.
"""

INTRODUCTION: Final = """# Settings

Generated from the code by `make docs`; do not edit.

Every setting is an environment variable.
A secret can also be given as a file: `<NAME>_FILE` holds its path, and wins over the variable.
`inkmeter config check` tells every error at once, each with the variable's name;
`inkmeter config show SERVICE` prints what a service would start with and hides secrets.
The local stack (`inkmeter up`, `inkmeter demo`) sets all of them for the services it starts.
"""

ENV_INTRODUCTION: Final = """\
# Every setting with its default: copy it, change what differs, and give it to what starts the services
# (an EnvironmentFile of systemd, `set -a; . ./.env` in a shell). Generated from the code by `make docs`.
"""


def settings_classes() -> dict[str, type[CommonSettings]]:
    """The settings class of each service."""
    found = {}
    for service in SERVICES:
        module = importlib.import_module(f"{PACKAGES[service]}.settings")
        for _, value in inspect.getmembers(module, inspect.isclass):
            if issubclass(value, CommonSettings) and value.__module__ == module.__name__:
                found[service] = value
    return found


def _default(name: str, field: FieldInfo) -> str:
    if name == "data_dir":
        return "$XDG_DATA_HOME/inkmeter"
    if field.is_required() or field.default is None or field.default is PydanticUndefined:
        return ""
    return str(field.default.get_secret_value() if is_secret(field) else field.default)


def _variables(name: str, field: FieldInfo) -> str:
    variable = f"{PREFIX}{name.upper()}"
    return f"`{variable}` or `{variable}_FILE`" if is_secret(field) else f"`{variable}`"


def _same(name: str, field: FieldInfo) -> bool:
    common = CommonSettings.model_fields.get(name)
    return common is not None and _default(name, common) == _default(name, field)


def _common() -> dict[str, FieldInfo]:
    """What all services share; each has a port of its own."""
    return {name: field for name, field in CommonSettings.model_fields.items() if name != "http_port"}


def _table(fields: dict[str, FieldInfo]) -> str:
    rows = ["| variable | default | meaning |", "|---|---|---|"]
    for name, field in fields.items():
        default = _default(name, field)
        shown = "**required**" if field.is_required() else f"`{default}`" if default else "none"
        rows.append(f"| {_variables(name, field)} | {shown} | {field.description or ''} |")
    return "\n".join(rows) + "\n"


def configuration() -> str:
    """docs/configuration.md."""
    parts = [INTRODUCTION, "## All services\n\n" + _table(_common())]
    for service, cls in settings_classes().items():
        own = {name: field for name, field in cls.model_fields.items() if not _same(name, field)}
        if own:
            parts.append(f"## {service.capitalize()}\n\n" + _table(own))
    parts.append(COMMANDS)
    parts.append("## Local stack\n\nOnly `inkmeter up` and `inkmeter demo` read these.\n\n")
    parts[-1] += _table(dict(LocalSettings.model_fields))
    return "\n".join(parts)


def _sample(name: str, field: FieldInfo) -> str:
    variable = f"{PREFIX}{name.upper()}"
    lines = [f"# {field.description}"] if field.description else []
    if is_secret(field) and field.is_required():
        return "\n".join([*lines, f"{variable}_FILE=/run/secrets/{name}"])
    default = _default(name, field).replace("$XDG_DATA_HOME", str(Path("/var/lib")))
    return "\n".join([*lines, f"# {variable}={default}"])


def env_example() -> str:
    """.env.example."""
    parts = [ENV_INTRODUCTION, *(_sample(n, f) for n, f in _common().items())]
    for service, cls in settings_classes().items():
        own = {name: field for name, field in cls.model_fields.items() if not _same(name, field)}
        parts += [f"\n# --- {service} ---", *(_sample(name, field) for name, field in own.items())]
    return "\n".join(parts) + "\n"
