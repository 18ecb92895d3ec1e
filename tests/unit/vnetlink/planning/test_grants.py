"""Whose identity an object gets, or why it gets none: the whole table, without any I/O."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from vnetlink.domain.arm_id import GatewayId, PrivateDnsZoneId, PublicIpId, VnetId
from vnetlink.domain.credential import (
    AllowedNamespaces,
    AzureCredential,
    CredentialType,
    Labels,
    Operator,
    Requirement,
    Scope,
    Selector,
    credential_key,
)
from vnetlink.domain.identity import Identity, NotGranted
from vnetlink.domain.outcome import Absent, Present, Unreadable
from vnetlink.domain.ownership import OwnershipRecord
from vnetlink.domain.reasons import Reason
from vnetlink.domain.sides import PerSide
from vnetlink.domain.specs import (
    CredentialRef,
    End,
    ManagementPolicy,
    ObjectKey,
    ObjectMeta,
    Owner,
    PeeringPair,
    PeeringPairSpec,
    SpecError,
    VNetLink,
    VNetLinkSpec,
    VpnConnectionPair,
    VpnConnectionPairSpec,
)
from vnetlink.domain.vnet_link import VnetCreation, WantedZone
from vnetlink.domain.vpn import GatewayCreation, SecretKeyRef, WantedSharedKey, WantedVpnSide
from vnetlink.planning.grants import Known, Law, SeenCredential, identities, uses, wanted, zone_identity

SUB = "/subscriptions/00000000-0000-0000-0000-000000000000"
OTHER_SUB = "/subscriptions/00000000-0000-0000-0000-000000000001"
NET = "providers/Microsoft.Network"
TENANT = "aaaaaaaa-0000-0000-0000-000000000001"
OPERATOR = Identity("operator", TENANT, "pod")
NOBODY, EVERYBODY = Law(OPERATOR, frozenset()), Law(OPERATOR, frozenset({"*"}))
AWAY = Unreadable(Reason.THROTTLED, "away", transient=True)
APP, DATA = (VnetId.parse(f"{SUB}/resourceGroups/rg/{NET}/virtualNetworks/{name}") for name in ("app", "data"))
ZONE = PrivateDnsZoneId.parse(f"{SUB}/resourceGroups/dns/{NET}/privateDnsZones/corp.example")


NONE = Selector()


def meta(name: str, namespace: str = "team", kind: str = "peeringpairs") -> ObjectMeta:
    return ObjectMeta(ObjectKey(kind, namespace, name), f"uid-{name}", 1, "1", datetime(2026, 1, 1, tzinfo=UTC))


def ref(text: str | None) -> CredentialRef | None:
    """`name`, or `namespace/name`."""
    if text is None:
        return None
    namespace, _, name = text.rpartition("/")
    return CredentialRef(name, namespace or None)


def pair(one: str | None = None, two: str | None = None, **theirs: object) -> PeeringPair:
    ends = PerSide(End(APP, credential_ref=ref(one)), replace(End(DATA, credential_ref=ref(two)), **theirs))  # type: ignore[arg-type]
    return PeeringPair(meta("pair"), PeeringPairSpec(ends), OwnershipRecord("here", "team/pair"))


def credential(
    name: str = "default",
    namespace: str = "team",
    names: tuple[str, ...] = (),
    selector: Selector = NONE,
    scopes: tuple[str, ...] = (),
    type: CredentialType = CredentialType.WORKLOAD_IDENTITY,
) -> AzureCredential:
    allowed = AllowedNamespaces(frozenset(names), selector)
    found = AzureCredential(meta(name, namespace, "azurecredentials"), type, TENANT, f"client-{name}", "network")
    return replace(found, allowed_namespaces=allowed, allowed_scopes=tuple(Scope(scope) for scope in scopes))


def known(*there: AzureCredential | SpecError, labels: Labels | None = None) -> Known:
    found: dict[ObjectKey, SeenCredential] = {one.meta.key: Present(one) for one in there}
    return Known(found, Absent() if labels is None else Present(labels))


def told(owner: Owner, what: Known, law: Law = NOBODY) -> list[str]:
    """The identities of both ends, or the one reason why there are none."""
    match identities(owner, what, law):
        case NotGranted(reason) | Unreadable(reason):
            return [reason.value]
        case granted:
            return [one.client for one in granted]


def test_without_a_reference_the_namespaces_default_goes_before_the_operator() -> None:
    assert told(pair(), known(credential()), EVERYBODY) == ["client-default", "client-default"]
    assert told(pair(), known(), EVERYBODY) == ["pod", "pod"]
    assert told(pair(), known(credential(namespace="elsewhere")), EVERYBODY) == ["pod", "pod"]
    assert told(pair(), known(), Law(OPERATOR, frozenset({"team"}))) == ["pod", "pod"]
    assert told(pair(), known(), Law(OPERATOR, frozenset({"other"}))) == ["ReferenceNotGranted"]


def test_each_end_may_have_its_own() -> None:
    both = known(credential("here"), credential("there"))
    assert told(pair("here", "there"), both) == ["client-here", "client-there"]
    assert wanted(pair("here", "x/there")) == {credential_key("team", "here"), credential_key("x", "there")}


def test_what_cannot_be_read_is_waited_for_and_never_answered_with_another_identity() -> None:
    unread = Known({credential_key("team", "default"): AWAY})
    assert told(pair(), unread, EVERYBODY) == ["Throttled"]


def test_a_reference_to_nothing_is_missing_at_home_and_not_granted_elsewhere() -> None:
    assert told(pair("gone"), known(), EVERYBODY) == ["CredentialMissing"]
    assert told(pair("them/gone"), known(), EVERYBODY) == ["ReferenceNotGranted"]


def test_a_foreign_one_that_does_not_allow_us_is_told_in_the_words_for_one_that_is_not_there() -> None:
    absent, forbidden = (
        identities(pair("them/it"), what, NOBODY) for what in (known(), known(credential("it", "them")))
    )
    assert absent == forbidden


def test_a_spec_that_cannot_be_read_is_invalid_at_home_and_allows_nobody_elsewhere() -> None:
    for place, reason in (("team", "CredentialInvalid"), ("them", "ReferenceNotGranted")):
        broken = SpecError(meta("it", place, "azurecredentials"), "spec.type: is missing")
        assert told(pair(f"{place}/it", f"{place}/it"), known(broken), EVERYBODY) == [reason]


LABEL = Selector((Requirement("tier", Operator.IN, frozenset({"gold"})),))


@pytest.mark.parametrize(
    ("names", "selector", "labels", "granted"),
    [
        ((), Selector(), {}, False),
        (("team",), Selector(), {}, True),
        (("Team", "team-2", "*"), Selector(), {}, False),
        ((), LABEL, {"tier": "gold"}, True),
        ((), LABEL, {"tier": "silver"}, False),
        ((), LABEL, {}, False),
        (("team",), LABEL, {}, True),
        ((), Selector((Requirement("tier", Operator.NOT_IN, frozenset({"gold"})),)), {}, True),
        ((), Selector((Requirement("tier", Operator.NOT_IN, frozenset({"gold"})),)), {"tier": "gold"}, False),
        ((), Selector((Requirement("tier", Operator.EXISTS),)), {"tier": ""}, True),
        ((), Selector((Requirement("tier", Operator.DOES_NOT_EXIST),)), {"tier": ""}, False),
        ((), Selector((Requirement("tier", Operator.DOES_NOT_EXIST),)), {}, True),
        ((), Selector((*LABEL.requirements, Requirement("x", Operator.EXISTS))), {"tier": "gold"}, False),
    ],
)
def test_allowed_namespaces_name_or_select(
    names: tuple[str, ...], selector: Selector, labels: Labels, granted: bool
) -> None:
    theirs = credential("it", "them", names, selector)
    expected = ["client-it", "client-it"] if granted else ["ReferenceNotGranted"]
    assert told(pair("them/it", "them/it"), known(theirs, labels=labels)) == expected


def test_labels_that_cannot_be_read_grant_nothing_yet() -> None:
    theirs = credential("it", "them", selector=LABEL)
    unread = Known({theirs.meta.key: Present(theirs)}, AWAY)
    assert told(pair("them/it", "them/it"), unread) == ["Throttled"]


@pytest.mark.parametrize("type", [CredentialType.MANAGED_IDENTITY, CredentialType.DEFAULT])
def test_an_identity_of_the_pod_works_only_where_the_flag_names_the_credentials_namespace(type: CredentialType) -> None:
    own, lent = credential(type=type), credential("it", "them", ("team",), type=type)
    assert told(pair(), known(own)) == ["ReferenceNotGranted"]
    assert told(pair(), known(own), Law(OPERATOR, frozenset({"team"}))) == ["client-default"] * 2
    assert told(pair("them/it", "them/it"), known(lent), Law(OPERATOR, frozenset({"team"}))) == ["ReferenceNotGranted"]
    assert told(pair("them/it", "them/it"), known(lent), Law(OPERATOR, frozenset({"them"}))) == ["client-it"] * 2


@pytest.mark.parametrize(
    ("scopes", "granted"),
    [
        ((), True),
        ((SUB,), True),
        ((SUB.upper().replace("SUBSCRIPTIONS", "subscriptions"),), True),
        ((OTHER_SUB,), False),
        ((f"{SUB}/resourceGroups/RG",), True),
        ((f"{SUB}/resourceGroups/r",), False),
        ((f"{SUB}/resourceGroups/rg2",), False),
        ((str(APP),), False),
        ((str(APP), str(DATA).upper().replace("/SUBSCRIPTIONS", "/subscriptions")), True),
        ((str(APP), f"{DATA}x"), False),
    ],
)
def test_a_scope_covers_whole_segments_whatever_their_casing(scopes: tuple[str, ...], granted: bool) -> None:
    expected = ["client-default"] * 2 if granted else ["ScopeNotAllowed"]
    assert told(pair(), known(credential(scopes=scopes)), EVERYBODY) == expected


def test_someone_elses_end_is_looked_at_by_whoever_writes_on_ours_within_its_scopes() -> None:
    theirs = pair("ours", management=ManagementPolicy.OBSERVE)
    assert told(theirs, known(credential("ours"))) == ["client-ours"] * 2
    assert told(theirs, known(credential("ours", scopes=(str(APP),)))) == ["ScopeNotAllowed"]
    assert told(theirs, known(credential("ours"), credential())) == ["client-ours", "client-default"]
    assert told(pair("ours"), known(credential("ours"))) == ["ReferenceNotGranted"]


def vpn(*side: WantedVpnSide) -> VpnConnectionPair:
    spec = VpnConnectionPairSpec(
        PerSide(End(APP), End(DATA)),
        PerSide(*(side or (WantedVpnSide(),)), WantedVpnSide()),
        WantedSharedKey(SecretKeyRef("psk")),
    )
    return VpnConnectionPair(meta("vpn"), spec, OwnershipRecord("here", "team/vpn"))


def test_what_a_vpn_names_lies_within_the_scopes_or_beside_its_vnet() -> None:
    beside = GatewayId.parse(f"{SUB}/resourceGroups/RG/{NET}/virtualNetworkGateways/gw")
    beyond = GatewayId.parse(f"{SUB}/resourceGroups/rg2/{NET}/virtualNetworkGateways/gw")
    address = PublicIpId.parse(f"{SUB}/resourceGroups/rg2/{NET}/publicIPAddresses/ip")
    by_vnet, by_subscription = (known(credential(scopes=scopes)) for scopes in ((str(APP), str(DATA)), (SUB,)))
    assert told(vpn(WantedVpnSide(beside)), by_vnet) == ["client-default"] * 2
    for side in (WantedVpnSide(beyond), WantedVpnSide(creation=GatewayCreation(public_ips=(address,)))):
        assert told(vpn(side), by_vnet) == ["ScopeNotAllowed"]
        assert told(vpn(side), by_subscription) == ["client-default"] * 2


def link(*zones: WantedZone, creation: VnetCreation | None = None, one: str | None = None) -> VNetLink:
    ends = PerSide(End(APP, credential_ref=ref(one), creation=creation), End(DATA, credential_ref=ref(one)))
    return VNetLink(
        meta("link", kind="vnetlinks"), VNetLinkSpec(ends, zones=zones), OwnershipRecord("here", "team/link")
    )


def test_making_a_resource_group_needs_a_scope_that_covers_the_group() -> None:
    made = link(creation=VnetCreation("westeurope", ("10.0.0.0/16",), create_resource_group=True))
    assert told(made, known(credential(scopes=(str(APP), str(DATA))))) == ["ScopeNotAllowed"]
    assert told(made, known(credential(scopes=(f"{SUB}/resourceGroups/rg",)))) == ["client-default"] * 2


def zone_of(owner: VNetLink, what: Known, law: Law = NOBODY) -> str:
    granted = identities(owner, what, law)
    assert isinstance(granted, PerSide)
    match zone_identity(owner, ZONE, granted, what, law):
        case NotGranted(reason) | Unreadable(reason):
            return reason.value
        case identity:
            return identity.client


def test_a_zone_has_its_own_credential_or_that_of_an_end_whose_scopes_cover_it() -> None:
    own = link(WantedZone(ZONE, credential=("dns", None)))
    assert zone_of(own, known(credential(), credential("dns"))) == "client-dns"
    assert zone_of(own, known(credential())) == "CredentialMissing"
    assert zone_of(own, known(credential(), credential("dns", scopes=(OTHER_SUB,)))) == "ScopeNotAllowed"
    foreign = link(WantedZone(ZONE, credential=("dns", "them")))
    assert zone_of(foreign, known(credential(), credential("dns", "them"))) == "ReferenceNotGranted"
    assert zone_of(link(WantedZone(ZONE)), known(credential())) == "client-default"
    narrow = known(credential(scopes=(f"{SUB}/resourceGroups/rg",)))
    assert zone_of(link(WantedZone(ZONE)), narrow) == "ScopeNotAllowed"
    assert zone_of(link(WantedZone(ZONE)), known(), EVERYBODY) == "pod"


def test_a_credential_is_used_by_those_that_are_granted_it_and_by_nobody_else() -> None:
    ours, theirs = credential("ours"), credential("it", "them")
    assert uses(pair("ours", "ours"), ours.meta.key, known(ours), NOBODY)
    assert not uses(pair("them/it", "them/it"), theirs.meta.key, known(theirs), NOBODY)
    assert not uses(pair("ours", "them/it"), ours.meta.key, known(ours, theirs), NOBODY)
    dns = credential("dns")
    zone = link(WantedZone(ZONE, credential=("dns", None)))
    assert uses(zone, dns.meta.key, known(dns, credential()), NOBODY)


def test_an_identity_changes_with_what_proves_it_and_not_with_grants_or_a_deletion() -> None:
    one = credential()
    same = replace(one, meta=replace(one.meta, generation=9, deleting=True), allowed_scopes=(Scope(SUB),))
    assert Identity.of(one, OPERATOR) == Identity.of(same, OPERATOR)
    others = (
        replace(one, meta=replace(one.meta, uid="another")),
        replace(one, service_account="other"),
        replace(one, client="other"),
        replace(one, tenant="other"),
        replace(one, type=CredentialType.DEFAULT),
    )
    assert Identity.of(one, OPERATOR) not in [Identity.of(other, OPERATOR) for other in others]
