"""The laws of docs/how-a-turn-works.md and CONTRIBUTING.md, held against the code itself."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = ("memory", "vectorstore", "chains", "bot")
MAY_USE = {
    "memory": {"memory"},
    "vectorstore": {"vectorstore"},
    "chains": {"memory", "vectorstore", "chains"},
    "bot": set(FOLDERS),
}
HEAVY = ("torch", "transformers", "openvino", "openvino_genai", "qdrant_edge", "qdrant_client", "slack_bolt", "discord")
FILES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
NAMES = [str(path.relative_to(ROOT)) for path in FILES]


def tree(name: str) -> ast.Module:
    return ast.parse((ROOT / name).read_text(encoding="utf-8"))


def imports(name: str) -> Iterator[tuple[str, ast.stmt]]:
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "", node


def calls(name: str) -> Iterator[str]:
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.Attribute):
            yield ast.unparse(node)


@pytest.mark.parametrize("name", NAMES)
def test_imports_run_downhill_and_through_front_doors(name: str) -> None:
    folder = name.split("/")[0]
    doors = {*FOLDERS, "vectorstore.ingest"}
    for module, _ in imports(name):
        other = module.split(".")[0]
        if other not in FOLDERS or other == folder:
            continue
        assert other in MAY_USE[folder], f"{name} imports {module}: that is uphill"
        if name != "bot/app.py":
            assert module in doors, f"{name} imports {module}: only bot/app.py reaches past a front door"


OUTERMOST = {
    "bot/gate/attempt.py",
    "bot/gate/behind.py",
    "bot/surfaces/plain.py",
    "bot/surfaces/repl.py",
    "bot/surfaces/discord/client.py",
    "bot/surfaces/discord/serve.py",
    # the outermost surfaces of child processes
    "vectorstore/ingest/child.py",
    "vectorstore/worker.py",
}


@pytest.mark.parametrize("name", NAMES)
def test_what_catches_everything_is_outermost_or_passes_it_on(name: str) -> None:
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.ExceptHandler) and name not in OUTERMOST:
            caught = ast.unparse(node.type) if node.type else "everything"
            swallows = not isinstance(node.body[-1], ast.Raise)
            broad = caught in {"everything", "Exception", "BaseException"}
            assert not (broad and swallows), f"{name}:{node.lineno} swallows {caught}"


@pytest.mark.parametrize("name", NAMES)
def test_no_relative_imports(name: str) -> None:
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name} imports relatively"


@pytest.mark.parametrize("name", NAMES)
def test_only_the_configuration_reads_the_environment_and_only_the_command_line_reads_argv(name: str) -> None:
    used = set(calls(name))
    # The entry hands all of it on to the program that starts over, the reader a few variables to its child.
    if name not in {"bot/config.py", "bot/entry.py", "vectorstore/ingest/reader.py"}:
        assert not used & {"os.environ", "os.getenv"}, f"{name} reads the environment"
    if name != "bot/cli.py":
        assert "sys.argv" not in used, f"{name} reads argv"


@pytest.mark.parametrize("name", NAMES)
def test_every_module_says_what_it_is_for(name: str) -> None:
    assert ast.get_docstring(tree(name)), f"{name} has no docstring"


def test_sql_is_reached_only_by_memory_and_qdrant_only_by_the_index() -> None:
    for name in NAMES:
        roots = {module.split(".")[0] for module, _ in imports(name)}
        if not name.startswith("memory/"):
            assert not roots & {"sqlalchemy", "alembic", "sqlite3", "aiosqlite"}, f"{name} reaches SQL"
        if not name.startswith("vectorstore/"):
            assert not roots & {"qdrant_edge", "qdrant_client"}, f"{name} reaches Qdrant"


def test_no_two_modules_import_each_other() -> None:
    modules = {name.removesuffix(".py").removesuffix("/__init__").replace("/", "."): name for name in NAMES}
    graph = {
        module: {used for used, _ in imports(name) if used in modules and used != module}
        for module, name in modules.items()
    }

    def visit(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, "a cycle: " + " -> ".join((*path, module))
        if module in done:
            return
        for used in sorted(graph[module]):
            visit(used, (*path, module))
        done.add(module)

    done: set[str] = set()
    for module in sorted(graph):
        visit(module, ())


@pytest.mark.parametrize(
    "module", ["bot.dialogue", "bot.commands", "bot.gate", "memory", "vectorstore", "vectorstore.ingest", "chains"]
)
def test_what_stands_before_the_prompt_loads_nothing_heavy(module: str) -> None:
    code = f"import sys, {module}; print(*(m for m in {HEAVY!r} if m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.split() == []


def test_tests_pass_parts_in_and_patch_nothing() -> None:
    banned = ("monkeypatch.setattr", "MagicMock", "AsyncMock", "mock.patch")
    for path in (ROOT / "tests").rglob("*.py"):
        if path.name != Path(__file__).name:
            text = path.read_text(encoding="utf-8")
            assert not [word for word in banned if word in text], f"{path} patches"


def test_no_text_names_a_lock_file_or_a_registry_host() -> None:
    assert not (ROOT / "uv.lock").exists() or "uv.lock" in (ROOT / ".gitignore").read_text(encoding="utf-8")
