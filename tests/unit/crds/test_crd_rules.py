"""Every CRD file keeps the rules of design/api.md: explained at every depth, bounded, with columns that have a field."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

CRDS = Path(__file__).resolve().parents[3] / "crds"
FILES = sorted(path for path in CRDS.glob("*.yaml") if path.name != "kustomization.yaml")
DOCUMENTS = {path.stem: yaml.safe_load(path.read_text()) for path in FILES}
STANDARD = {"apiVersion", "kind", "metadata"}
CONDITION = {"type", "status", "observedGeneration", "lastTransitionTime", "reason", "message"}
# Kinds that every cluster has; a category with one of their names would take over `kubectl get NAME`.
CORE_NAMES = {"pods", "po", "services", "svc", "secrets", "nodes", "no", "events", "ev", "namespaces", "ns", "jobs"}
PORTAL = {
    "allowVirtualNetworkAccess": r"In the Azure portal: \"Allow 'vnet[12]' to access 'vnet[12]'\"",
    "allowForwardedTraffic": r"In the Azure portal: \"Allow 'vnet[12]' to receive forwarded traffic from 'vnet[12]'\"",
    "allowGatewayTransit": (
        r"In the Azure portal: \"Allow gateway or route server in 'vnet[12]' to forward traffic to 'vnet[12]'\""
    ),
    "useRemoteGateways": r"In the Azure portal: \"Enable 'vnet[12]' to use 'vnet[12]'s' remote gateway or route server\"",
}

Schema = dict[str, Any]


class Field(NamedTuple):
    """A property at any depth; `path` as kubectl explain takes it, items of a list without a name of their own."""

    file: str
    path: str
    schema: Schema

    @property
    def name(self) -> str:
        return self.path.rpartition(".")[2]

    def __str__(self) -> str:
        return f"{self.file}:{self.path}"


def schema_of(document: Schema) -> Schema:
    schema: Schema = document["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return schema


def fields(file: str, schema: Schema, path: str = "") -> Iterator[Field]:
    for name, child in schema.get("properties", {}).items():
        below = f"{path}.{name}".lstrip(".")
        if below not in STANDARD:
            yield Field(file, below, child)
            yield from fields(file, child, below)
    if "items" in schema:
        yield from fields(file, schema["items"], path)


def nodes(schema: Schema) -> Iterator[Schema]:
    """Every schema in it, list items and values of maps included."""
    yield schema
    children = [*schema.get("properties", {}).values(), schema.get("items"), schema.get("additionalProperties")]
    for child in children:
        if isinstance(child, dict):
            yield from nodes(child)


FIELDS = [field for file, document in DOCUMENTS.items() for field in fields(file, schema_of(document))]
every_crd = pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS)
LINKS = {name: document for name, document in DOCUMENTS.items() if name != "azurecredentials"}
every_link = pytest.mark.parametrize("document", LINKS.values(), ids=LINKS)


def failing(broken: Iterator[Field]) -> list[str]:
    return [str(field) for field in broken]


def test_there_are_crds_and_the_kustomization_names_each() -> None:
    listed = yaml.safe_load((CRDS / "kustomization.yaml").read_text())["resources"]
    assert FILES
    assert sorted(listed) == [path.name for path in FILES]


def test_every_field_at_every_depth_has_a_description() -> None:
    assert not failing(f for f in FIELDS if len(f.schema.get("description", "")) < 10)


def test_no_field_of_spec_is_an_address_and_none_but_a_tag_is_free_text() -> None:
    """What has neither a rule nor a list of values could be a host or a URL (design/faults.md, T8); tags go into bodies only."""
    spec = [f for f in FIELDS if f.path.startswith("spec.")]
    assert not failing(f for f in spec if re.search("(?i)url|uri|host|fqdn|endpoint|server|authority|proxy", f.name))
    below = ((f, f.schema, f.schema.get("items"), f.schema.get("additionalProperties")) for f in spec)
    texts = [(f, one) for f, *some in below for one in some if isinstance(one, dict) and one.get("type") == "string"]
    free = [f for f, one in texts if not {"enum", "x-kubernetes-validations", "pattern"} & one.keys()]
    assert {f.name for f in free} == {"tags"}


def test_a_field_with_a_default_says_so_in_its_description() -> None:
    spec = [f for f in FIELDS if f.path.startswith("spec.")]
    assert not failing(f for f in spec if "default" in f.schema and "default" not in f.schema["description"].lower())
    scalars = [f for f in spec if not isinstance(f.schema.get("default", {}), dict | list)]
    assert not failing(f for f in scalars if str(f.schema["default"]).lower() not in f.schema["description"].lower())


def test_every_allowed_value_is_explained_in_the_text() -> None:
    assert not failing(
        f
        for f in FIELDS
        for value in f.schema.get("enum", ())
        if not re.search(rf"\b{value}\b", f.schema["description"])
    )


def test_a_peering_flag_quotes_the_label_in_the_portal() -> None:
    flags = [f for f in FIELDS if f.name in PORTAL]
    assert len(flags) >= 2 * len(PORTAL)
    assert not failing(f for f in flags if not re.search(PORTAL[f.name], f.schema["description"]))
    ends = [(f, re.findall(r"'(vnet[12])'", f.schema["description"].partition("portal")[2])[0]) for f in flags]
    assert not failing(f for f, first in ends if f".{first}." not in f.path), (
        "the label names the side it is set on first"
    )


@every_link
def test_the_description_says_once_that_it_is_no_private_dns_zone_link(document: Schema) -> None:
    text = " ".join(node.get("description", "") for node in nodes(schema_of(document)))
    assert text.count("Private DNS zone") == 1


def test_every_string_and_list_has_a_maximum() -> None:
    for file, document in DOCUMENTS.items():
        for part in ("spec", "status"):
            for node in nodes(schema_of(document)["properties"][part]):
                bound = {"string": "maxLength", "array": "maxItems"}.get(node.get("type", ""))
                assert bound is None or bound in node or "enum" in node, f"{file}: {node}"


def test_every_list_says_how_it_is_merged() -> None:
    lists = [f for f in FIELDS if f.schema.get("type") == "array"]
    assert not failing(f for f in lists if "x-kubernetes-list-type" not in f.schema)


def test_nothing_unknown_is_kept() -> None:
    for file, document in DOCUMENTS.items():
        assert not document["spec"].get("preserveUnknownFields")
        for node in nodes(schema_of(document)):
            assert "x-kubernetes-preserve-unknown-fields" not in node, file
            assert "x-kubernetes-embedded-resource" not in node, file
            assert (
                node.get("type") != "object"
                or "properties" in node
                or "additionalProperties" in node
                or node == {"type": "object"}
            ), f"{file}: {node}"


def test_what_a_person_types_is_refused_in_a_sentence_never_with_a_regular_expression() -> None:
    assert not failing(f for f in FIELDS if f.path.startswith("spec.") and {"pattern", "format"} & set(f.schema))
    for document in DOCUMENTS.values():
        for node in nodes(schema_of(document)):
            for rule in node.get("x-kubernetes-validations", ()):
                # An expression falls back to the message, and says something else only with the value in it.
                texts = re.findall(r"'([^']*)'", rule.get("messageExpression", ""))
                assert len(rule["message"].split()) >= 6, rule["message"]
                for message in (rule["message"], *texts):
                    assert not re.search(r"[\\^$\[\]]|self\.", message), message


@every_crd
def test_a_category_is_never_a_name_of_a_kind(document: Schema) -> None:
    names = document["spec"]["names"]
    own = {n for d in DOCUMENTS.values() for k in ("plural", "singular") for n in [d["spec"]["names"][k]]}
    own |= {short for d in DOCUMENTS.values() for short in d["spec"]["names"].get("shortNames", ())}
    assert names["categories"] == ["azure"]
    assert not set(names["categories"]) & (own | CORE_NAMES)


def test_no_short_name_is_taken_twice() -> None:
    taken = [n for d in DOCUMENTS.values() for n in [d["spec"]["names"]["plural"], *d["spec"]["names"]["shortNames"]]]
    assert len(taken) == len(set(taken))
    assert not set(taken) & CORE_NAMES


@every_crd
def test_file_kind_and_group_go_together(document: Schema) -> None:
    spec = document["spec"]
    plural = spec["names"]["plural"]
    assert document["metadata"]["name"] == f"{plural}.vnetlink.dev"
    assert plural in DOCUMENTS
    assert plural == spec["names"]["kind"].lower() + "s" == spec["names"]["singular"] + "s"
    assert (spec["group"], spec["scope"]) == ("vnetlink.dev", "Namespaced")
    assert [(v["name"], v["served"], v["storage"]) for v in spec["versions"]] == [("v1alpha1", True, True)]


@every_crd
def test_every_column_has_a_field_behind_it(document: Schema) -> None:
    for column in document["spec"]["versions"][0]["additionalPrinterColumns"]:
        node = schema_of(document)
        for step in re.findall(r"[A-Za-z0-9]+|\[\?\(.*?\)\]", column["jsonPath"]):
            if column["jsonPath"].startswith(".metadata."):
                break
            node = node["items"] if step.startswith("[") else node["properties"].get(step)
            assert node is not None, f"{column['name']}: nothing behind {step} in {column['jsonPath']}"


@pytest.mark.parametrize(
    ("plural", "narrow", "wide"),
    [
        ("peeringpairs", ["1->2", "2->1", "SYNC", "READY", "REASON", "AGE"], ["VNET1", "VNET2", "MESSAGE"]),
        (
            "vpnconnectionpairs",
            ["GW1", "GW2", "1->2", "2->1", "READY", "REASON", "AGE"],
            ["VNET1", "VNET2", "KEY", "MESSAGE"],
        ),
        (
            "vnetlinks",
            ["METHOD", "1->2", "2->1", "READY", "REASON", "AGE"],
            ["VNET1", "VNET2", "SYNC", "LOCATION1", "LOCATION2", "MESSAGE"],
        ),
        ("azurecredentials", ["TYPE", "TENANT", "READY", "REASON", "AGE"], []),
    ],
)
def test_columns_of_a_kind(plural: str, narrow: list[str], wide: list[str]) -> None:
    columns = DOCUMENTS[plural]["spec"]["versions"][0]["additionalPrinterColumns"]
    assert [c["name"] for c in columns if not c.get("priority")] == narrow
    assert [c["name"] for c in columns if c.get("priority")] == wide


@every_crd
def test_status_is_a_subresource_that_begins_unseen(document: Schema) -> None:
    status = schema_of(document)["properties"]["status"]
    assert document["spec"]["versions"][0]["subresources"] == {"status": {}}
    assert status["default"] == {"observedGeneration": -1}
    assert status["properties"]["observedGeneration"]["minimum"] == -1


@every_crd
def test_conditions_are_a_map_by_type_in_the_standard_shape(document: Schema) -> None:
    conditions = schema_of(document)["properties"]["status"]["properties"]["conditions"]
    assert conditions["x-kubernetes-list-type"] == "map"
    assert conditions["x-kubernetes-list-map-keys"] == ["type"]
    assert set(conditions["items"]["properties"]) == CONDITION
    assert set(conditions["items"]["required"]) == CONDITION - {"observedGeneration"}


def bare(schema: Any) -> Any:
    """Without the words, at every depth."""
    if isinstance(schema, list):
        return [bare(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {name: bare(value) for name, value in schema.items() if name != "description" or isinstance(value, dict)}


@pytest.mark.parametrize(
    ("plural", "blocks"),
    [("peeringpairs", ["peering"]), ("vpnconnectionpairs", ["vpn"]), ("vnetlinks", ["peering", "vpn"])],
)
def test_both_sides_of_a_pair_are_the_same_schema(plural: str, blocks: list[str]) -> None:
    def mirrored(schema: Schema) -> Schema:
        text = yaml.safe_dump(schema, width=10_000)
        swapped: Schema = yaml.safe_load(
            text.replace("vnet1", "VNET").replace("vnet2", "vnet1").replace("VNET", "vnet2")
        )
        return swapped

    spec, status = (schema_of(DOCUMENTS[plural])["properties"][part]["properties"] for part in ("spec", "status"))
    for block in blocks:
        assert mirrored(spec[block]["properties"]["vnet1"]) == spec[block]["properties"]["vnet2"]
    assert spec["vnet1"] == spec["vnet2"]
    assert mirrored(status["vnet1"]) == status["vnet2"]
    assert mirrored(status["vnet1ToVnet2"]["properties"]) == status["vnet2ToVnet1"]["properties"]


@pytest.mark.parametrize(("plural", "block"), [("peeringpairs", "peering"), ("vpnconnectionpairs", "vpn")])
def test_a_block_is_word_for_word_the_same_in_a_link_and_in_its_pair(plural: str, block: str) -> None:
    ours, theirs = (schema_of(DOCUMENTS[kind])["properties"]["spec"]["properties"] for kind in ("vnetlinks", plural))
    assert ours[block] == theirs[block]


@pytest.mark.parametrize("kind", ["vpnconnectionpairs", "vnetlinks"])
def test_what_every_link_has_is_word_for_word_the_same(kind: str) -> None:
    """Only what a policy, a condition or a role means for the parts of a kind is told in its own words."""
    first, this = (schema_of(DOCUMENTS[name])["properties"] for name in ("peeringpairs", kind))
    wanted, shown = ({part: d[part]["properties"] for part in ("spec", "status")} for d in (first, this))
    for end in ("vnet1", "vnet2"):
        assert wanted["spec"][end]["properties"].items() <= shown["spec"][end]["properties"].items()
        assert bare(wanted["status"][end]["properties"]).items() <= bare(shown["status"][end]["properties"]).items()
    for field in ("suspend", "managementPolicy", "interval"):
        assert shown["spec"][field] == wanted["spec"][field], field
    for field in ("adoptionPolicy", "deletionPolicy"):
        assert bare(shown["spec"][field]) == bare(wanted["spec"][field]), field
    for field in ("observedGeneration", "lastHandledReconcileAt"):
        assert shown["status"][field] == wanted["status"][field], field
    for field in ("conditions", "resources", "findings", "plannedActions"):
        assert bare(shown["status"][field]) == bare(wanted["status"][field]), field
    for direction in ("vnet1ToVnet2", "vnet2ToVnet1"):
        ours, theirs = (d["status"][direction]["properties"]["state"]["enum"] for d in (shown, wanted))
        assert ours == theirs, direction


def test_a_link_takes_every_field_of_status_that_it_mirrors() -> None:
    """What a pair's status holds of its ends, directions and key fits into the link's, whichever kind it is of."""
    link = schema_of(DOCUMENTS["vnetlinks"])["properties"]["status"]["properties"]
    for kind in ("peeringpairs", "vpnconnectionpairs"):
        pair = schema_of(DOCUMENTS[kind])["properties"]["status"]["properties"]
        for field in ("vnet1", "vnet2", "vnet1ToVnet2", "vnet2ToVnet1"):
            assert bare(pair[field]["properties"]).items() <= bare(link[field]["properties"]).items(), (kind, field)
        for field in pair.keys() & {"syncLevel", "sharedKey", "encryption", "resources", "findings"}:
            assert bare(pair[field]) == bare(link[field]), (kind, field)


def test_only_a_link_may_make_a_virtual_network() -> None:
    makers = {f.file for f in FIELDS if re.fullmatch(r"spec\.vnet[12]\.create", f.path)}
    assert makers == {"vnetlinks"}


def test_a_credential_holds_no_secret_and_says_that_no_namespaces_means_its_own() -> None:
    spec = schema_of(DOCUMENTS["azurecredentials"])["properties"]["spec"]["properties"]
    told = {"type", "tenantId", "clientId", "serviceAccountRef", "secretRef", "allowedNamespaces", "allowedScopes"}
    assert set(spec) == told
    assert set(spec["secretRef"]["properties"]) == set(spec["serviceAccountRef"]["properties"]) == {"name"}
    assert "its own namespace only, unlike Cluster API" in spec["allowedNamespaces"]["description"]


def test_the_shared_key_stands_nowhere_but_in_its_secret() -> None:
    spec, status = (schema_of(DOCUMENTS["vpnconnectionpairs"])["properties"][part] for part in ("spec", "status"))
    shared = spec["properties"]["vpn"]["properties"]["sharedKey"]["properties"]
    assert set(shared) == {"secretRef", "generate", "rotation"}
    assert set(shared["secretRef"]["properties"]) == {"name", "key"}
    told = {"state", "secretResourceVersion", "lastRotationTime", "rotation"}
    assert set(status["properties"]["sharedKey"]["properties"]) == told


def test_a_default_of_an_object_is_spelled_out_as_deep_as_its_fields_have_defaults() -> None:
    def filled(schema: Schema) -> Any:
        if "properties" not in schema:
            return schema.get("default")
        return {name: filled(child) for name, child in schema["properties"].items() if "default" in child}

    spec = [f for f in FIELDS if f.path.startswith("spec.") and isinstance(f.schema.get("default"), dict)]
    assert spec
    assert not failing(f for f in spec if f.schema["default"] != filled(f.schema))


@every_crd
def test_what_is_applied_as_a_whole_has_no_default_inside(document: Schema) -> None:
    """Argo CD compares a list's item, and an atomic map, as it stands in Git: a default in it is OutOfSync for ever."""
    spec = schema_of(document)["properties"]["spec"]
    wholes = [one for one in nodes(spec) if one.get("type") == "array" or one.get("x-kubernetes-map-type") == "atomic"]
    assert wholes
    inside = [below for one in wholes for below in nodes({**one, "default": None}) if below.get("default") is not None]
    assert inside == []
