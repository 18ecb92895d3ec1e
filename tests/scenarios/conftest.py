"""What scenarios stand on: a real control plane for each pytest session (each xdist worker), with the CRDs applied."""

from collections.abc import Iterator

import pytest

from controlplane.cluster import Cluster


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Shared by all tests of the session: keep to a namespace of your own, and leave its processes alone."""
    control_plane = Cluster(tmp_path_factory.mktemp("controlplane"))
    control_plane.start()
    try:
        control_plane.apply_crds()
        yield control_plane
    finally:
        control_plane.stop()
