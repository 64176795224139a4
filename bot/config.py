"""Config: every setting, what it means, and where its value came from.

The only place that reads the environment and the settings' files. Knows nothing of what the
settings are used for.
"""

import difflib
import getpass
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal, get_args
from urllib.parse import unquote

import platformdirs
from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from vectorstore import Address

PREFIX = "DRAMATURG_"
TOML = "dramaturg.toml"


class SettingError(ValueError):
    """A setting that cannot be used; the message names it and its place in one sentence."""


class Settings(BaseSettings):
    """Read with ``load``. A setting ``name`` is ``DRAMATURG_NAME`` in the environment and in ``.env``,
    and ``name`` in ``dramaturg.toml``."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", env_prefix=PREFIX)

    home: Path = Field(
        default_factory=lambda: platformdirs.user_data_path("dramaturg"),
        description="Folder for the ledger, the index, the history and the log.",
    )
    cache: Path = Field(
        default_factory=lambda: platformdirs.user_cache_path("dramaturg"),
        description="Folder for prepared models; may be deleted at any time.",
    )
    ledger: str = Field(
        "",
        description="SQLAlchemy URL of the ledger, such as postgresql+asyncpg://user:password@host/name. "
        "Empty: a SQLite file in home.",
    )
    index: str = Field(
        "",
        description="Where the index is: a folder, or a Qdrant server as http://HOST:6333. Empty: a folder in home.",
    )
    index_api_key: SecretStr = Field(SecretStr(""), description="Key of the Qdrant server, one that may write.")
    index_collection: str = Field(
        "dramaturg",
        max_length=200,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$",
        description="The collection on the Qdrant server. Programs that share it share their ledger, too.",
    )
    show: str = Field("", description="The show to open. Empty: the one last used.")
    format: str = Field("chat", min_length=1, description="What is written unless a thread says otherwise.")
    writer: str = Field(
        "local:smollm2-135m-instruct",
        min_length=1,
        description="The model that writes: local:NAME or local:FILE.gguf, hf:ID, echo, or provider:model "
        "as LangChain's init_chat_model takes it.",
    )
    writer_base_url: str = Field("", description="Where an API writer is served (vLLM, Ollama, llama.cpp, ...).")
    writer_api_key: SecretStr = Field(SecretStr(""), description="Key for an API writer.")
    writer_context: int = Field(0, ge=0, description="Tokens the writer can read and write. 0: as the model says.")
    writer_small: bool | Literal["auto"] = Field(
        "auto", description="Whether formats guide the writer slot by slot, as small models need: auto, true, false."
    )
    embedder: str = Field("bundled", min_length=1, description="The embedding model: bundled or hf:ID.")
    formats: Path | None = Field(None, description="Folder with formats of your own (TOML).")
    window: int = Field(12, ge=1, le=200, description="Turns that are read word for word; earlier ones by recap.")
    answer_tokens: int = Field(0, ge=0, description="Longest answer in tokens. 0: as the format says.")
    threads: int = Field(0, ge=0, le=1024, description="Processor threads for local models. 0: the engine decides.")
    turns: int = Field(4, ge=1, le=64, description="Turns that may be at work at once, each in a thread of its own.")
    tenant_turns: int = Field(
        2,
        ge=0,
        le=64,
        description="The same for one workspace or server, so that a busy one leaves room for others. "
        "0: as many as turns.",
    )
    link_hosts: str = Field(
        "",
        description="Hosts that what is written may link to in Slack and Discord, separated by spaces. "
        "Empty: none, and addresses are plain text.",
    )
    slack_bot_token: SecretStr = Field(SecretStr(""), description="The app's bot token in your workspace (xoxb-...).")
    slack_app_token: SecretStr = Field(
        SecretStr(""), description="The app-level token (xapp-...): connect by Socket Mode, no public address needed."
    )
    slack_signing_secret: SecretStr = Field(
        SecretStr(""), description="Without an app token: listen over HTTP and check Slack's signatures with this."
    )
    slack_client_id: str = Field("", description="To install into many workspaces, instead of a bot token.")
    slack_client_secret: SecretStr = Field(SecretStr(""), description="Belongs to slack_client_id.")
    slack_base_url: str = Field(
        "https://slack.com/api/", min_length=1, description="The Web API: GovSlack's, a proxy's, a compatible server's."
    )
    slack_files: str = Field(
        "https://files.slack.com", min_length=1, description="The only place shared files are fetched from."
    )
    slack_proxy: str = Field("", description="An HTTP proxy for everything that goes to Slack.")
    slack_host: str = Field("127.0.0.1", min_length=1, description="Where to listen over HTTP, and for /health.")
    slack_port: int = Field(
        0, ge=0, le=65535, description="The port for that. 0: 3000 over HTTP, no /health by socket."
    )
    slack_ping: float = Field(
        5.0, gt=0, description="Seconds between two pings of the socket; a cut one is seen by them."
    )
    slack_burst: float = Field(
        0.7, ge=0, description="Seconds to wait for a person's next message of the same thought."
    )
    slack_roll: float = Field(
        0.0, ge=0, description="Seconds after which a streamed answer goes on in a new message. 0: 240."
    )
    discord_token: SecretStr = Field(SecretStr(""), description="The bot's token, from the page of your application.")
    discord_message_content: bool = Field(
        False,
        description="Read messages without a mention in its own threads; needs the Message Content Intent of the application.",
    )
    discord_threads: Literal["open", "stay"] = Field(
        "open", description="What a mention in a channel does: open a thread for the story, or stay in the channel."
    )
    discord_deciders: str = Field(
        "",
        description="Roles that may change canon, by name or id, separated by commas, where a room's /settings name "
        "nobody. Empty: everyone.",
    )
    discord_base_url: str = Field(
        "https://discord.com/api/v10", min_length=1, description="The REST API: a proxy's, a compatible server's."
    )
    discord_gateway_url: str = Field("", description="The gateway (wss://...). Empty: the one the REST API names.")
    discord_files: str = Field(
        "https://cdn.discordapp.com", min_length=1, description="The only place shared files are fetched from."
    )
    discord_proxy: str = Field("", description="An HTTP proxy for everything that goes to Discord.")
    discord_burst: float = Field(
        0.7, ge=0, description="Seconds to wait for a person's next message of the same thought."
    )
    health_host: str = Field("127.0.0.1", min_length=1, description="Where `dramaturg serve` answers /health.")
    health_port: int = Field(0, ge=0, le=65535, description="The port for that. 0: no health page.")
    author: str = Field("", description="Your name in the conversation. Empty: your user name.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="How much the log tells.")

    @field_validator("home", "cache", "formats")
    @classmethod
    def _at_home(cls, path: Path | None) -> Path | None:
        return path.expanduser() if path else path

    @field_validator("index")
    @classmethod
    def _found(cls, index: str) -> str:
        if Address.names(index) and (mistake := Address.mistake(index)):
            raise ValueError(mistake)
        return index

    @field_validator("log_level", mode="before")
    @classmethod
    def _loud(cls, level: object) -> object:
        return level.upper() if isinstance(level, str) else level

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """``load`` has merged the places already, so that it knows where each value came from."""
        return (init_settings,)


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting as it is in force. ``value`` never shows a secret; ``origin`` is ``default``,
    ``environment``, ``command line`` or a file's path."""

    name: str
    value: str
    origin: str


@dataclass(frozen=True, slots=True)
class Config:
    """``settings`` in force and, for each that is not a default, its ``origin``."""

    settings: Settings
    origins: Mapping[str, str]

    HIDDEN: ClassVar[str] = "(hidden)"

    def effective(self) -> list[Setting]:
        """All settings in the order of their definition, secrets and passwords in URLs hidden."""
        return [
            Setting(name, self._shown(name), self.origins.get(name, "default"))
            for name in type(self.settings).model_fields
        ]

    def secrets(self) -> tuple[str, ...]:
        """The secrets by value, for the log to leave out."""
        values = [getattr(self.settings, name) for name in type(self.settings).model_fields]
        found = [value.get_secret_value() for value in values if isinstance(value, SecretStr)]
        named = ("ledger", "index", "writer_base_url", "slack_proxy", "discord_proxy")
        urls = [getattr(self.settings, name) for name in named]
        for url in urls:
            found += [_password(url), unquote(_password(url))]
        return tuple(dict.fromkeys(value for value in found if value))

    def _shown(self, name: str) -> str:
        value = getattr(self.settings, name)
        if isinstance(value, SecretStr):
            return self.HIDDEN if value.get_secret_value() else ""
        text = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
        password = _password(text)
        return text.replace(f":{password}@", f":{self.HIDDEN}@") if password else text


def load(
    environ: Mapping[str, str] | None = None,
    folder: Path | None = None,
    user: Path | None = None,
    **given: Any,
) -> Config:
    """Reads, strongest first: ``given`` (the command line; None is not given), the environment,
    ``.env`` and ``dramaturg.toml`` in ``folder``, ``dramaturg.toml`` in the ``user``'s config folder.
    SettingError names the first setting that is unknown or of the wrong type."""
    environ = os.environ if environ is None else environ
    folder = Path.cwd() if folder is None else folder
    user = platformdirs.user_config_path("dramaturg") if user is None else user
    places = [
        ("command line", {name: value for name, value in given.items() if value is not None}),
        ("environment", _prefixed(environ)),
        (str(folder / ".env"), _prefixed(_dotenv(folder / ".env"))),
        (str(folder / TOML), _toml(folder / TOML)),
        (str(user / TOML), _toml(user / TOML)),
    ]
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for place, found in places:
        for name, value in found.items():
            if name not in Settings.model_fields:
                raise SettingError(_unknown(name, place))
            if name not in values:
                values[name], origins[name] = value, place
    try:
        return Config(Settings(**values), origins)
    except ValidationError as problem:
        raise SettingError(_wrong(problem, origins)) from None


def author(settings: Settings) -> str:
    """Who is speaking: as set, or the name of the person's account."""
    return settings.author or getpass.getuser()


def environment() -> Mapping[str, str]:
    """The process's environment, for those who must look at customs such as TERM and NO_COLOR."""
    return os.environ


_HOW_TO = (
    "# Configuration",
    "",
    "A setting `name` is read, strongest first, from the command line, from `DRAMATURG_NAME` in the environment,",
    "from `DRAMATURG_NAME` in a file `.env` in the current folder, from `name` in a file `dramaturg.toml` in the",
    "current folder, and from `dramaturg.toml` in your system's folder for settings. A setting that does not exist,",
    "or is of the wrong type, stops the start with one sentence that names it.",
    "",
    "`dramaturg config` prints what is in force and where each value came from; secrets stay hidden.",
    "",
)


def reference() -> str:
    """docs/configuration.md: how settings are given, and all of them in a table."""
    rows = [*_HOW_TO, "| Setting | Environment | Default | Meaning |", "| --- | --- | --- | --- |"]
    for name, field in Settings.model_fields.items():
        default = field.default
        if field.default_factory is not None:
            shown = f"your system's {'data' if name == 'home' else 'cache'} folder"
        elif isinstance(default, SecretStr) or default in ("", None):
            shown = ""
        else:
            shown = f"`{default}`"
        rows.append(f"| `{name}` | `{PREFIX}{name.upper()}` | {shown} | {field.description} |")
    return "\n".join(rows) + "\n"


def _prefixed(found: Mapping[str, str | None]) -> dict[str, str]:
    """Our variables by setting's name. An empty one counts as not set."""
    return {name[len(PREFIX) :].lower(): value for name, value in found.items() if _ours(name) and value}


def _ours(name: str) -> bool:
    return name.upper().startswith(PREFIX)


def _dotenv(path: Path) -> Mapping[str, str | None]:
    try:
        return dotenv_values(path) if path.is_file() else {}
    except (OSError, UnicodeDecodeError) as problem:
        raise SettingError(f"{path} cannot be read ({problem}); mend or remove it.") from None


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8")) if path.is_file() else {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise SettingError(f"{path} cannot be read as TOML ({problem}); mend or remove it.") from None


def _named(name: str, place: str) -> str:
    """A setting as it is written in its place."""
    if place == "environment" or place.endswith(".env"):
        name = PREFIX + name.upper()
    where = {"environment": "in the environment", "command line": "on the command line"}.get(place, f"in {place}")
    return f"{name} {where}"


def _unknown(name: str, place: str) -> str:
    near = difflib.get_close_matches(name, Settings.model_fields, n=1, cutoff=0.5)
    hint = (
        f"did you mean {_named(near[0], place).split(' ')[0]}?" if near else "`dramaturg config` lists what there is."
    )
    return f"The setting {_named(name, place)} is unknown; {hint}"


def _wrong(problem: ValidationError, origins: Mapping[str, str]) -> str:
    """The first problem as one sentence. The value is not repeated: it may be a secret."""
    error = problem.errors(include_url=False, include_input=False, include_context=False)[0]
    name = str(error["loc"][0])
    choices = get_args(Settings.model_fields[name].annotation)
    what = (error["msg"][0].lower() + error["msg"][1:]).removeprefix("value error, ")
    value = next((e["input"] for e in problem.errors() if e["loc"][0] == name), None)
    if choices and all(isinstance(choice, str) for choice in choices):
        near = difflib.get_close_matches(str(value).upper(), choices, n=1, cutoff=0.4)
        what = f"it must be one of {', '.join(choices)}" + (f" (nearest: {near[0]})" if near else "")
    elif name == "writer_small":
        what = "it must be auto, true or false"
    return f"The setting {_named(name, origins.get(name, 'default'))} cannot be used: {what}."


def _password(url: str) -> str:
    """The password in a URL, or ""."""
    _, scheme, rest = url.partition("://")
    login, at, _ = rest.rpartition("@")
    return login.partition(":")[2] if scheme and at else ""
