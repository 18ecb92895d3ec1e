"""What the code can reach at all, read from its source: which modules open connections (T8), and that Secrets are not listed (T3)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[3] / "operator" / "vnetlink"
TREES = {str(file.relative_to(SOURCE)): ast.parse(file.read_text()) for file in sorted(SOURCE.rglob("*.py"))}
# What can be given an address: the clients of Azure and of the API server, and what they are made of.
DIALS = (
    "aiohttp",
    "azure",
    "http",
    "httpx",
    "kopf",
    "kubernetes",
    "opentelemetry",
    "requests",
    "socket",
    "subprocess",
    "urllib.request",
)


def imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module)


def calls(tree: ast.Module) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def named(call: ast.Call) -> str:
    """The last word of what is called."""
    return ast.unparse(call.func).rpartition(".")[2]


def test_only_the_clients_of_azure_and_of_the_api_server_can_open_a_connection() -> None:
    """`azure` is Azure's SDK, behind the host check; kopf and kubernetes speak to the API server of the kubeconfig."""
    dialling = {
        file: {dials for name in imported(tree) for dials in DIALS if f"{name}.".startswith(f"{dials}.")}
        for file, tree in TREES.items()
    }
    assert {file: names for file, names in dialling.items() if names} == {
        **{f"azure/{name}.py": {"azure"} for name in ("clients", "identities", "named", "others", "pipeline")},
        **{f"azure/{name}.py": {"azure", "aiohttp"} for name in ("calls", "tokens", "wire")},
        "handlers/health.py": {"aiohttp", "socket"},  # listens
        "handlers/settings.py": {"kopf"},
        "handlers/watch.py": {"kopf"},
        "kube/api.py": {"aiohttp", "kubernetes"},
        "kube/lease.py": {"kubernetes"},  # the election, which asks through kube/api.py
        "process.py": {"socket"},  # asks for its own host's name
        "tracing.py": {"opentelemetry"},  # where the administrator's OTEL_ variables say
    }
    assert [file for file, tree in TREES.items() for call in calls(tree) if named(call) == "open_connection"] == []


def test_no_code_asks_for_all_secrets_of_a_namespace_or_a_cluster() -> None:
    """The path of the collection is only ever posted to; every other path to Secrets ends with a name."""
    posted = {id(arg) for tree in TREES.values() for call in calls(tree) if named(call) == "post" for arg in call.args}
    paths = [
        (file, call)
        for file, tree in TREES.items()
        for call in calls(tree)
        if named(call) == "path" and "'secrets'" in ast.unparse(call)
    ]
    assert {file for file, _ in paths} == {"kube/proofs.py", "kube/secrets.py"}
    assert [(file, call.lineno) for file, call in paths if ast.unparse(call.args[-1]) == "'secrets'"] == [
        (file, call.lineno) for file, call in paths if id(call) in posted
    ]
    assert [file for file, tree in TREES.items() if "/secrets" in ast.unparse(tree)] == []
