"""Settings come from four places in a known order, and a wrong one is named in one sentence."""

from pathlib import Path

import pytest

from bot.config import SettingError, load
from bot.settings import PREFIX, Settings, reference


def here(tmp_path: Path) -> dict[str, Path]:
    return {"folder": tmp_path, "user": tmp_path / "user"}


def origin(tmp_path: Path, name: str, environ: dict[str, str]) -> tuple[str, str]:
    found = load(environ, **here(tmp_path))
    return next((item.value, item.origin) for item in found.effective() if item.name == name)


def test_the_environment_wins_over_env_file_over_toml_over_the_users_toml(tmp_path: Path) -> None:
    places = here(tmp_path)
    (tmp_path / "user").mkdir()
    assert origin(tmp_path, "writer", {}) == ("local:smollm2-135m-instruct", "default")
    (tmp_path / "user" / "dramaturg.toml").write_text('writer = "user"')
    assert origin(tmp_path, "writer", {}) == ("user", str(places["user"] / "dramaturg.toml"))
    (tmp_path / "dramaturg.toml").write_text('writer = "folder"')
    assert origin(tmp_path, "writer", {}) == ("folder", str(tmp_path / "dramaturg.toml"))
    (tmp_path / ".env").write_text("DRAMATURG_WRITER=dotenv\nOPENAI_API_KEY=not-ours\n")
    assert origin(tmp_path, "writer", {}) == ("dotenv", str(tmp_path / ".env"))
    assert origin(tmp_path, "writer", {"DRAMATURG_WRITER": "environ"}) == ("environ", "environment")
    assert load({"DRAMATURG_WRITER": "environ"}, **places, writer="given").settings.writer == "given"


def test_what_is_not_given_on_the_command_line_does_not_count(tmp_path: Path) -> None:
    assert load({"DRAMATURG_SHOW": "Saltmarsh"}, **here(tmp_path), show=None).settings.show == "Saltmarsh"


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        (
            {"DRAMATURG_WRITR": "x"},
            "The setting DRAMATURG_WRITR in the environment is unknown; did you mean DRAMATURG_WRITER?",
        ),
        (
            {"DRAMATURG_WINDOW": "many"},
            "The setting DRAMATURG_WINDOW in the environment cannot be used: input should be a valid",
        ),
        (
            {"DRAMATURG_WINDOW": "0"},
            "The setting DRAMATURG_WINDOW in the environment cannot be used: input should be greater",
        ),
        ({"DRAMATURG_LOG_LEVEL": "warn"}, "it must be one of DEBUG, INFO, WARNING, ERROR (nearest: WARNING)."),
        ({"DRAMATURG_WRITER_SMALL": "perhaps"}, "it must be auto, true or false."),
    ],
)
def test_a_wrong_variable_is_named_with_its_place(tmp_path: Path, environ: dict[str, str], sentence: str) -> None:
    with pytest.raises(SettingError) as caught:
        load(environ, **here(tmp_path))
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_wrong_setting_in_a_file_is_named_with_the_file(tmp_path: Path) -> None:
    (tmp_path / "dramaturg.toml").write_text("windw = 3")
    with pytest.raises(SettingError, match=r"windw in .*dramaturg\.toml is unknown; did you mean window\?"):
        load({}, **here(tmp_path))
    (tmp_path / "dramaturg.toml").write_text("window = [")
    with pytest.raises(SettingError, match=r"dramaturg\.toml cannot be read as TOML"):
        load({}, **here(tmp_path))
    (tmp_path / "dramaturg.toml").unlink()
    (tmp_path / ".env").write_text("DRAMATURG_THREDS=2")
    with pytest.raises(SettingError, match=r"DRAMATURG_THREDS in .*\.env is unknown; did you mean DRAMATURG_THREADS\?"):
        load({}, **here(tmp_path))


def test_a_secret_is_in_no_listing_and_no_message_but_known_to_the_log(tmp_path: Path) -> None:
    environ = {
        "DRAMATURG_WRITER_API_KEY": "sk-very-secret",
        "DRAMATURG_LEDGER": "postgresql+asyncpg://eva:p%40ss@db/name",
    }
    config = load(environ, **here(tmp_path))
    shown = repr(config.effective()) + repr(config.settings.writer_api_key)
    assert "very-secret" not in shown
    assert "p%40ss" not in shown
    assert config.secrets() == ("sk-very-secret", "p%40ss", "p@ss")


def test_a_mistyped_value_is_not_repeated(tmp_path: Path) -> None:
    (tmp_path / "dramaturg.toml").write_text('writer_api_key = ["sk-very-secret"]')
    with pytest.raises(SettingError) as caught:
        load({}, **here(tmp_path))
    assert "very-secret" not in str(caught.value)


def test_values_are_typed_and_a_tilde_is_home(tmp_path: Path) -> None:
    environ = {"DRAMATURG_WRITER_SMALL": "true", "DRAMATURG_HOME": "~/rooms", "dramaturg_log_level": "debug"}
    settings = load(environ, **here(tmp_path)).settings
    assert settings.writer_small is True
    assert settings.home == Path.home() / "rooms"
    assert settings.log_level == "DEBUG"


def test_an_empty_variable_counts_as_not_set(tmp_path: Path) -> None:
    assert load({"DRAMATURG_WINDOW": ""}, **here(tmp_path)).settings.window == 12


def test_the_reference_describes_every_setting() -> None:
    rows = [row for row in reference().splitlines() if row.startswith("| `")]
    assert len(rows) == len(Settings.model_fields)
    for name, field in Settings.model_fields.items():
        assert field.description
        assert any(
            f"`{name}`" in row and f"`{PREFIX}{name.upper()}`" in row and field.description in row for row in rows
        )
