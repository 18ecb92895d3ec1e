"""Azure's public regions and which of them have availability zones. Data; no rule of a resource here.

Source: MicrosoftDocs, articles/reliability/regions-list.md of 2025-09-23 (name, place, geography, pair, zones). Latitude
and longitude are left out. `category` is Recommended where there are zones, else Other (chosen).
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ZONES = ("1", "2", "3")


@dataclass(frozen=True, slots=True)
class Region:
    """`group` is what the display name starts with in brackets."""

    name: str
    display: str
    zoned: bool
    pair: str
    place: str
    geography: str
    group: str


_TABLE = """
australiacentral   |Australia Central   |-|australiacentral2 |Canberra          |Australia     |Asia Pacific
australiacentral2  |Australia Central 2 |-|australiacentral  |Canberra          |Australia     |Asia Pacific
australiaeast      |Australia East      |z|australiasoutheast|New South Wales   |Australia     |Asia Pacific
australiasoutheast |Australia Southeast |-|australiaeast     |Victoria          |Australia     |Asia Pacific
austriaeast        |Austria East        |z|                  |Vienna            |Austria       |Europe
belgiumcentral     |Belgium Central     |z|                  |Brussels          |Belgium       |Europe
brazilsouth        |Brazil South        |z|southcentralus    |Sao Paulo State   |Brazil        |South America
brazilsoutheast    |Brazil Southeast    |-|brazilsouth       |Rio               |Brazil        |South America
canadacentral      |Canada Central      |z|canadaeast        |Toronto           |Canada        |Canada
canadaeast         |Canada East         |-|canadacentral     |Quebec            |Canada        |Canada
centralindia       |Central India       |z|southindia        |Pune              |India         |Asia Pacific
centralus          |Central US          |z|eastus2           |Iowa              |United States |US
chilecentral       |Chile Central       |z|                  |Santiago          |Chile         |South America
eastasia           |East Asia           |z|southeastasia     |Hong Kong SAR     |Asia Pacific  |Asia Pacific
eastus             |East US             |z|westus            |Virginia          |United States |US
eastus2            |East US 2           |z|centralus         |Virginia          |United States |US
francecentral      |France Central      |z|francesouth       |Paris             |France        |Europe
francesouth        |France South        |-|francecentral     |Marseille         |France        |Europe
germanynorth       |Germany North       |-|germanywestcentral|Berlin            |Germany       |Europe
germanywestcentral |Germany West Central|z|germanynorth      |Frankfurt         |Germany       |Europe
indonesiacentral   |Indonesia Central   |z|                  |Jakarta           |Indonesia     |Asia Pacific
israelcentral      |Israel Central      |z|                  |Israel            |Israel        |Middle East
italynorth         |Italy North         |z|                  |Milan             |Italy         |Europe
japaneast          |Japan East          |z|japanwest         |Tokyo, Saitama    |Japan         |Asia Pacific
japanwest          |Japan West          |z|japaneast         |Osaka             |Japan         |Asia Pacific
koreacentral       |Korea Central       |z|koreasouth        |Seoul             |Korea         |Asia Pacific
koreasouth         |Korea South         |-|koreacentral      |Busan             |Korea         |Asia Pacific
malaysiawest       |Malaysia West       |z|                  |Kuala Lumpur      |Malaysia      |Asia Pacific
mexicocentral      |Mexico Central      |z|                  |Querétaro State   |Mexico        |Mexico
newzealandnorth    |New Zealand North   |z|                  |Auckland          |New Zealand   |Asia Pacific
northcentralus     |North Central US    |-|southcentralus    |Illinois          |United States |US
northeurope        |North Europe        |z|westeurope        |Ireland           |Europe        |Europe
norwayeast         |Norway East         |z|norwaywest        |Norway            |Norway        |Europe
norwaywest         |Norway West         |-|norwayeast        |Norway            |Norway        |Europe
polandcentral      |Poland Central      |z|                  |Warsaw            |Poland        |Europe
qatarcentral       |Qatar Central       |z|                  |Doha              |Qatar         |Middle East
southafricanorth   |South Africa North  |z|southafricawest   |Johannesburg      |South Africa  |Africa
southafricawest    |South Africa West   |-|southafricanorth  |Cape Town         |South Africa  |Africa
southcentralus     |South Central US    |z|northcentralus    |Texas             |United States |US
southindia         |South India         |-|centralindia      |Chennai           |India         |Asia Pacific
southeastasia      |Southeast Asia      |z|eastasia          |Singapore         |Asia Pacific  |Asia Pacific
spaincentral       |Spain Central       |z|                  |Madrid            |Spain         |Europe
swedencentral      |Sweden Central      |z|                  |Gävle             |Sweden        |Europe
switzerlandnorth   |Switzerland North   |z|switzerlandwest   |Zurich            |Switzerland   |Europe
switzerlandwest    |Switzerland West    |-|switzerlandnorth  |Geneva            |Switzerland   |Europe
uaecentral         |UAE Central         |-|uaenorth          |Abu Dhabi         |UAE           |Middle East
uaenorth           |UAE North           |z|uaecentral        |Dubai             |UAE           |Middle East
uksouth            |UK South            |z|ukwest            |London            |United Kingdom|Europe
ukwest             |UK West             |-|uksouth           |Cardiff           |United Kingdom|Europe
westcentralus      |West Central US     |-|westus2           |Wyoming           |United States |US
westeurope         |West Europe         |z|northeurope       |Netherlands       |Europe        |Europe
westindia          |West India          |-|southindia        |Mumbai            |India         |Asia Pacific
westus             |West US             |-|eastus            |California        |United States |US
westus2            |West US 2           |z|westcentralus     |Washington        |United States |US
westus3            |West US 3           |z|eastus            |Phoenix           |United States |US
"""
_ROWS = [[cell.strip() for cell in line.split("|")] for line in _TABLE.strip().splitlines()]
REGIONS: Mapping[str, Region] = {row[0]: Region(row[0], row[1], row[2] == "z", *row[3:]) for row in _ROWS}
LOGICAL: Mapping[str, str] = {
    "asia": "Asia",
    "europe": "Europe",
    "global": "Global",
    "unitedstates": "United States",
}


def has_zones(location: str) -> bool:
    """A location that is not in the table has zones (chosen): armsim accepts any name as one."""
    region = REGIONS.get(location)
    return region is None or region.zoned


def bodies(subscription: str, version: str) -> list[dict[str, Any]]:
    """As Subscriptions - List Locations shows them: zone mappings since 2022-12-01, metadata since 2020-01-01."""
    physical = [_physical(one, subscription, version) for one in REGIONS.values()]
    return physical + [_logical(name, display, subscription, version) for name, display in LOGICAL.items()]


def _physical(region: Region, subscription: str, version: str) -> dict[str, Any]:
    shown = _head(region.name, region.display, f"({region.group}) {region.display}", subscription)
    pairs = [{"name": region.pair, "id": _id(region.pair, subscription)}] if region.pair else []
    if version >= "2020":
        shown["metadata"] = {
            "regionType": "Physical",
            "regionCategory": "Recommended" if region.zoned else "Other",
            "geography": region.geography,
            "geographyGroup": region.group,
            "physicalLocation": region.place,
            "pairedRegion": pairs,
        }
    if region.zoned and version >= "2022-12-01":
        shown["availabilityZoneMappings"] = _mappings(region.name, subscription)
    return shown


def _logical(name: str, display: str, subscription: str, version: str) -> dict[str, Any]:
    """Neither a geography nor zones."""
    shown = _head(name, display, display, subscription)
    if version >= "2020":
        shown["metadata"] = {"regionType": "Logical", "regionCategory": "Other"}
    return shown


def _head(name: str, display: str, regional: str, subscription: str) -> dict[str, Any]:
    shown = {"id": _id(name, subscription), "name": name, "type": "Region", "displayName": display}
    return {**shown, "regionalDisplayName": regional}


def _id(name: str, subscription: str) -> str:
    return f"/subscriptions/{subscription}/locations/{name}"


def _mappings(region: str, subscription: str) -> list[dict[str, str]]:
    """Which datacentre a zone number means differs from subscription to subscription."""
    turn = zlib.crc32(subscription.encode()) % len(ZONES)
    return [
        {"logicalZone": zone, "physicalZone": f"{region}-az{(index + turn) % len(ZONES) + 1}"}
        for index, zone in enumerate(ZONES)
    ]
