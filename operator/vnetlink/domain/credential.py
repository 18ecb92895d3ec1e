"""AzureCredential: who we are towards Azure, and who may be us. It names a Secret or a ServiceAccount and holds no secret."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias

from vnetlink.domain.arm_id import ArmId
from vnetlink.domain.kinds import AZURE_CREDENTIALS
from vnetlink.domain.specs import ObjectKey, ObjectMeta

DEFAULT_NAME = "default"  # the one that is used by whoever names none

Labels: TypeAlias = Mapping[str, str]


class CredentialType(Enum):
    """How tokens are got."""

    WORKLOAD_IDENTITY = "WorkloadIdentity"
    MANAGED_IDENTITY = "ManagedIdentity"
    SERVICE_PRINCIPAL_SECRET = "ServicePrincipalSecret"
    SERVICE_PRINCIPAL_CERTIFICATE = "ServicePrincipalCertificate"
    DEFAULT = "Default"

    @property
    def of_the_pod(self) -> bool:
        """Whether it is an identity of the operator's own pod or machine, which a namespace may use only when it is named."""
        return self in (CredentialType.MANAGED_IDENTITY, CredentialType.DEFAULT)


class Operator(Enum):
    """How a label is compared, as in Kubernetes."""

    IN = "In"
    NOT_IN = "NotIn"
    EXISTS = "Exists"
    DOES_NOT_EXIST = "DoesNotExist"


@dataclass(frozen=True, slots=True)
class Requirement:
    """One condition that a namespace's labels must meet."""

    key: str
    operator: Operator
    values: frozenset[str] = frozenset()

    def holds(self, labels: Labels) -> bool:
        """Whether these labels meet it."""
        match self.operator:
            case Operator.IN:
                return labels.get(self.key) in self.values if self.key in labels else False
            case Operator.NOT_IN:
                return self.key not in labels or labels[self.key] not in self.values
            case Operator.EXISTS:
                return self.key in labels
            case Operator.DOES_NOT_EXIST:
                return self.key not in labels


@dataclass(frozen=True, slots=True)
class Selector:
    """Selects namespaces by their labels. An empty one selects none (design/faults.md, T4)."""

    requirements: tuple[Requirement, ...] = ()

    def selects(self, labels: Labels) -> bool:
        """Whether a namespace with these labels is selected."""
        return bool(self.requirements) and all(one.holds(labels) for one in self.requirements)


@dataclass(frozen=True, slots=True)
class AllowedNamespaces:
    """Namespaces that may refer to a credential, beside its own. Without anything: none."""

    names: frozenset[str] = frozenset()
    selector: Selector = Selector()

    def ask_labels_of(self, namespace: str) -> bool:
        """Whether that namespace's labels decide."""
        return namespace not in self.names and bool(self.selector.requirements)

    def allow(self, namespace: str, labels: Labels) -> bool:
        """Whether they name or select that namespace."""
        return namespace in self.names or self.selector.selects(labels)


@dataclass(frozen=True, slots=True)
class Scope:
    """A subscription, resource group or virtual network, and everything below it; `id` as it was written."""

    id: str

    def covers(self, target: ArmId) -> bool:
        """By whole segments, ignoring case: the group rg does not cover rg2."""
        return f"{target.key}/".startswith(f"{self.id.lower()}/")


@dataclass(frozen=True, slots=True)
class AzureCredential:
    """An AzureCredential as read from the API server. `tenant`, `client`: empty means the operator's own, or the machine's."""

    meta: ObjectMeta
    type: CredentialType
    tenant: str = ""
    client: str = ""
    service_account: str = ""
    secret: str = ""
    allowed_namespaces: AllowedNamespaces = AllowedNamespaces()
    allowed_scopes: tuple[Scope, ...] = ()

    def allows(self, target: ArmId) -> bool:
        """Whether it may be used for that resource; without any scope Azure's own roles are the only limit."""
        return not self.allowed_scopes or any(scope.covers(target) for scope in self.allowed_scopes)


@dataclass(frozen=True, slots=True)
class Proof:
    """What the login service is shown: an assertion, a client secret or a certificate. Never printed.

    `version` differs when the proof does; after `lasts` seconds it is to be asked for anew. When there is none by then, this
    one may be used until it is `kept` seconds old.
    """

    version: str
    value: bytes = field(repr=False)
    lasts: float
    password: bytes | None = field(default=None, repr=False)
    kept: float = 0.0


def credential_key(namespace: str, name: str) -> ObjectKey:
    """Which credential."""
    return ObjectKey(AZURE_CREDENTIALS, namespace, name)
