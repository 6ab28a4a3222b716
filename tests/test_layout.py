"""The house stands: arrows point down only, and nothing imports in a circle.

Every import statement of the product is read from the source, those under
``TYPE_CHECKING`` and inside functions included.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("crawler", "matcher", "evidence", "egress", "desk", "config", "demo", "bench")

# What each room may import besides itself. A room is the longest prefix that matches.
ENTRY = {
    "crawler", "matcher", "evidence", "egress", "config", "scheduler",
    "desk.register", "desk.leads", "desk.cases", "desk.law", "desk.jobs", "desk.console",
    "desk.api", "desk.commands", "desk.cli", "desk",
}  # fmt: skip
ALLOWED: dict[str, set[str]] = {
    "crawler": set(),
    "matcher": set(),
    "egress": set(),
    "evidence": set(),
    "desk": set(),
    "desk.law": set(),
    "desk.jobs": {"desk"},
    "desk.register": {"crawler", "matcher", "evidence", "egress", "desk.law", "desk.jobs", "desk"},
    "desk.leads": {
        "crawler", "matcher", "evidence", "egress",
        "desk.law", "desk.jobs", "desk.register", "desk",
    },
    "desk.cases": {
        "crawler", "matcher", "evidence", "egress",
        "desk.law", "desk.jobs", "desk.register", "desk.leads", "desk",
    },
    "desk.api": {
        "crawler", "matcher", "evidence", "egress",
        "desk.law", "desk.jobs", "desk.register", "desk.leads", "desk.cases", "desk",
    },
    "desk.console": {
        "crawler", "matcher", "evidence", "egress",
        "desk.law", "desk.jobs", "desk.register", "desk.leads", "desk.cases", "desk",
    },
    "desk.commands": ENTRY,
    "desk.cli": ENTRY,
    "config": ENTRY,
    "scheduler": ENTRY,
    "demo": ENTRY | {"demo", "demo.shop"},
    "demo.shop": set(),
    "bench": ENTRY | {"demo"},
}  # fmt: skip

# Inside evidence the writer and the verifier meet only in the format.
EVIDENCE_ALLOWED: dict[str, set[str]] = {
    "evidence.errors": set(),
    "evidence.format": {"evidence.errors"},
    "evidence.verify": {"evidence.format", "evidence.errors"},
    "evidence.__main__": {"evidence.verify", "evidence.errors"},
    "evidence.log": {"evidence.format", "evidence.errors"},
    "evidence.witness": {"evidence.format", "evidence.errors", "evidence.log"},
    "evidence.monitor": {"evidence.format", "evidence.errors", "evidence.log"},
    "evidence.authority": {"evidence.format", "evidence.errors"},
    "evidence.netlog": {"evidence.format", "evidence.errors"},
    "evidence.browser": {"evidence.format", "evidence.errors"},
    "evidence.environment": {"evidence.format", "evidence.errors", "evidence.browser"},
    "evidence.capture": {
        "evidence.format", "evidence.errors",
        "evidence.netlog", "evidence.browser", "evidence.environment",
    },
    "evidence.replay": {
        "evidence.format", "evidence.errors", "evidence.browser", "evidence.capture",
    },
    "evidence.worker": {
        "evidence.format", "evidence.errors", "evidence.browser", "evidence.environment",
        "evidence.capture", "evidence.replay",
    },
    "evidence.selftest": {
        "evidence.format", "evidence.errors", "evidence.log", "evidence.browser",
        "evidence.environment", "evidence.capture", "evidence.worker",
    },
    "evidence.trustfolder": {"evidence.format", "evidence.errors"},
    "evidence.keyfile": {"evidence.errors", "evidence.log"},
    "evidence.home": {
        "evidence.format", "evidence.errors", "evidence.log", "evidence.authority",
        "evidence.trustfolder", "evidence.witness", "evidence.keyfile",
    },
    "evidence.formerlogs": {
        "evidence.format", "evidence.errors", "evidence.log", "evidence.home",
    },
    "evidence.seal": {
        "evidence.format", "evidence.errors", "evidence.log", "evidence.authority",
        "evidence.netlog", "evidence.browser", "evidence.environment", "evidence.capture",
        "evidence.replay", "evidence.worker", "evidence.selftest", "evidence.home",
        "evidence.verify", "evidence.witness", "evidence.exhibitkeys", "evidence.formerlogs",
    },
    "evidence.succession": {
        "evidence.format", "evidence.errors", "evidence.log", "evidence.home", "evidence.seal",
        "evidence.keeping", "evidence.verify", "evidence.witness", "evidence.trustfolder",
        "evidence.keyfile", "evidence.formerlogs",
    },
    "evidence.keeping": {
        "evidence.format", "evidence.errors", "evidence.log", "evidence.authority",
        "evidence.home", "evidence.verify", "evidence.exhibitkeys",
        "evidence.formerlogs",
    },
    "evidence.papers": {"evidence.format", "evidence.errors", "evidence.verify"},
    "evidence.exhibitkeys": {
        "evidence.format", "evidence.errors", "evidence.log", "evidence.home",
    },
}  # fmt: skip
VERIFIER_LIBRARIES = {"cryptography", "rfc8785", "rfc3161_client"}
GROUND_WITHOUT_DJANGO = ("crawler", "matcher", "evidence", "egress", "desk.law")

Import = tuple[str, str, int]


def modules() -> dict[str, Path]:
    """Every module of the product by dotted name."""
    found = {"scheduler": ROOT / "scheduler.py"}
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            parts = path.relative_to(ROOT).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            found[name] = path
    return {name: path for name, path in found.items() if path.exists()}


MODULES = modules()


def resolve(base: str, name: str | None) -> str:
    """Return the module that ``from base import name`` reaches."""
    return f"{base}.{name}" if name and f"{base}.{name}" in MODULES else base


def imports_of(module: str, source: str, *, package: bool) -> Iterator[tuple[str, int]]:
    """Yield (imported module, line) for every import statement, wherever it stands."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = module.split(".")
                parts = parts[: len(parts) - node.level + (1 if package else 0)]
                base = ".".join([*parts, base]) if base else ".".join(parts)
            for alias in node.names:
                yield resolve(base, alias.name), node.lineno


def all_imports() -> list[Import]:
    found: list[Import] = []
    for name, path in MODULES.items():
        package = path.name == "__init__.py"
        for target, line in imports_of(name, path.read_text("utf-8"), package=package):
            found.append((name, target, line))
    return found


IMPORTS = all_imports()


def room_of(module: str, rooms: set[str]) -> str | None:
    """Return the longest of ``rooms`` that contains ``module``."""
    parts = module.split(".")
    for size in range(len(parts), 0, -1):
        if (prefix := ".".join(parts[:size])) in rooms:
            return prefix
    return None


def upward(imports: list[Import], allowed: dict[str, set[str]]) -> list[str]:
    """Name every import that points up or sideways."""
    wrong = []
    rooms = set(allowed)
    for source, target, line in imports:
        above, below = room_of(source, rooms), room_of(target, rooms)
        if above is None or below is None or above == below:
            continue
        if below not in allowed[above]:
            wrong.append(f"{source}:{line} imports {target}")
    return wrong


def loops(imports: list[Import]) -> list[list[str]]:
    """Return the groups of modules that import one another in a circle (Tarjan)."""
    edges: dict[str, set[str]] = {name: set() for name in MODULES}
    for source, target, _ in imports:
        if target in MODULES and target != source:
            edges.setdefault(source, set()).add(target)
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    groups: list[list[str]] = []

    def visit(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        for following in edges.get(node, ()):
            if following not in index:
                visit(following)
                low[node] = min(low[node], low[following])
            elif following in stack:
                low[node] = min(low[node], index[following])
        if low[node] == index[node]:
            group = []
            while True:
                group.append(member := stack.pop())
                if member == node:
                    break
            if len(group) > 1:
                groups.append(sorted(group))

    for name in edges:
        if name not in index:
            visit(name)
    return groups


def test_every_arrow_points_down() -> None:
    assert upward(IMPORTS, ALLOWED) == []


def test_the_rooms_of_evidence_meet_in_the_format_only() -> None:
    inside = [entry for entry in IMPORTS if entry[0].startswith("evidence.")]
    assert upward(inside, EVIDENCE_ALLOWED) == []


def test_no_module_imports_in_a_circle() -> None:
    assert loops(IMPORTS) == []


def test_an_upward_arrow_and_a_circle_would_be_seen() -> None:
    bad = [("matcher.scan", "desk.leads", 3), ("evidence.verify.zip", "evidence.log.writer", 9)]
    assert len(upward(bad, ALLOWED)) == 1
    assert len(upward(bad, EVIDENCE_ALLOWED)) == 1
    assert loops([("crawler", "egress", 1), ("egress", "crawler", 1)]) == [["crawler", "egress"]]


def test_local_and_type_checking_imports_are_counted() -> None:
    source = "def f():\n    import crawler\nif TYPE_CHECKING:\n    from . import egress\n"
    found = {name for name, _ in imports_of("desk.leads.x", source, package=False)}
    assert found == {"crawler", "desk.leads"}


@pytest.mark.parametrize("room", GROUND_WITHOUT_DJANGO)
def test_ground_rooms_know_no_django(room: str) -> None:
    wrong = [
        entry
        for entry in IMPORTS
        if entry[0].split(".")[: room.count(".") + 1] == room.split(".")
        and entry[1].split(".")[0] == "django"
    ]
    assert wrong == []


def test_the_verifier_needs_three_libraries_and_the_standard_library() -> None:
    import sys

    rooms = ("evidence.verify", "evidence.format", "evidence.errors", "evidence.__main__")
    used = {
        target.split(".")[0]
        for source, target, _ in IMPORTS
        if source.startswith(rooms) and target.split(".")[0] not in sys.stdlib_module_names
    }
    assert used - VERIFIER_LIBRARIES - {"evidence"} == set()


def test_files_and_names_are_of_the_house() -> None:
    vague = {"utils", "core", "base", "manager", "helpers", "misc", "common"}
    assert [name for name in MODULES if set(name.split(".")) & vague] == []
    long = {
        name: lines
        for name, path in MODULES.items()
        if "migrations" not in name and (lines := len(path.read_text("utf-8").splitlines())) > 350
    }
    assert long == {}
