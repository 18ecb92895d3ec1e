"""The YAML file: everything it can say, and complaints that name the line."""

from __future__ import annotations

from math import inf
from pathlib import Path

import pytest

from armsim import config
from armsim.settings import Settings
from simulated_azure import SUB, Azure, code, network

WHOLE = f"""
tenants:
  aaaaaaaa-0000-0000-0000-000000000001: [{SUB}]
principals:
  app:
    tenants: [aaaaaaaa-0000-0000-0000-000000000001]
    secret: s
    federated: [{{issuer: i, subject: s}}, {{issuer: i, subject: s, audience: other}}]
    roles:
      - {{scope: /subscriptions/{SUB}, role: Owner}}
roles:
  other:
    - {{scope: /, actions: ["*/read"]}}
strangers: false
speed: inf
durations: {{virtualNetworkPeerings.create: 7}}
quotas: {{peerings: 3}}
pageSize: 2
tokenSeconds: 60
strict: true
era: 2023
throttling: true
buckets: {{reads: {{size: 5, rate: 1}}}}
limits: {{scope: [subscription], globalFactor: 3, windowSeconds: 60, windows: {{network.writes: 9}}}}
locks: [/subscriptions/{SUB}/resourceGroups/kept]
policies:
  - {{name: no-nets, scope: /subscriptions/{SUB}/resourceGroups/kept, type: Microsoft.Network/virtualNetworks}}
resources:
  - id: /subscriptions/{SUB}/resourceGroups/rg
    location: westeurope
"""


def read(tmp_path: Path, text: str) -> Settings:
    path = tmp_path / "armsim.yaml"
    path.write_text(text)
    return config.read(path)


def test_every_key_arrives(tmp_path: Path) -> None:
    made = read(tmp_path, WHOLE)
    assert made.tenants == {"aaaaaaaa-0000-0000-0000-000000000001": (SUB,)}
    assert made.principals["app"].secret == "s"
    assert [one.audience for one in made.principals["app"].federated] == ["api://AzureADTokenExchange", "other"]
    assert (made.principals["app"].federated[0].issuer, made.principals["app"].federated[0].subject) == ("i", "s")
    assert set(made.roles) == {"app", "other"}
    assert (made.strangers, made.speed, made.page_size, made.token_seconds) == (False, inf, 2, 60)
    assert (made.strict, made.era, made.throttled, made.buckets["reads"].size) == (True, 2023, True, 5)
    assert (made.durations["virtualNetworkPeerings.create"], made.durations["subnets.create"]) == (7, 4)
    assert (made.quotas["peerings"], made.quotas["subnets"]) == (3, 3000)
    assert (made.limits.scope, made.limits.global_factor, made.limits.window_seconds) == (("subscription",), 3, 60)
    assert (made.limits.windows["network.writes"], made.limits.windows["privateDns.reads"]) == (9, 500)
    assert made.seed == ((f"/subscriptions/{SUB}/resourceGroups/rg", {"location": "westeurope"}),)


def test_a_policy_denies_the_writes_of_its_type(tmp_path: Path) -> None:
    azure = Azure(read(tmp_path, WHOLE))
    group = azure.group("kept")
    refused = azure.send("PUT", f"{group}/providers/Microsoft.Network/virtualNetworks/v", network("10.0.0.0/16"))
    assert (refused.status, code(refused)) == (403, "RequestDisallowedByPolicy")


def test_a_role_may_be_a_file(tmp_path: Path) -> None:
    role = tmp_path / "role.json"
    role.write_text('{"Name": "x", "Actions": ["*/read"]}')
    made = read(tmp_path, f"roles:\n  app:\n    - {{scope: /, definition: {role}}}\n")
    assert made.roles["app"] == [{"scope": "/", "definition": {"Name": "x", "Actions": ["*/read"]}}]
    with pytest.raises(config.ConfigError, match=r"line 3: app is wrong: .*nowhere"):
        read(tmp_path, "roles:\n  app:\n    - {scope: /, definition: /nowhere}\n")


def test_an_empty_file_is_the_default_world(tmp_path: Path) -> None:
    assert read(tmp_path, "# nothing\n") == Settings()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("speed: 1\nspeeed: 2\n", "line 2: speeed is not known here"),
        ("speed: 1\nquotas:\n  peerings: many\n", "line 3: peerings must be a number"),
        ("speed: 1\nquotas:\n  peers: 3\n", "line 3: peers is not known here"),
        ("strict: maybe\n", "line 1: strict must be true or false"),
        ("tenants: []\n", "line 1: tenants must be a mapping"),
        ("tenants: {}\n", "line 1: tenants must name at least one"),
        (
            "principals:\n  app:\n    roles:\n      - scope: /\n        role: King\n",
            "line 4: roles is wrong: unknown role",
        ),
        ("principals:\n  app:\n    federated:\n      - issuer: i\n", "line 4: federated needs issuer and subject"),
        (
            "principals:\n  app:\n    federated:\n      - {issuer: i, subject: s, jwks: /nowhere}\n",
            "line 4: jwks is no file with a JSON Web Key Set",
        ),
        ("roles:\n  app: 5\n", "line 2: app must be a list"),
        ("locks: x\n", "line 1: locks must be a list"),
        ("policies:\n  - name: x\n", "line 2: policies needs name, scope and type"),
        ("resources:\n  - location: x\n", "line 2: resources needs an id"),
        ("limits:\n  scope: [planet]\n", "line 2: scope must be principal or subscription"),
        ("limits:\n  windows:\n    storage.reads: 1\n", "line 3: storage.reads is not known here"),
        ("a: [\n", "line 2"),
        ("speed: fast\n", "line 1: speed must be a number"),
    ],
)
def test_a_complaint_names_the_line(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(config.ConfigError) as caught:
        read(tmp_path, text)
    assert complaint in str(caught.value)


def test_a_missing_file_is_a_complaint(tmp_path: Path) -> None:
    with pytest.raises(config.ConfigError):
        config.read(tmp_path / "none.yaml")
