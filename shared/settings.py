"""Settings from INKMETER_* variables: every secret has a _FILE twin, all errors are told at once by name."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, Final, Literal, NamedTuple, TypeVar, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from shared.errors import ConfigError

PREFIX: Final = "INKMETER_"
MAX_SECRET_BYTES: Final = 65_536

Port = Annotated[int, Field(ge=1, le=65_535)]


def default_data_dir() -> Path:
    """Where the local stack and the services keep their files unless told otherwise."""
    if told := os.environ.get(f"{PREFIX}DATA_DIR"):
        return Path(told)
    home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(home) / "inkmeter"


def is_token(text: str) -> bool:
    """Whether a text can be sent as a bearer token: visible ASCII."""
    return bool(text) and all("!" <= each <= "~" for each in text)


def is_secret(field: FieldInfo) -> bool:
    """Whether a setting's value must never be shown."""
    return field.annotation is SecretStr or SecretStr in get_args(field.annotation)


class _Unreadable(NamedTuple):
    """Stands for a secret whose file can't be read: no valid value, so it is told with all that is wrong."""

    why: str


class _SecretFiles(PydanticBaseSettingsSource):
    """Reads INKMETER_<NAME>_FILE for each secret: its content, less the last line break, is the value."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        variable = f"{PREFIX}{field_name.upper()}_FILE"
        path = os.environ.get(variable)
        if not is_secret(field) or not path:
            return None, field_name, False
        try:
            with Path(path).open("rb") as file:
                content = file.read(MAX_SECRET_BYTES + 1)
            text = content.decode()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
            return _Unreadable(f"{variable}: {path} can't be read ({reason})"), field_name, False
        if len(content) > MAX_SECRET_BYTES:
            return _Unreadable(f"{variable}: {path} is too large to be a secret"), field_name, False
        return text.rstrip("\r\n"), field_name, False

    def __call__(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, field in self.settings_cls.model_fields.items():
            value, key, _ = self.get_field_value(field, name)
            if value is not None:
                found[key] = value
        return found


class CommonSettings(BaseSettings):
    """What every service needs; each adds its own. A variable's name is INKMETER_ and the field's in capitals."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", extra="ignore", frozen=True, validate_default=True
    )

    kafka_bootstrap: str = Field("127.0.0.1:9092", description="Kafka brokers as host:port, comma-separated.")
    database_url: SecretStr = Field(description="PostgreSQL as postgresql://user:password@host:port/database.")
    topic_prefix: str = Field(
        "inkmeter.", pattern=r"^[a-zA-Z0-9._-]{0,100}$", description="Put before every topic's name."
    )
    http_host: str = Field("127.0.0.1", description="Address the service listens on.")
    http_port: Port = Field(7080, description="Port the service listens on.")
    token: SecretStr = Field(description="Bearer token that every call under /v1 must carry.", min_length=16)
    data_dir: Path = Field(default_factory=default_data_dir, description="Folder for journals and local state.")
    log_format: Literal["console", "json"] = Field("json", description="Logs for people or for machines.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least level that is logged."
    )
    currency: str = Field(
        "EUR", pattern=r"^[A-Z]{3}$", description="ISO 4217 code of the installation's currency."
    )
    timezone: str = Field("UTC", description="Time zone whose days the reports count by, such as Europe/Berlin.")

    @field_validator("token")
    @classmethod
    def _fits_a_header(cls, value: SecretStr) -> SecretStr:
        if not is_token(value.get_secret_value()):
            raise ValueError("must be letters, digits and signs of ASCII, without blanks")
        return value

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"{value!r} is no time zone of the IANA database") from error
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments win over files, files over variables."""
        del dotenv_settings, file_secret_settings
        return init_settings, _SecretFiles(settings_cls), env_settings


S = TypeVar("S", bound=BaseSettings)


def load(cls: type[S], **overrides: Any) -> S:
    """Reads the settings of a service.

    Raises:
        ConfigError: names every variable that is missing or wrong, at once, and never shows a value of a secret.
    """
    try:
        return cls(**overrides)
    except ValidationError as error:
        lines = []
        for problem in error.errors(include_url=False):
            if isinstance(problem["input"], _Unreadable):
                lines.append(problem["input"].why)
                continue
            name = PREFIX + "__".join(str(part) for part in problem["loc"]).upper()
            twin = (
                f" (or {name}_FILE)"
                if is_secret(cls.model_fields.get(str(problem["loc"][0]), FieldInfo()))
                else ""
            )
            message = (
                "is not set" if problem["type"] == "missing" else problem["msg"].removeprefix("Value error, ")
            )
            lines.append(f"{name}{twin}: {message}")
        raise ConfigError("; ".join(lines) + ".") from None


def shown(settings: BaseSettings) -> list[tuple[str, str, str]]:
    """Every setting as (variable, value, description); secrets read ******** or (not set)."""
    rows = []
    for name, field in type(settings).model_fields.items():
        value = getattr(settings, name)
        text = ("********" if value else "(not set)") if is_secret(field) else str(value)
        rows.append((f"{PREFIX}{name.upper()}", text, field.description or ""))
    return rows
