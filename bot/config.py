"""Config: the settings in force, and where each value came from.

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
from typing import Any, ClassVar, get_args
from urllib.parse import unquote

import platformdirs
from dotenv import dotenv_values
from pydantic import SecretStr, ValidationError

from bot.settings import PREFIX, Settings

TOML = "dramaturg.toml"


class SettingError(ValueError):
    """A setting that cannot be used; the message names it and its place in one sentence."""


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
