"""Who may see is said with every call, held against the code itself: no call of the ledger without a scope or a tenant,
no reading of the index without a filter, and neither made up on the way."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
UNSCOPED = {
    "Turns.recover": "ends what a dead program was writing, at the start of the next",
    "Inbox.unfinished": "what a dead program had not answered, at the start of the next",
    "Indexable.turn": "the librarian's: what is made of it bears its tenant",
    "Indexable.entry": "the same",
    "Indexable.source": "the same",
    "Outbox.pending": "numbers and ids of jobs, and no words",
    "Outbox.done": "the same",
    "Outbox.again": "the same",
    "Outbox.count": "the same",
    "Outbox.everything": "the same",
}
"""Calls of the ledger that take none, and why nobody sees by them what is another's."""

Function = ast.FunctionDef | ast.AsyncFunctionDef
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)
Named = tuple[Path, str]
"""What is defined in a file, under this name: ``Class.method`` of a class."""


def code(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


@cache
def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def calls(folder: str, name: str) -> Iterator[tuple[Path, ast.Call]]:
    for file in code(folder):
        for node in ast.walk(tree(file)):
            if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == name:
                yield file, node


def methods(file: Path) -> Iterator[tuple[ast.ClassDef, Function]]:
    for part in tree(file).body:
        if isinstance(part, ast.ClassDef):
            yield from ((part, call) for call in part.body if isinstance(call, FUNCTION))


@cache
def defined() -> dict[Named, ast.AST]:
    """All that the ledger's store defines, but for the database itself, which knows nothing of what is asked."""
    found: dict[Named, ast.AST] = {}
    for file in (one for one in code("memory/store") if one.name != "database.py"):
        found |= {(file, f"{part.name}.{call.name}"): call for part, call in methods(file)}
        for node in tree(file).body:
            targets = node.targets if isinstance(node, ast.Assign) else []
            names = [name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)]
            names += [node.name] if isinstance(node, FUNCTION) else []
            found |= {(file, name): node for name in names}
    return found


@cache
def imported(file: Path) -> dict[str, Named]:
    froms = [node for node in tree(file).body if isinstance(node, ast.ImportFrom)]
    return {
        alias.asname or alias.name: (ROOT / f"{(node.module or '').replace('.', '/')}.py", alias.name)
        for node in froms
        for alias in node.names
    }


def uses(node: ast.AST, file: Path) -> Iterator[Named]:
    """What of the store is named in a piece of code."""
    for one in ast.walk(node):
        if isinstance(one, ast.Name):
            yield imported(file).get(one.id, (file, one.id))
        elif isinstance(one, ast.Attribute):  # of a part that the file knows, or its own
            yield from ((where, f"{name}.{one.attr}") for where, name in imported(file).values())
            yield from ((file, f"{part.name}.{one.attr}") for part, _ in methods(file))


def says_tenant(node: ast.AST) -> bool:
    """Whether a condition on the tenant stands here, or a row that bears one."""
    inside = list(ast.walk(node))
    if isinstance(node, ast.Compare):
        return any(isinstance(one, ast.Attribute) and one.attr == "tenant" for one in inside)
    if isinstance(node, ast.GeneratorExp):
        named = any(isinstance(one, ast.Constant) and one.value == "tenant" for one in inside)
        return named and any(isinstance(one, ast.Compare) for one in inside)
    if isinstance(node, ast.Dict):
        return any(isinstance(key, ast.Constant) and key.value == "tenant" for key in node.keys)
    return isinstance(node, ast.Call) and ast.unparse(node) == "asdict(scope)"


def asks_by_tenant(node: ast.AST, file: Path, seen: set[Named]) -> bool:
    """Whether that is in a piece of code, or in what of the store it uses."""
    if any(says_tenant(one) for one in ast.walk(node)):
        return True
    new = {named for named in uses(node, file) if named in defined()} - seen
    seen |= new
    return any(asks_by_tenant(defined()[named], named[0], seen) for named in sorted(new))


LEDGER = {
    f"{part.name}.{call.name}": (file, call)
    for file in code("memory/store")
    for part, call in methods(file)
    if "database: Database" in ast.unparse(part) and not call.name.startswith("_")
}
"""All that can be asked of the ledger's parts."""


def test_only_these_calls_of_the_ledger_take_no_scope() -> None:
    assert len(LEDGER) > 60
    assert UNSCOPED.keys() <= LEDGER.keys(), "an exception that is none any more"


@pytest.mark.parametrize("name", sorted(LEDGER.keys() - UNSCOPED.keys()))
def test_a_call_of_the_ledger_takes_a_scope_and_asks_by_it_before_anything_else(name: str) -> None:
    file, call = LEDGER[name]
    given = call.args.args[1:]
    assert given, f"{name} takes no scope"
    whose = f"{given[0].arg}: {ast.unparse(given[0].annotation or ast.Constant(None))}"
    assert whose in ("scope: Scope", "tenant: str", "lease: Lease", "letter: Letter"), f"{name} takes no scope"
    assert len(call.args.defaults) < len(given), f"the scope of {name} may be left out"
    waits = [node for node in ast.walk(call) if isinstance(node, ast.Await) and ast.unparse(node.value) != "clock(tx)"]
    first = min(waits, key=lambda node: node.lineno)
    before = [node for node in ast.walk(call) if isinstance(node, ast.expr) and node.lineno <= (first.end_lineno or 0)]
    heeded = {node.id for node in before if isinstance(node, ast.Name)}
    assert given[0].arg in heeded, f"{name} asks before it heeds its {given[0].arg}"
    assert any(asks_by_tenant(node, file, set()) for node in before), f"{name} asks for what is anybody's"


def test_a_filter_is_made_in_one_place_and_every_reading_of_the_index_takes_one() -> None:
    made = [(file.name, call) for folder in ("vectorstore", "chains", "bot") for file, call in calls(folder, "Where")]
    assert [name for name, _ in made] == ["sight.py"]
    visible = next(node for node in tree(ROOT / "vectorstore/sight.py").body if ast.unparse(node).startswith("def vis"))
    assert made[0][1] in ast.walk(visible)
    reading = [
        (f"{part.name}.{call.name}", [ast.unparse(one.annotation) for one in call.args.args if one.annotation])
        for file in code("vectorstore")
        for part, call in methods(file)
        if {"Hit", "Found", "Ranked", "Survey", "Arm", "Stored"} & set(words(call.returns))
        if call.args.args[1:] and not call.name.startswith("_")
    ]
    assert len(reading) > 15
    assert [name for name, taken in reading if not {"Where", "Query"} & set(taken)] == []


def words(annotation: ast.expr | None) -> Iterator[str]:
    """The names in an annotation, also where it is quoted."""
    for node in ast.walk(annotation) if annotation else ():
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from words(ast.parse(node.value, mode="eval").body)


@pytest.mark.parametrize(
    ("file", "name", "needed"),
    [
        ("memory/conversation.py", "Scope", {"platform", "tenant", "room"}),
        ("vectorstore/query.py", "Sight", {"tenant", "show"}),
        ("vectorstore/query.py", "Query", {"sight", "text"}),
        ("vectorstore/sight.py", "Where", {"show", "lanes", "thread"}),
        ("vectorstore/passage.py", "Passage", {"tenant", "show"}),
    ],
)
def test_who_may_see_has_no_default(file: str, name: str, needed: set[str]) -> None:
    noun = next(part for part in tree(ROOT / file).body if isinstance(part, ast.ClassDef) and part.name == name)
    fields = [node for node in noun.body if isinstance(node, ast.AnnAssign)]
    assert needed <= {ast.unparse(field.target) for field in fields if field.value is None}


def test_a_sight_is_a_shows_own() -> None:
    """Tenant and show come together, of a show that the ledger gave, and of nothing that somebody wrote."""
    made = [call for folder in ("vectorstore", "chains", "bot") for _, call in calls(folder, "Sight")]
    assert len(made) >= 3
    for call in made:
        tenant, show = (ast.unparse(one) for one in call.args[:2])
        assert (tenant.removesuffix(".tenant"), show.removesuffix(".id")) == (tenant[:-7], show[:-3])
        assert tenant[:-7] == show[:-3], ast.unparse(call)


def test_a_scope_comes_from_a_surface_and_is_only_narrowed_behind_it() -> None:
    made = [(file, call) for folder in ("vectorstore", "chains", "bot") for file, call in calls(folder, "Scope")]
    behind = [call for file, call in made if "surfaces" not in file.parts]
    assert len(behind) < len(made)
    for call in behind:
        parts = [ast.unparse(one) for one in call.args[:3]]
        whole = [f"{parts[0].partition('.')[0]}.{name}" for name in ("platform", "tenant", "room")]
        fixed = all(
            isinstance(one, ast.Constant) or (isinstance(one, ast.Name) and one.id.isupper()) for one in call.args
        )
        assert parts == whole or fixed, f"{ast.unparse(call)} makes a scope up"


def test_no_statement_is_written_by_hand_where_records_are_asked_for() -> None:
    """Nothing here could say what one in plain SQL asks for."""
    by_hand = [file.name for name in ("text", "exec_driver_sql") for file, _ in calls("memory/store", name)]
    assert set(by_hand) == {"database.py", "engines.py", "migrate.py"}
