"""The difference between the status an object carries and the one it should."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vnetlink.kube.status import difference

READY = {"type": "Ready", "status": "True"}
STALLED = {"type": "Stalled", "status": "True"}


def test_equal_statuses_need_no_patch() -> None:
    status = {"observedGeneration": 1, "conditions": [READY], "vnet1": {"name": "app"}}
    assert difference(status, dict(status)) == {}


@pytest.mark.parametrize("nothing", [None, {}, []])
def test_null_and_empty_say_the_same_as_nothing(nothing: object) -> None:
    assert difference({"observedGeneration": 1}, {"observedGeneration": 1, "findings": nothing}) == {}
    assert difference({"observedGeneration": 1, "findings": nothing}, {"observedGeneration": 1}) == {}


def test_only_what_differs_is_sent() -> None:
    current = {"observedGeneration": 1, "vnet1": {"name": "app", "location": "weu"}, "vnet2": {"name": "data"}}
    desired = {"observedGeneration": 2, "vnet1": {"name": "app", "location": "neu"}, "vnet2": {"name": "data"}}
    assert difference(current, desired) == {"observedGeneration": 2, "vnet1": {"location": "neu"}}


def test_removed_keys_become_null() -> None:
    current = {"syncLevel": "OutOfSync", "vnet1": {"name": "app", "origin": "Created"}}
    assert difference(current, {"vnet1": {"name": "app"}}) == {"syncLevel": None, "vnet1": {"origin": None}}


def test_lists_are_replaced_whole() -> None:
    desired = {"conditions": [READY]}
    assert difference({"conditions": [READY, STALLED]}, desired) == desired


def test_an_emptied_list_is_removed() -> None:
    assert difference({"findings": [{"code": "X"}]}, {"findings": []}) == {"findings": None}


def test_false_and_zero_are_values() -> None:
    assert difference({}, {"observedGeneration": 0, "billable": False}) == {"observedGeneration": 0, "billable": False}


def test_tuples_and_lists_are_the_same() -> None:
    assert difference({"prefixes": ["10.0.0.0/8"]}, {"prefixes": ("10.0.0.0/8",)}) == {}


def merged(target: Any, patch: Any) -> Any:
    """RFC 7396, as the API server does it."""
    if not isinstance(patch, dict):
        return patch
    found = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            found.pop(name, None)
        else:
            found[name] = merged(found.get(name), value)
    return found


scalars = st.integers(0, 3) | st.sampled_from(["a", "b"]) | st.none()
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("xyz"), inner), max_leaves=8
)
statuses = st.dictionaries(st.sampled_from("xyz"), values)


@given(statuses, statuses)
def test_the_patch_leads_from_any_status_to_any_other(current: dict[str, Any], desired: dict[str, Any]) -> None:
    stored = merged({}, current)
    assert difference(merged(stored, difference(stored, desired)), desired) == {}
