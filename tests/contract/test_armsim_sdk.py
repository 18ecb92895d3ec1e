"""azure-mgmt-network (aio) and azure-identity against armsim over TLS: clients that nobody here wrote."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceNotFoundError
from azure.identity.aio import CertificateCredential, ClientSecretCredential, WorkloadIdentityCredential
from azure.mgmt.core.policies import AsyncAuxiliaryAuthenticationPolicy
from azure.mgmt.network.aio import NetworkManagementClient
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from armsim_process import SUBSCRIPTION, SUBSCRIPTION_B, TENANT_A, TENANT_B, ArmsimProcess


@pytest.fixture(scope="module")
def armsim(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ArmsimProcess]:
    with ArmsimProcess(tmp_path_factory.mktemp("armsim")) as process:
        yield process


@pytest.fixture
async def network(armsim: ArmsimProcess, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[NetworkManagementClient]:
    """As DIR/env sets it up."""
    armsim.reset()
    armsim.clear_faults()
    armsim.group("rg")
    for name, value in armsim.env.items():
        monkeypatch.setenv(name, value)
    async with secret(armsim, TENANT_A) as credential, client(armsim, credential) as made:
        yield made


def trusting(armsim: ArmsimProcess) -> dict[str, Any]:
    """aiohttp reads SSL_CERT_FILE when it is imported, so only a new process can be pointed here by DIR/env alone."""
    return {"disable_instance_discovery": True, "connection_verify": str(armsim.dir / "ca.pem")}


def secret(armsim: ArmsimProcess, tenant: str) -> ClientSecretCredential:
    return ClientSecretCredential(tenant, "app", "secret", authority=armsim.endpoint, **trusting(armsim))


def client(
    armsim: ArmsimProcess, credential: Any, subscription: str = SUBSCRIPTION, **more: Any
) -> NetworkManagementClient:
    scopes = [f"{armsim.endpoint}/.default"]
    more.setdefault("connection_verify", str(armsim.dir / "ca.pem"))
    return NetworkManagementClient(
        credential, subscription, base_url=armsim.endpoint, credential_scopes=scopes, retry_total=0, **more
    )


async def vnet(network: NetworkManagementClient, name: str, *prefixes: str) -> Any:
    body: Any = {"location": "westeurope", "properties": {"addressSpace": {"addressPrefixes": list(prefixes)}}}
    return await (await network.virtual_networks.begin_create_or_update("rg", name, body)).result()


async def peer(network: NetworkManagementClient, name: str, remote: str, **more: Any) -> Any:
    body: Any = {"properties": {"remoteVirtualNetwork": {"id": remote}}}
    operations = network.virtual_network_peerings
    return await (await operations.begin_create_or_update("rg", name, "link", body, **more)).result()


async def test_both_sides_are_made_synced_and_one_deleted(network: NetworkManagementClient) -> None:
    one, two = await vnet(network, "one", "10.1.0.0/16"), await vnet(network, "two", "10.2.0.0/16")
    first = await peer(network, "one", two.id)
    assert (first.peering_state, first.peering_sync_level) == ("Initiated", "RemoteNotInSync")
    second = await peer(network, "two", one.id, sync_remote_address_space="true")
    assert (second.peering_state, second.provisioning_state) == ("Connected", "Succeeded")
    await vnet(network, "one", "10.1.0.0/16", "10.9.0.0/16")
    assert (await network.virtual_network_peerings.get("rg", "two", "link")).peering_sync_level == "LocalNotInSync"
    synced = await peer(network, "two", one.id, sync_remote_address_space="true")
    assert synced.peering_sync_level == "FullyInSync"
    assert synced.remote_address_space.address_prefixes == ["10.1.0.0/16", "10.9.0.0/16"]
    await (await network.virtual_network_peerings.begin_delete("rg", "two", "link")).result()
    assert [one.peering_state async for one in network.virtual_network_peerings.list("rg", "one")] == ["Disconnected"]


async def test_lists_follow_their_pages(armsim: ArmsimProcess, tmp_path: Path) -> None:
    with ArmsimProcess(tmp_path, config={"pageSize": 2}) as paged:
        for number in range(5):
            paged.vnet(f"v{number}", f"10.{number}.0.0/16")
        # A second simulator: its CA is given by hand, as the environment names the other one.
        more = {"connection_verify": str(paged.dir / "ca.pem")}
        async with (
            ClientSecretCredential(
                TENANT_A, "app", "s", authority=paged.endpoint, disable_instance_discovery=True, **more
            ) as credential,
            client(paged, credential, **more) as network,
        ):
            names = [one.name async for one in network.virtual_networks.list_all()]
        assert names == [f"v{number}" for number in range(5)]


async def test_errors_have_codes_and_messages(network: NetworkManagementClient) -> None:
    one = await vnet(network, "one", "10.1.0.0/16")
    two = await vnet(network, "two", "10.1.4.0/24")
    with pytest.raises(HttpResponseError) as overlap:
        await peer(network, "one", two.id)
    assert overlap.value.error is not None
    assert (overlap.value.status_code, overlap.value.error.code) == (400, "VnetAddressSpacesOverlap")
    assert "10.1.0.0/16, 10.1.4.0/24" in str(overlap.value)
    with pytest.raises(ResourceNotFoundError):
        await network.virtual_network_peerings.get("rg", "one", "none")
    with pytest.raises(HttpResponseError) as missing:
        await peer(network, "one", one.id.replace("one", "none"))
    assert missing.value.error is not None
    assert missing.value.error.code == "InvalidResourceReference"


async def test_a_failed_operation_is_the_pollers_error(armsim: ArmsimProcess, network: NetworkManagementClient) -> None:
    armsim.fault(kind="fail", method="PUT", path="virtualNetworks/v", code="Broken", message="It broke.")
    with pytest.raises(HttpResponseError) as failed:
        await vnet(network, "v", "10.0.0.0/16")
    assert failed.value.error is not None
    assert failed.value.error.code == "Broken"


async def test_a_gateway_and_its_transit(armsim: ArmsimProcess, network: NetworkManagementClient) -> None:
    hub = armsim.vnet("hub", "10.1.0.0/16", subnets={"GatewaySubnet": "10.1.0.0/27"})
    spoke = armsim.vnet("spoke", "10.2.0.0/16")
    address: Any = {
        "location": "westeurope",
        "sku": {"name": "Standard"},
        "zones": ["1"],
        "properties": {"publicIPAllocationMethod": "Static"},
    }
    ip = await (await network.public_ip_addresses.begin_create_or_update("rg", "ip", address)).result()
    inner = {"subnet": {"id": f"{hub}/subnets/GatewaySubnet"}, "publicIPAddress": {"id": ip.id}}
    body: Any = {
        "location": "westeurope",
        "properties": {
            "ipConfigurations": [{"name": "default", "properties": inner}],
            "gatewayType": "Vpn",
            "sku": {"name": "VpnGw1AZ", "tier": "VpnGw1AZ"},
        },
    }
    made = await (await network.virtual_network_gateways.begin_create_or_update("rg", "gw", body)).result()
    assert made.provisioning_state == "Succeeded"
    armsim.peering(hub, "to-spoke", spoke, allowGatewayTransit=True)
    armsim.peering(spoke, "to-hub", hub, useRemoteGateways=True)
    used = await network.virtual_network_peerings.get("rg", "spoke", "to-hub")
    assert used.properties is not None
    assert used.properties["remoteGateways"] == [{"id": made.id}]


async def test_subnet_peering_goes_through_the_sdk(armsim: ArmsimProcess, network: NetworkManagementClient) -> None:
    armsim.vnet("one", "10.0.0.0/8", subnets={"a": "10.1.0.0/24"})
    two = armsim.vnet("two", "10.0.0.0/8", subnets={"b": "10.2.0.0/24"})
    body: Any = {
        "properties": {
            "remoteVirtualNetwork": {"id": two},
            "peerCompleteVnets": False,
            "localSubnetNames": ["a"],
            "remoteSubnetNames": ["b"],
        }
    }
    made = await (await network.virtual_network_peerings.begin_create_or_update("rg", "one", "p", body)).result()
    assert (made.peer_complete_vnets, made.local_subnet_names, made.remote_subnet_names) == (False, ["a"], ["b"])
    assert made.remote_address_space is not None
    assert made.remote_address_space.address_prefixes == ["10.2.0.0/24"]


async def test_a_pair_across_tenants_with_the_sdks_auxiliary_policy(
    armsim: ArmsimProcess, network: NetworkManagementClient
) -> None:
    one = armsim.vnet("one", "10.1.0.0/16")
    two = armsim.vnet("two", "10.2.0.0/16", subscription=SUBSCRIPTION_B, tenant=TENANT_B)
    with pytest.raises(HttpResponseError) as refused:
        await peer(network, "one", two)
    assert refused.value.error is not None
    assert refused.value.error.code == "LinkedAuthorizationFailed"
    async with secret(armsim, TENANT_A) as mine, secret(armsim, TENANT_B) as theirs:
        policy: Any = AsyncAuxiliaryAuthenticationPolicy([theirs], f"{armsim.endpoint}/.default")
        async with client(armsim, mine, per_retry_policies=[policy]) as network_a:
            assert (await peer(network_a, "one", two)).peering_state == "Initiated"
        back: Any = AsyncAuxiliaryAuthenticationPolicy([mine], f"{armsim.endpoint}/.default")
        async with client(armsim, theirs, SUBSCRIPTION_B, per_retry_policies=[back]) as network_b:
            assert (await peer(network_b, "two", one)).peering_state == "Connected"
    assert all(one["auxiliary"] for one in armsim.requests(method="PUT", path="virtualNetworks/two/.*Peerings"))


async def test_a_federated_token_and_a_certificate_log_in(
    armsim: ArmsimProcess, network: NetworkManagementClient, tmp_path: Path
) -> None:
    await vnet(network, "v", "10.0.0.0/16")
    (tmp_path / "token").write_text(armsim.token())
    (tmp_path / "cert.pem").write_bytes(await asyncio.to_thread(certificate))
    more: dict[str, Any] = {"authority": armsim.endpoint, **trusting(armsim)}
    federated = WorkloadIdentityCredential(
        tenant_id=TENANT_A, client_id="workload", token_file_path=str(tmp_path / "token"), **more
    )
    certified = CertificateCredential(TENANT_A, "certified", str(tmp_path / "cert.pem"), **more)
    for credential in (federated, certified):
        async with credential, client(armsim, credential) as other:
            assert (await other.virtual_networks.get("rg", "v")).name == "v"
    assert {"workload", "certified"} <= {one["principal"] for one in armsim.requests()}


async def test_a_token_endpoint_that_refuses_is_an_authentication_error(
    armsim: ArmsimProcess, network: NetworkManagementClient
) -> None:
    async with (
        ClientSecretCredential(
            "99999999-0000-0000-0000-000000000000", "a", "s", authority=armsim.endpoint, **trusting(armsim)
        ) as unknown,
        client(armsim, unknown) as other,
    ):
        with pytest.raises(ClientAuthenticationError):
            await other.virtual_networks.get("rg", "v")


def certificate() -> bytes:
    """A key and its self-signed certificate in one PEM."""
    import datetime

    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "app")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(int.from_bytes(base64.b64decode("YXJt"), "big"))
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private + made.public_bytes(serialization.Encoding.PEM)
