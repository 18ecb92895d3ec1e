"""Command lines of the three programs: the smallest control plane that still behaves like a real one."""

from __future__ import annotations

from pathlib import Path

from controlplane.pki import Pki

ISSUER = "https://kubernetes.default.svc"
SERVICE_RANGE = "10.0.0.0/24"
# Those that a namespaced operator meets: deletion, owner references, tokens, aggregated roles. Nothing runs a pod here.
CONTROLLERS = (
    "namespace-controller",
    "garbage-collector-controller",
    "serviceaccount-controller",
    "serviceaccount-token-controller",
    "clusterrole-aggregation-controller",
    "root-ca-certificate-publisher-controller",
)


def etcd(data: Path, client_port: int, peer_port: int) -> tuple[str, ...]:
    """etcd with one member. It does not wait for the disk: a killed process loses nothing, a lost machine may."""
    client, peer = f"http://127.0.0.1:{client_port}", f"http://127.0.0.1:{peer_port}"
    return (
        f"--data-dir={data}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
        "--unsafe-no-fsync",
        "--socket-reuse-port",
        "--heartbeat-interval=20",
        "--election-timeout=200",
        "--log-level=warn",
    )


def apiserver(pki: Pki, etcd_port: int, port: int, more: tuple[str, ...] = ()) -> tuple[str, ...]:
    """kube-apiserver on 127.0.0.1 with RBAC, default admission (Pod Security included) and TokenRequest."""
    return (
        f"--etcd-servers=http://127.0.0.1:{etcd_port}",
        "--bind-address=127.0.0.1",
        f"--secure-port={port}",
        "--permit-port-sharing=true",
        f"--tls-cert-file={pki.certificate('server')}",
        f"--tls-private-key-file={pki.key('server')}",
        f"--client-ca-file={pki.ca}",
        "--anonymous-auth=false",
        "--authorization-mode=RBAC",
        "--allow-privileged=true",  # Pod Security decides, as in a real cluster
        f"--service-account-issuer={ISSUER}",
        f"--service-account-signing-key-file={pki.service_account_key}",
        f"--service-account-key-file={pki.service_account_key}",
        f"--service-cluster-ip-range={SERVICE_RANGE}",
        "--endpoint-reconciler-type=none",  # the service `kubernetes` may not lead to a loopback address
        "--profiling=false",
        "--v=1",
        *more,
    )


def controller_manager(pki: Pki, kubeconfig: Path) -> tuple[str, ...]:
    """kube-controller-manager with CONTROLLERS only; it serves nothing."""
    return (
        f"--kubeconfig={kubeconfig}",
        f"--controllers={','.join(CONTROLLERS)}",
        f"--service-account-private-key-file={pki.service_account_key}",
        f"--root-ca-file={pki.ca}",
        "--use-service-account-credentials=true",  # each controller with its own role, as in a real cluster
        "--leader-elect=false",
        "--secure-port=0",
        "--concurrent-namespace-syncs=2",
        "--concurrent-gc-syncs=4",
        "--profiling=false",
        "--v=1",
    )
