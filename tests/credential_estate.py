"""An estate in which every identity is an AzureCredential: apps that Entra knows, ServiceAccounts that it trusts, two tenants."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from armsim_process import SUBSCRIPTION, SUBSCRIPTION_2, SUBSCRIPTION_B, TENANT_A, TENANT_B, ArmsimProcess
from controlplane.cluster import Cluster
from estate import Estate

ISSUER = "https://kubernetes.default.svc"
OPERATOR = "11111111-0000-0000-0000-000000000001"
TEAM_A = "aaaa0000-0000-0000-0000-00000000000a"
TEAM_B = "bbbb0000-0000-0000-0000-00000000000b"
MULTI_TENANT = "cccc0000-0000-0000-0000-00000000000c"
SECRET = "Str0ng.client-secret~of.team-b"
NAMESPACES = ("team-a", "team-b")
EVERYWHERE = [{"scope": "/", "role": "Owner"}]


def directory(cluster: Cluster, dir: Path) -> dict[str, Any]:
    """Entra ID and its apps: team-a's trusts a ServiceAccount, team-b's has a secret, one is in both tenants."""
    keys = dir / "jwks.json"
    keys.write_text(cluster.kubectl("get", "--raw", "/openid/v1/jwks").stdout)
    trusted = {"issuer": ISSUER, "subject": "system:serviceaccount:team-a:network", "jwks": str(keys)}
    return {
        "tenants": {TENANT_A: [SUBSCRIPTION, SUBSCRIPTION_2], TENANT_B: [SUBSCRIPTION_B]},
        "principals": {
            "armsim-test": {"roles": EVERYWHERE},  # whom the tests themselves are
            OPERATOR: {"secret": "armsim-secret", "roles": EVERYWHERE},
            TEAM_A: {"tenants": [TENANT_A], "federated": [trusted], "roles": EVERYWHERE},
            TEAM_B: {"tenants": [TENANT_A], "secret": SECRET, "roles": EVERYWHERE},
            MULTI_TENANT: {"secret": SECRET, "roles": EVERYWHERE},
        },
    }


class Team(Estate):
    """One namespace of a cluster that many share; the operator is run by the estate that it was made from."""

    @classmethod
    def of(cls, estate: Estate, namespace: str, **labels: str) -> Team:
        """The namespace with exactly these labels beside Kubernetes' own, and a ServiceAccount `network` in it."""
        document = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "labels": labels}}
        estate.apply(document)
        team = cls(estate.cluster, estate.azure, estate.dir, namespace)
        team.service_account("network")
        return team

    def service_account(self, name: str) -> None:
        """Make one; one that is there stays."""
        self.kubectl("create", "serviceaccount", name, check=False)

    def credential(self, name: str = "default", type: str = "WorkloadIdentity", **spec: Any) -> None:
        """Apply an AzureCredential: of team-a's app by its ServiceAccount, or of team-b's by the Secret `app`."""
        by_type: Mapping[str, dict[str, Any]] = {
            "WorkloadIdentity": {"clientId": TEAM_A, "serviceAccountRef": {"name": "network"}},
            "ServicePrincipalSecret": {"clientId": TEAM_B, "secretRef": {"name": "app"}},
            "ServicePrincipalCertificate": {"clientId": TEAM_B, "secretRef": {"name": "app"}},
        }
        self.apply(
            {
                "apiVersion": "vnetlink.dev/v1alpha1",
                "kind": "AzureCredential",
                "metadata": {"name": name},
                "spec": {"type": type, "tenantId": TENANT_A, **by_type.get(type, {}), **spec},
            }
        )

    def secret(self, name: str = "app", labelled: bool = True, **data: str) -> None:
        """Apply a Secret that a credential may name; `labelled`: it is meant for that."""
        labels = {"vnetlink.dev/credential": "true"} if labelled else {}
        body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "labels": labels}}
        self.kubectl("delete", "secret", name, "--ignore-not-found")
        self.apply({**body, "stringData": data or {"clientSecret": SECRET}})

    def credentials(self) -> Credentials:
        """The same namespace, seen from its AzureCredentials."""
        return Credentials(self.cluster, self.azure, self.dir, self.namespace)


class Credentials(Estate):
    """What an Estate does, done to AzureCredentials."""

    kind = "azurecredential"

    def finalizers(self, name: str) -> list[str]:
        """The finalizers on a credential."""
        return list(self.read(name)["metadata"].get("finalizers", []))


def arm_requests(azure: ArmsimProcess, since: int, client: str = "") -> list[str]:
    """`METHOD path` of requests to ARM after `since`, of this client where one is given."""
    told = [one for one in azure.requests(since) if "/subscriptions/" in one["path"]]
    return [f"{one['method']} {one['path']}" for one in told if not client or one["principal"] == client]


def token_requests(azure: ArmsimProcess, since: int) -> list[str]:
    """Paths of all requests to the login service after `since`."""
    return [one["path"] for one in azure.requests(since) if "/oauth2/" in one["path"] or "openid" in one["path"]]


def writes(azure: ArmsimProcess, since: int, *clients: str) -> list[dict[str, Any]]:
    """Everything but GETs that these clients sent to ARM after `since`."""
    told = [one for one in azure.requests(since) if one["method"] != "GET" and "/subscriptions/" in one["path"]]
    return [one for one in told if one["principal"] in clients]
