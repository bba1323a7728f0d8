"""The services as processes: the one place that derives their environment."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from deploy.local.child import Program
from deploy.local.paths import Layout
from deploy.local.stopping import Stage

SERVICES: Final = ("collector", "accounting", "reporting", "aggregates")
HOST: Final = "127.0.0.1"
_SECRETS: Final = ("INKMETER_DATABASE_URL", "INKMETER_TOKEN")
"""Never handed on in the environment, which other programs may read: their _FILE twins are."""

Command = Callable[[str], Sequence[str]]


def service_command(name: str) -> Sequence[str]:
    """How a service is run: by this very Python, whatever lies in the current folder."""
    return (sys.executable, "-P", "-m", "services.cli", "run", name)


def service_environment(
    layout: Layout, *, port: int, kafka_bootstrap: str, inherited: Mapping[str, str], extra: Mapping[str, str]
) -> dict[str, str]:
    """The environment of a service: what the operator set, then what the stack knows better."""
    kept = {name: value for name, value in inherited.items() if name not in _SECRETS}
    # A key that the operator set is kept: what was encrypted with it is to be read again.
    if "INKMETER_SECRET_KEY" not in inherited and "INKMETER_SECRET_KEY_FILE" not in inherited:
        kept["INKMETER_SECRET_KEY_FILE"] = str(layout.secret_key_file)
    return {
        **kept,
        **extra,
        "INKMETER_KAFKA_BOOTSTRAP": kafka_bootstrap,
        "INKMETER_DATABASE_URL_FILE": str(layout.database_url_file),
        "INKMETER_TOKEN_FILE": str(layout.token_file),
        "INKMETER_DATA_DIR": str(layout.root),
        "INKMETER_HTTP_HOST": HOST,
        "INKMETER_HTTP_PORT": str(port),
    }


def service_program(
    name: str,
    layout: Layout,
    *,
    port: int,
    kafka_bootstrap: str,
    inherited: Mapping[str, str],
    extra: Mapping[str, str],
    command: Command = service_command,
) -> Program:
    """What to run for a service."""
    return Program(
        name=name,
        argv=tuple(command(name)),
        log_path=layout.log_of(name),
        stage=Stage.SERVICE,
        url=f"http://{HOST}:{port}",
        environment=service_environment(
            layout, port=port, kafka_bootstrap=kafka_bootstrap, inherited=inherited, extra=extra
        ),
        cwd=str(layout.root),
        dies_with_parent=True,
    )
