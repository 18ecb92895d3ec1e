"""Who holds a pair, as far as the watch has told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from vnetlink.domain.arm_id import VnetId
from vnetlink.domain.ownership import OwnershipRecord
from vnetlink.domain.sides import PerSide
from vnetlink.domain.specs import (
    End,
    Lifecycle,
    ManagementPolicy,
    ObjectKey,
    ObjectMeta,
    PeeringPair,
    PeeringPairSpec,
    SpecError,
    VNetLink,
    VNetLinkSpec,
    VpnConnectionPair,
    VpnConnectionPairSpec,
)
from vnetlink.domain.vpn import SecretKeyRef, WantedSharedKey, WantedVpnSide
from vnetlink.kube.claims import Claims

START = datetime(2026, 1, 1, tzinfo=UTC)


def vnet(name: str) -> VnetId:
    group = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg"
    return VnetId.parse(f"{group}/providers/Microsoft.Network/virtualNetworks/{name}")


def pair(name: str, age: int = 0, ends: tuple[str, str] = ("app", "data"), **lifecycle: object) -> PeeringPair:
    """`age` in minutes: a larger one is older."""
    namespace, _, short = name.rpartition("/")
    key = ObjectKey("peeringpairs", namespace or "team", short)
    meta = ObjectMeta(key, f"uid-{name}", 1, "1", START - timedelta(minutes=age))
    spec = PeeringPairSpec(
        PerSide(End(vnet(ends[0])), End(vnet(ends[1]))),
        lifecycle=Lifecycle(**lifecycle),  # type: ignore[arg-type]
    )
    return PeeringPair(meta, spec, OwnershipRecord("here", str(key)))


class Woken(list[str]):
    def note(self, keys: frozenset[ObjectKey]) -> None:
        self += sorted(key.name for key in keys)


@pytest.fixture
def woken() -> Woken:
    return Woken()


@pytest.fixture
def claims(woken: Woken) -> Claims:
    return Claims(lambda owner: owner.meta.key.namespace != "stranger", woken.note)


def rivals(claims: Claims, of: PeeringPair) -> list[str]:
    return [claim.key.name for claim in claims.rivals(of.meta.key)]


def test_older_claims_of_the_pair_are_rivals_the_oldest_first(claims: Claims) -> None:
    for name, age in (("young", 1), ("oldest", 9), ("older", 5)):
        claims.update(pair(name, age))
    assert rivals(claims, pair("young")) == ["oldest", "older"]
    assert rivals(claims, pair("oldest")) == []


def test_a_pair_has_no_direction_and_no_casing(claims: Claims) -> None:
    claims.update(pair("older", 5, ("DATA", "App")))
    claims.update(pair("young", 1))
    assert rivals(claims, pair("young")) == ["older"]


def test_equal_age_is_decided_by_namespace_and_name(claims: Claims) -> None:
    for name in ("b/a", "a/b", "a/a"):
        claims.update(pair(name))
    assert rivals(claims, pair("b/a")) == ["a", "b"]
    assert rivals(claims, pair("a/a")) == []


def test_another_pair_is_no_rival(claims: Claims) -> None:
    claims.update(pair("older", 5, ("app", "other")))
    claims.update(pair("young", 1))
    assert rivals(claims, pair("young")) == []


@pytest.mark.parametrize(
    "idle",
    [
        pair("idle", 9, suspend=True),
        pair("idle", 9, management=ManagementPolicy.OBSERVE),
        pair("stranger/idle", 9),
    ],
)
def test_suspended_observing_and_unauthorised_objects_do_not_compete(claims: Claims, idle: PeeringPair) -> None:
    claims.update(idle)
    claims.update(pair("young", 1))
    assert rivals(claims, pair("young")) == []


def test_an_object_being_deleted_keeps_its_claim_while_it_holds_our_finalizer(claims: Claims) -> None:
    older = pair("older", 5)
    claims.update(replace(older, meta=replace(older.meta, deleting=True, finalizer=True)))
    claims.update(pair("young", 1))
    assert rivals(claims, pair("young")) == ["older"]
    claims.forget(older.meta.key)
    assert rivals(claims, pair("young")) == []


def test_those_of_the_pair_are_woken_when_a_claim_comes_changes_and_goes(claims: Claims, woken: Woken) -> None:
    claims.update(pair("young", 1))
    assert woken == []
    claims.update(pair("older", 5))
    assert woken == ["young"]
    woken.clear()
    claims.update(pair("older", 5, suspend=True))
    assert set(woken) == {"young"}
    woken.clear()
    claims.forget(pair("older").meta.key)
    assert woken == ["young"]


def test_no_news_wake_nobody(claims: Claims, woken: Woken) -> None:
    claims.update(pair("young", 1))
    claims.update(pair("older", 5))
    woken.clear()
    claims.update(pair("older", 5))
    claims.forget(pair("unknown").meta.key)
    assert woken == []


def test_a_spec_that_cannot_be_read_holds_nothing(claims: Claims, woken: Woken) -> None:
    older = pair("older", 5)
    claims.update(older)
    claims.update(pair("young", 1))
    woken.clear()
    claims.update(SpecError(older.meta, "spec.vnet1.id: is missing"))
    assert rivals(claims, pair("young")) == []
    assert woken == ["young"]


def test_one_made_again_under_the_same_name_is_as_old_as_its_new_self(claims: Claims) -> None:
    claims.update(pair("first", 9))
    claims.update(pair("second", 5))
    claims.update(pair("first", 1))
    assert rivals(claims, pair("first")) == ["second"]


def version(seen: PeeringPair, resource_version: str, uid: str = "") -> PeeringPair:
    return replace(seen, meta=replace(seen.meta, resource_version=resource_version, uid=uid or seen.meta.uid))


def test_a_late_report_of_an_older_version_is_no_news(claims: Claims, woken: Woken) -> None:
    claims.update(version(pair("older", 5), "9"))
    claims.update(pair("young", 1))
    woken.clear()
    claims.update(version(pair("older", 5, suspend=True), "8"))
    assert rivals(claims, pair("young")) == ["older"]
    assert woken == []


def test_a_late_report_of_a_deletion_does_not_touch_one_made_again_under_the_same_name(claims: Claims) -> None:
    claims.update(version(pair("older", 5), "9", uid="new"))
    claims.update(pair("young", 1))
    claims.forget(pair("older").meta.key, "old")
    assert rivals(claims, pair("young")) == ["older"]
    claims.forget(pair("older").meta.key, "new")
    assert rivals(claims, pair("young")) == []


def test_one_made_again_counts_from_its_first_version(claims: Claims) -> None:
    claims.update(version(pair("older", 5), "9"))
    claims.forget(pair("older").meta.key)
    claims.update(version(pair("older", 5), "3"))
    claims.update(pair("young", 1))
    assert rivals(claims, pair("young")) == ["older"]


def test_one_that_only_somebody_elses_finalizer_keeps_holds_no_pair(claims: Claims, woken: Woken) -> None:
    old, new = pair("old", age=5), pair("new")
    going = replace(old, meta=replace(old.meta, deleting=True, finalizer=True))
    claims.update(going)
    claims.update(new)
    assert rivals(claims, new) == ["old"]

    woken.clear()
    claims.update(replace(going, meta=replace(going.meta, finalizer=False, resource_version="2")))
    assert rivals(claims, new) == []
    assert "new" in woken


# -- two kinds


def vpn(name: str, age: int = 0, ends: tuple[str, str] = ("app", "data"), **lifecycle: object) -> VpnConnectionPair:
    """A VpnConnectionPair; as `pair`."""
    like = pair(name, age, ends, **lifecycle)
    key = replace(like.meta.key, kind="vpnconnectionpairs")
    side, shared = WantedVpnSide(), WantedSharedKey(SecretKeyRef("key"))
    spec = VpnConnectionPairSpec(like.spec.ends, PerSide(side, side), shared, lifecycle=like.spec.lifecycle)
    return VpnConnectionPair(replace(like.meta, key=key, uid=f"vpn-{like.meta.uid}"), spec, like.record)


def test_a_peering_and_a_vpn_between_the_same_vnets_compete(claims: Claims, woken: Woken) -> None:
    claims.update(pair("peering", 1))
    claims.update(vpn("tunnel", 5, ("data", "app")))
    assert woken == ["peering"]
    assert [claim.key.kind for claim in claims.rivals(pair("peering").meta.key)] == ["vpnconnectionpairs"]
    assert claims.rivals(vpn("tunnel").meta.key) == ()


def test_two_kinds_of_one_name_and_age_are_not_both_first(claims: Claims) -> None:
    claims.update(pair("same"))
    claims.update(vpn("same"))
    assert len(claims.rivals(pair("same").meta.key)) + len(claims.rivals(vpn("same").meta.key)) == 1


def at(claims: Claims, name: str, beside: VpnConnectionPair) -> list[str]:
    return [claim.key.name for claim in claims.at_vnet(vnet(name), beside.meta.key)]


def test_who_else_has_an_end_in_a_vnet_is_found_the_oldest_first(claims: Claims) -> None:
    hub = vpn("hub", 9, ("app", "data"))
    for seen in (hub, vpn("young", 1, ("app", "ax")), vpn("old", 5, ("bx", "app")), vpn("off", 7, ("bx", "cx"))):
        claims.update(seen)
    claims.update(pair("peering", 8, ("app", "dx")))
    claims.update(vpn("still", 6, ("app", "ex"), suspend=True))
    assert at(claims, "app", hub) == ["old", "young"]
    assert at(claims, "cx", hub) == ["off"]


def test_one_that_another_holds_the_pair_of_uses_nothing_there_unless_it_waits_for_us(claims: Claims) -> None:
    hub = vpn("hub", 9, ("app", "data"))
    for seen in (
        hub,
        vpn("next", 2, ("app", "data")),
        vpn("loser", 1, ("app", "ax")),
        pair("winner", 3, ("app", "ax")),
    ):
        claims.update(seen)
    assert at(claims, "app", hub) == ["next"]


def link(name: str, age: int = 0) -> VNetLink:
    like = pair(name, age)
    key = replace(like.meta.key, kind="vnetlinks")
    meta = replace(like.meta, key=key, uid=f"uid-link-{name}")
    return VNetLink(meta, VNetLinkSpec(like.spec.ends), OwnershipRecord("here", str(key)))


def child(of: VNetLink, name: str, uid: str | None = None) -> PeeringPair:
    like = pair(name)
    return replace(like, meta=replace(like.meta, controller=(of.meta.key, uid or of.meta.uid)))


def test_a_link_and_its_pairs_during_a_switch_do_not_compete(claims: Claims) -> None:
    own = link("own", 5)
    switching = vpn("own-vpn")
    switching = replace(switching, meta=replace(switching.meta, controller=(own.meta.key, own.meta.uid)))
    for one in (child(own, "own-peering"), own, switching):
        claims.update(one)
    assert [claims.rivals(key) for key in (own.meta.key, pair("own-peering").meta.key, switching.meta.key)] == [()] * 3


def test_a_pair_that_a_link_made_has_the_links_age(claims: Claims) -> None:
    own, other = link("own", 5), pair("between", 3)
    for one in (own, child(own, "own-peering"), other):
        claims.update(one)
    assert claims.rivals(pair("own-peering").meta.key) == ()
    assert [claim.key for claim in claims.rivals(other.meta.key)] == [own.meta.key]


def test_who_came_before_the_link_comes_before_its_pair_too(claims: Claims) -> None:
    older, own = pair("older", 9), link("own", 5)
    for one in (older, own, child(own, "own-peering")):
        claims.update(one)
    for key in (own.meta.key, pair("own-peering").meta.key):
        assert [claim.key for claim in claims.rivals(key)] == [older.meta.key]


def test_a_pair_that_names_another_links_uid_counts_for_itself(claims: Claims) -> None:
    """Whoever writes an ownerReference by hand does not get the link's age, nor past the link."""
    own = link("own", 5)
    for one in (own, child(own, "forged", "uid-guessed")):
        claims.update(one)
    assert [claim.key for claim in claims.rivals(pair("forged").meta.key)] == [own.meta.key]


def test_what_waits_for_a_links_pair_to_go_uses_the_vnet_after_it(claims: Claims) -> None:
    own = link("own", 5)
    made, behind = child(own, "own-peering"), pair("behind", 1)
    elsewhere = pair("elsewhere", 1, ends=("app", "third"))
    for one in (own, made, behind, elsewhere):
        claims.update(one)
    using = claims.at_vnet(vnet("app"), made.meta.key)
    assert {claim.key for claim in using} == {behind.meta.key, elsewhere.meta.key}
