"""Settings: every setting, what it means, and what it is where nobody set it.

Knows nothing of where values come from, or of what they are used for.
"""

from pathlib import Path
from typing import Literal

import platformdirs
from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from vectorstore import Address

PREFIX = "DRAMATURG_"


class Settings(BaseSettings):
    """Read with ``bot.config.load``. A setting ``name`` is ``DRAMATURG_NAME`` in the environment and in ``.env``,
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
        description="Roles that may change canon, by name or id, separated by commas, where no room of a show names "
        "anybody in its /settings. Empty: everyone.",
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
    health_host: str = Field(
        "127.0.0.1", min_length=1, description="Where `dramaturg serve` and `discord` answer /health."
    )
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
        """``bot.config.load`` has merged the places already, so that it knows where each value came from."""
        return (init_settings,)


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
