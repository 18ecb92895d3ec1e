"""Edits faster than Azure: the last one counts, those in between cost nothing."""

from __future__ import annotations

from collections import Counter

from kubernetes import client, config

from estate import Estate
from interruptions import rest, taken
from stories import told

EDITS = 20


def test_twenty_edits_in_a_second_end_in_the_last_with_at_most_two_puts_a_side(estate: Estate) -> None:
    app, data = estate.azure.vnet("app", "10.1.0.0/16"), estate.azure.vnet("data", "10.2.0.0/16")
    estate.start()
    estate.pair("edited", app, data)
    estate.wait_ready("edited")
    since = estate.azure.last_request()

    with config.new_client_from_config(str(estate.cluster.kubeconfig)) as connection:
        objects = client.CustomObjectsApi(connection)
        for n in range(1, EDITS + 1):
            sides = {"vnet1": {"allowForwardedTraffic": n % 2 == 0}, "vnet2": {"allowForwardedTraffic": n % 2 == 0}}
            objects.patch_namespaced_custom_object(
                "vnetlink.dev", "v1alpha1", estate.namespace, "peeringpairs", "edited", {"spec": {"peering": sides}}
            )

    estate.wait_ready("edited")
    rest(estate, app)
    assert estate.peerings(app)["app-data"]["allowForwardedTraffic"] is True
    assert estate.peerings(data)["data-app"]["allowForwardedTraffic"] is True
    writes = Counter(taken(estate, since))
    assert set(writes) == {"PUT app-data", "PUT data-app"}
    assert max(writes.values()) <= 2
    assert told(estate, "edited", "DriftRepaired") == []
