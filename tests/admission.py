"""What the admission tests of all kinds share: asking the API server, and reading what kubectl says."""

from __future__ import annotations

import itertools
import json
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from controlplane.cluster import Cluster

Object = dict[str, Any]

GROUP = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg1"
NETWORK = f"{GROUP}/providers/Microsoft.Network"
VNETS = f"{NETWORK}/virtualNetworks"
APP, DATA = f"{VNETS}/app", f"{VNETS}/data"

_numbers = itertools.count()


@contextmanager
def own_namespace(cluster: Cluster) -> Iterator[str]:
    """A namespace for one test."""
    name = f"admission-{next(_numbers)}"
    cluster.kubectl("create", "namespace", name)
    yield name
    cluster.kubectl("delete", "namespace", name, "--wait=false")


def tried(cluster: Cluster, document: Object) -> subprocess.CompletedProcess[str]:
    """Goes through all of admission and is not stored."""
    return cluster.kubectl("create", "--dry-run=server", "-f", "-", input=json.dumps(document), check=False)


def refused(answer: subprocess.CompletedProcess[str], field: str, sentence: str) -> None:
    """Refused for this one reason: the field is named, and the sentence is the last word."""
    assert answer.returncode == 1, answer.stdout
    assert f"is invalid: {field}: " in answer.stderr, answer.stderr
    assert answer.stderr.rstrip().endswith(f": {sentence}"), answer.stderr


def stored(cluster: Cluster, namespace: str, document: Object) -> Object:
    answer = cluster.kubectl("create", "-n", namespace, "-f", "-", "-o", "json", input=json.dumps(document))
    made: Object = json.loads(answer.stdout)
    return made


def patched(cluster: Cluster, namespace: str, stored: Object, spec: Object) -> subprocess.CompletedProcess[str]:
    """Merges `spec` into that of the stored object."""
    target = (stored["kind"].lower(), stored["metadata"]["name"], "-n", namespace)
    return cluster.kubectl("patch", *target, "--type=merge", "-p", json.dumps({"spec": spec}), check=False)


def applied(cluster: Cluster, namespace: str, document: Object, mode: str) -> Object:
    """kubectl apply; the object as it is then, managed fields included."""
    arguments = ("apply", mode, "-n", namespace, "-o", "json", "--show-managed-fields", "-f", "-")
    answer: Object = json.loads(cluster.kubectl(*arguments, input=json.dumps(document)).stdout)
    return answer


def not_an_id(id: str) -> dict[str, str]:
    """Texts that look like `id`, which is in GROUP and ends with its name, and are no id of that type, by what is wrong."""
    return {
        "empty": "",
        "a name": id.rpartition("/")[2],
        "no leading slash": id[1:],
        "an address": f"https://management.azure.com{id}",
        "trailing slash": f"{id}/",
        "double slash": id.replace("/providers", "//providers"),
        "dots as a group": id.replace("rg1", ".."),
        "dots as a segment": id.replace("rg1", "rg1/../rg2"),
        "dots as a name": f"{id.rpartition('/')[0]}/..",
        "escaped slash": f"{id}%2fsubnets",
        "escaped slash in the group": id.replace("rg1", "rg%2F1"),
        "query": f"{id}?api-version=2024-05-01",
        "fragment": f"{id}#",
        "CR": f"{id}\r",
        "LF": f"{id}\n",
        "LF inside": id.replace("rg1", "rg\n1"),
        "NUL": f"{id}\0",
        "tab": f"{id}\t",
        "leading space": f" {id}",
        "something below": f"{id}/subnets/default",
        "other type": id.replace("/Microsoft.Network/", "/Microsoft.Network/x"),
        "other provider": id.replace("Microsoft.Network", "Microsoft.Compute"),
        "any character for the dot": id.replace("Microsoft.Network", "MicrosoftxNetwork"),
        "group only": GROUP,
        "bad guid": id.replace("00000000-0000", "0000000-00000"),
        "Kelvin sign for K": id.replace("Network/", "Networ\u212a/"),
        "long s for s": id.replace("resource", "re\u017fource"),
        "Unicode group": id.replace("rg1", "gruppe-\u00e4"),
        "group ends with a dot": id.replace("rg1", "rg1."),
        "group of 91": id.replace("rg1", "g" * 91),
        "name ends with a dash": f"{id}-",
    }


def names_taken(cluster: Cluster) -> tuple[set[str], set[str]]:
    """Every name and short name of our kinds, and of all others."""
    resources = json.loads(cluster.kubectl("get", "--raw", "/apis/vnetlink.dev/v1alpha1").stdout)["resources"]
    ours = {
        n for r in resources for n in (r["name"], r["singularName"], *r.get("shortNames", ())) if "/" not in r["name"]
    }
    lines = [line.split() for line in cluster.kubectl("api-resources", "--no-headers").stdout.splitlines()]
    others = {word for line in lines if "vnetlink.dev/v1alpha1" not in line for word in (line[0], *line[1].split(","))}
    return ours, others


def unexplained(cluster: Cluster, plural: str) -> tuple[int, list[str]]:
    """How many fields spec and status have at all depths, and those that `kubectl explain` has nothing to say about."""
    crd = json.loads(cluster.kubectl("get", "crd", f"{plural}.vnetlink.dev", "-o", "json").stdout)
    schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    paths = [path for part in ("spec", "status") for path in (part, *_paths(schema["properties"][part], part))]
    listed = cluster.kubectl("explain", plural, "--recursive").stdout
    names = {line.split("\t")[0].strip() for line in listed.splitlines() if "\t<" in line}

    def answer(path: str) -> str:
        return cluster.kubectl("explain", f"{plural}.{path}").stdout

    with ThreadPoolExecutor(4) as pool:
        answers = dict(zip(paths, pool.map(answer, paths), strict=True))
    silent = [path for path, text in answers.items() if "<empty>" in text or len(_described(text)) < 10]
    return len(paths), silent + [path for path in paths if path.rpartition(".")[2] not in names]


def _paths(schema: Object, path: str) -> Iterator[str]:
    for name, child in schema.get("items", schema).get("properties", {}).items():
        yield f"{path}.{name}"
        yield from _paths(child, f"{path}.{name}")


def _described(text: str) -> str:
    return text.partition("DESCRIPTION:")[2].strip()
