"""From what became of trials to findings: few, whatever the number of subnets. One for each rule or route that is to blame."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

from vnetlink.domain.arm_id import ArmId, NetworkSecurityGroupId, RouteTableId
from vnetlink.domain.intervals import Intervals, addresses, meet, prefixes, union
from vnetlink.domain.network_security import NetworkSecurityGroup, SecurityRule, Way
from vnetlink.domain.reasons import Reason
from vnetlink.domain.routing import VnetView
from vnetlink.planning.diagnosis import commands
from vnetlink.planning.diagnosis.courses import Course, Fate
from vnetlink.planning.diagnosis.security import Block, services_text
from vnetlink.planning.diagnosis.trial import Passage, Screen
from vnetlink.planning.plan import Finding

MOST_FINDINGS = 6  # status.findings has room for 16, of every kind
_MOST_NAMES = 3


@dataclass(slots=True)
class _Rule:
    """What one rule denies, whichever groups repeat it under the same name and priority."""

    screen: Screen
    first: Block
    groups: dict[NetworkSecurityGroupId, None] = field(default_factory=dict)
    subnets: dict[str, None] = field(default_factory=dict)
    services: list[Intervals] = field(default_factory=list)
    far: list[Intervals] = field(default_factory=list)


@dataclass(slots=True)
class _Route:
    course: Course
    tables: dict[RouteTableId, None] = field(default_factory=dict)
    subnets: dict[str, None] = field(default_factory=dict)
    held: list[Intervals] = field(default_factory=list)


def findings(passages: Sequence[Passage]) -> tuple[Finding, ...]:
    """One for each rule and route that stands in the way, those of most subnets first; the last one counts the rest."""
    rules = sorted(_rules(passages).values(), key=lambda one: -len(one.subnets))
    routes = sorted(_routes(passages).values(), key=lambda one: -len(one.subnets))
    found = [*map(_of_route, routes), *map(_of_rule, rules)]
    left = found[MOST_FINDINGS - 1 :]
    if len(left) < 2:
        return tuple(found)
    return (
        *found[: MOST_FINDINGS - 1],
        replace(left[0], message=f"{left[0].message} And {len(left) - 1} more like this."),
    )


def _rules(passages: Iterable[Passage]) -> dict[object, _Rule]:
    tallies: dict[object, _Rule] = {}
    for passage in passages:
        for screen in passage.screens:
            reaches = [(subnet.name, addresses(subnet.prefixes)) for subnet in screen.subnets]
            for block in screen.sieve.blocks if isinstance(screen.nsg, NetworkSecurityGroup) else ():
                key = (screen.vnet.id, screen.way, block.rule.name, block.rule.priority)
                _count(tallies.setdefault(key, _Rule(screen, block)), screen, block, reaches)
    return tallies


def _count(tally: _Rule, screen: Screen, block: Block, reaches: list[tuple[str, Intervals]]) -> None:
    assert isinstance(screen.nsg, NetworkSecurityGroup)
    near, far = (0, 1) if screen.way is Way.OUTBOUND else (1, 0)
    tally.groups[screen.nsg.id] = None
    tally.subnets.update((name, None) for name, reach in reaches if meet(reach, block.part.space[near]))
    tally.services.append(block.part.space[2])
    tally.far.append(block.part.space[far])


def _of_rule(tally: _Rule) -> Finding:
    screen, rule = tally.screen, tally.first.rule
    assert isinstance(screen.nsg, NetworkSecurityGroup)
    outbound = screen.way is Way.OUTBOUND
    far, near = some(prefixes(union(*tally.far))), _subnets(tally.subnets, screen.vnet)
    between = f"from {near} to {far}" if outbound else f"from {far} to {near}"
    message = (
        f"Rule {rule.name} (priority {rule.priority}, {screen.way.value}) of network security group "
        f"{_ids(tuple(tally.groups))} denies {services_text(union(*tally.services))} {between}."
    )
    return Finding(Reason.NETWORK_SECURITY_BLOCKS, message, str(screen.nsg.id), _remedy(screen.nsg, rule, tally.first))


def _remedy(nsg: NetworkSecurityGroup, rule: SecurityRule, block: Block) -> str:
    """Azure's own rules can only be overridden; for people's own, look first."""
    if not rule.is_default:
        return f"Look at the rule: {commands.show_rule(nsg.id, rule)}"
    allow = commands.allow_before(nsg, rule, block.part)
    return f"If it is meant to pass: {allow}" if allow else f"Look at the rules: {commands.list_rules(nsg.id)}"


def _routes(passages: Iterable[Passage]) -> dict[object, _Route]:
    tallies: dict[object, _Route] = {}
    for course in chain.from_iterable(passage.courses for passage in passages):
        if course.fate is Fate.LOST and course.reason is not None and course.table is not None:
            name = course.leg.route.name if course.leg.route else ""
            key = (course.vnet.id, course.reason, name, course.why)
            tally = tallies.setdefault(key, _Route(course))
            tally.tables[course.table.id] = None
            tally.subnets.update((subnet.name, None) for subnet in course.subnets)
            tally.held.append(course.leg.held)
    return tallies


def _of_route(tally: _Route) -> Finding:
    course = tally.course
    assert course.reason is not None
    assert course.table is not None
    subnets, held = _subnets(tally.subnets, course.vnet), some(prefixes(union(*tally.held)))
    table = _ids(tuple(tally.tables))
    if course.reason is Reason.GATEWAY_ROUTES_NOT_PROPAGATED or course.leg.route is None:
        message = f"Route table {table} {course.why}, so no route leads from {subnets} to {held}."
    else:
        route = course.leg.route
        message = f"Route {route.name} ({route.prefix}) of route table {table} takes traffic from {subnets} to {held} and {course.why}."
    return Finding(course.reason, message, str(course.table.id), f"If it is not meant: {course.command}")


def _subnets(names: Iterable[str], vnet: VnetView) -> str:
    told = tuple(names)
    return f"subnet{'s' if len(told) > 1 else ''} {some(told)} of VNet {vnet.id.name}"


def _ids(ids: tuple[ArmId, ...]) -> str:
    return f"{ids[0]}{f' and {len(ids) - 1} more' if len(ids) > 1 else ''}"


def some(texts: Sequence[str]) -> str:
    """The first few of them, and how many more there are."""
    more = len(texts) - _MOST_NAMES
    return ", ".join(texts[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
