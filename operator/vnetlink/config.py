"""The command line and its environment, parsed once into a frozen Config.

Imports nothing heavy: `--help` and `--version` answer at once. A bad value is one sentence and exit code 2.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn, TypeAlias
from urllib.parse import urlsplit

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")

_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_SUBSCRIPTION = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TRUE, _FALSE = frozenset({"1", "true", "yes", "on"}), frozenset({"", "0", "false", "no", "off"})


@dataclass(frozen=True, slots=True)
class Config:
    """How this process runs. `namespaces` empty = the whole cluster; `arm_endpoint`, `authority_host` None = the cloud's own."""

    arm_endpoint: str | None = None
    authority_host: str | None = None
    cloud: str = "AzurePublic"
    namespaces: tuple[str, ...] = ()
    operator_namespace: str = "vnetlink-system"
    identity_namespaces: frozenset[str] = frozenset()
    log_format: str = "json"
    log_level: str = "INFO"
    tracing: bool = False
    health_port: int = 8080
    workers: int = 16
    arm_requests: str = "standard"
    deletion_threshold: int = 10
    dry_run: bool = False
    leader_elect: bool = True
    leader_elect_resource_name: str = "vnetlink"
    leader_elect_lease_duration: int = 15
    leader_elect_renew_deadline: int = 10
    leader_elect_retry_period: int = 2
    kubeconfig: str | None = None
    context: str | None = None

    def authorises(self, namespace: str) -> bool:
        """Whether objects of `namespace` may use the operator's own identity (design/api.md, AzureCredential)."""
        return "*" in self.identity_namespaces or namespace in self.identity_namespaces


@dataclass(frozen=True, slots=True)
class Explain:
    """`explain VNET1 VNET2`: two ids, how to print, and which Azure to ask."""

    vnet1: str
    vnet2: str
    output: str
    azure: Config


@dataclass(frozen=True, slots=True)
class Scan:
    """`scan --subscription ID`: the subscriptions of the estate, lower-cased and each once, and how to print."""

    subscriptions: tuple[str, ...]
    output: str
    azure: Config


@dataclass(frozen=True, slots=True)
class PlanFiles:
    """`plan -f FILE`: the files, `-` for stdin, and how to print."""

    files: tuple[str, ...]
    output: str
    azure: Config


Command: TypeAlias = Explain | Scan | PlanFiles


class BadValue(Exception):
    """The command line or the environment cannot be used; `str()` is the sentence for the person who wrote it."""


class _Parser(argparse.ArgumentParser):
    """Refuses in one sentence; a mistyped flag is no abbreviation of another."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(allow_abbrev=False, **settings)

    def error(self, message: str) -> NoReturn:
        raise BadValue(f"{message}. `python -m vnetlink run --help` lists every flag.")


def parse(argv: Sequence[str], environment: Mapping[str, str], version: str) -> Config | Command:
    """The command in `argv`; where one of its flags is not given, its variable in `environment` counts.

    Raises BadValue; SystemExit(0) after --help and --version, which argparse prints itself.
    """
    values = vars(_parser(version).parse_args(list(argv)))
    config = _config(values, environment)
    if values["command"] == "explain":
        return Explain(values["vnet1"], values["vnet2"], values["output"], config)
    if values["command"] == "scan":
        return Scan(tuple(dict.fromkeys(values["subscriptions"])), values["output"], config)
    if values["command"] == "plan":
        return PlanFiles(tuple(dict.fromkeys(values["files"])), values["output"], config)
    return config


def _config(values: Mapping[str, Any], environment: Mapping[str, str]) -> Config:
    given = {flag.name: values[flag.name] for flag in _FLAGS if values.get(flag.name) is not None}
    if given.get("all_namespaces") and "namespaces" in given:
        raise BadValue("--namespace and --all-namespaces exclude each other: give one of them")
    asked = {flag.name: value for flag in _FLAGS if (value := _from_environment(flag, environment)) is not None}
    if given.get("all_namespaces") or (asked.get("all_namespaces") and "namespaces" not in given):
        given["namespaces"] = ()
    fields = {**asked, **given}
    fields.pop("all_namespaces", None)
    return _checked(Config(**fields | {"namespaces": tuple(fields.get("namespaces", ()))}))


def _checked(config: Config) -> Config:
    """A leader that stops later than others begin, or that cannot try twice, would be no leader."""
    lease, renew, retry = (
        config.leader_elect_lease_duration,
        config.leader_elect_renew_deadline,
        config.leader_elect_retry_period,
    )
    if not (lease > renew > 2 * retry):
        raise BadValue(
            f"--leader-elect-lease-duration ({lease}) must be greater than --leader-elect-renew-deadline ({renew}), and that "
            f"greater than twice --leader-elect-retry-period ({retry})"
        )
    return config


def _from_environment(flag: _Flag, environment: Mapping[str, str]) -> object | None:
    variable = next((name for name in flag.variables if environment.get(name)), None)
    return None if variable is None else flag.read(environment[variable], variable)


@dataclass(frozen=True, slots=True)
class _Flag:
    options: tuple[str, ...]
    variables: tuple[str, ...]
    read: Callable[[str, str], object]
    help: str
    metavar: str | None = None
    takes_many: bool = False

    @property
    def name(self) -> str:
        return self.options[0].lstrip("-").replace("-", "_") if not self.takes_many else "namespaces"

    @property
    def switch(self) -> bool:
        return self.read is _truth


def _text(value: str, _: str) -> str:
    return value


def _url(value: str, source: str) -> str:
    parts = urlsplit(value)
    if parts.scheme != "https" or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise BadValue(f"{source} must be an https address such as https://management.azure.com, not {value!r}")
    return value.rstrip("/")


def _one_of(*allowed: str) -> Callable[[str, str], str]:
    def read(value: str, source: str) -> str:
        match = next((word for word in allowed if word.lower() == value.lower()), None)
        if match is None:
            raise BadValue(f"{source} must be one of {', '.join(allowed)}, not {value!r}")
        return match

    return read


def _number(lowest: int, highest: int) -> Callable[[str, str], int]:
    def read(value: str, source: str) -> int:
        if not value.isascii() or not value.isdigit() or not lowest <= int(value) <= highest:
            raise BadValue(f"{source} must be a whole number from {lowest} to {highest}, not {value!r}")
        return int(value)

    return read


def _subscription(value: str) -> str:
    if _SUBSCRIPTION.fullmatch(value.lower()) is None:
        raise BadValue(f"--subscription: {value[:60]!r} is not the id of a subscription (a GUID)")
    return value.lower()


def _namespace(value: str, source: str) -> str:
    if _NAMESPACE.fullmatch(value) is None:
        raise BadValue(f"{source}: {value!r} is not the name of a namespace (lower-case letters, digits and dashes)")
    return value


def _lease_name(value: str, source: str) -> str:
    if _NAMESPACE.fullmatch(value) is None:
        raise BadValue(f"{source}: {value!r} is not the name of a Lease (lower-case letters, digits and dashes)")
    return value


def _namespaces(value: str, source: str) -> tuple[str, ...]:
    return tuple(_namespace(name.strip(), source) for name in value.split(",") if name.strip())


def _identity_namespaces(value: str, source: str) -> frozenset[str]:
    names = frozenset(name.strip() for name in value.split(",") if name.strip())
    return frozenset(name if name == "*" else _namespace(name, source) for name in names)


def _truth(value: str, source: str) -> bool:
    if value.lower() not in _TRUE | _FALSE:
        raise BadValue(f"{source} must be true or false, not {value!r}")
    return value.lower() in _TRUE


_FLAGS = (
    _Flag(
        ("--arm-endpoint",),
        ("VNETLINK_ARM_ENDPOINT",),
        _url,
        "Azure Resource Manager to talk to (default: the cloud's)",
        "URL",
    ),
    _Flag(
        ("--authority-host",),
        ("VNETLINK_AUTHORITY_HOST",),
        _url,
        "where tokens come from (default: the cloud's)",
        "URL",
    ),
    _Flag(
        ("--cloud",),
        ("VNETLINK_CLOUD",),
        _text,
        "AzurePublic, AzureUSGovernment or AzureChina (default AzurePublic)",
        "NAME",
    ),
    _Flag(
        ("--namespace", "-n"),
        ("VNETLINK_NAMESPACES",),
        _namespaces,
        "serve objects of this namespace only; may be repeated or hold a comma-separated list",
        "NS",
        takes_many=True,
    ),
    _Flag(
        ("--all-namespaces", "-A"), ("VNETLINK_ALL_NAMESPACES",), _truth, "serve objects of every namespace (default)"
    ),
    _Flag(
        ("--operator-namespace",),
        ("VNETLINK_OPERATOR_NAMESPACE", "POD_NAMESPACE"),
        _namespace,
        "where the ConfigMap vnetlink-installation lies (default vnetlink-system)",
        "NS",
    ),
    _Flag(
        ("--identity-namespaces",),
        ("VNETLINK_IDENTITY_NAMESPACES",),
        _identity_namespaces,
        "namespaces whose objects may use the operator's own Azure identity, comma-separated; * for all (default none)",
        "NS,NS|*",
    ),
    _Flag(
        ("--log-format",), ("VNETLINK_LOG_FORMAT",), _one_of("json", "text"), "json or text (default json)", "FORMAT"
    ),
    _Flag(
        ("--log-level",),
        ("VNETLINK_LOG_LEVEL",),
        _one_of(*LOG_LEVELS),
        f"{', '.join(LOG_LEVELS)} (default INFO)",
        "LEVEL",
    ),
    _Flag(
        ("--tracing",),
        ("VNETLINK_TRACING",),
        _truth,
        "send OpenTelemetry traces where OTEL_EXPORTER_OTLP_ENDPOINT says; needs vnetlink[tracing]",
    ),
    _Flag(
        ("--health-port",),
        ("VNETLINK_HEALTH_PORT",),
        _number(0, 65535),
        "port of /livez, /readyz and /metrics (default 8080); 0: any free port, named in the log",
        "N",
    ),
    _Flag(
        ("--workers",), ("VNETLINK_WORKERS",), _number(1, 256), "objects worked on at the same time (default 16)", "N"
    ),
    _Flag(
        ("--arm-requests",),
        ("VNETLINK_ARM_REQUESTS",),
        _one_of("standard", "unlimited"),
        "standard stays below Azure's own limits for one identity and subscription: 20 reads, 3 writes, 3 deletes a "
        "second after bursts of 200, 50, 50 (default); unlimited is for measurements against a simulator",
        "RATE",
    ),
    _Flag(
        ("--deletion-threshold",),
        ("VNETLINK_DELETION_THRESHOLD",),
        _number(0, 1_000_000),
        "when more objects than this are deleted at once, Azure is left alone until each is confirmed by the annotation "
        "vnetlink.dev/confirm-deletion=true (default 10); 0: never ask",
        "N",
    ),
    _Flag(("--dry-run",), ("VNETLINK_DRY_RUN",), _truth, "plan and report, write nothing to Azure; takes no lease"),
    _Flag(
        ("--leader-elect",),
        ("VNETLINK_LEADER_ELECT",),
        _truth,
        "write only while holding a Lease in the operator's namespace (default true); --leader-elect=false for one process "
        "that nothing else can start beside",
    ),
    _Flag(
        ("--leader-elect-resource-name",),
        ("VNETLINK_LEADER_ELECT_RESOURCE_NAME",),
        _lease_name,
        "the Lease's name (default vnetlink); operators that serve different namespaces need different ones",
        "NAME",
    ),
    _Flag(
        ("--leader-elect-lease-duration",),
        ("VNETLINK_LEADER_ELECT_LEASE_DURATION",),
        _number(2, 3600),
        "seconds after which others take over from a leader that has vanished (default 15)",
        "N",
    ),
    _Flag(
        ("--leader-elect-renew-deadline",),
        ("VNETLINK_LEADER_ELECT_RENEW_DEADLINE",),
        _number(2, 3600),
        "seconds after its last renewal at which a leader ends itself (default 10)",
        "N",
    ),
    _Flag(
        ("--leader-elect-retry-period",),
        ("VNETLINK_LEADER_ELECT_RETRY_PERIOD",),
        _number(1, 3600),
        "seconds between two renewals, or two tries to lead (default 2)",
        "N",
    ),
    _Flag(
        ("--kubeconfig",), ("KUBECONFIG",), _text, "kubeconfig file (default: in-cluster, then ~/.kube/config)", "FILE"
    ),
    _Flag(("--context",), ("VNETLINK_CONTEXT",), _text, "context in the kubeconfig (default: its current one)", "NAME"),
)


def _parser(version: str) -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m vnetlink", description="Keeps pairs of Azure virtual networks connected.")
    parser.add_argument("--version", action="version", version=f"vnetlink {version}")
    commands = parser.add_subparsers(
        dest="command", required=True, metavar="run | explain | plan | scan", parser_class=_Parser
    )
    run = commands.add_parser(
        "run", help="run the operator", description="Run the operator. A flag goes before its variable."
    )
    _add_flags(run, _FLAGS)
    _add_explain(commands)
    _add_plan(commands)
    _add_scan(commands)
    return parser


def _add_explain(commands: Any) -> None:
    told = (
        "Whether two VNets are connected, and if not why; of two that are, also rules, routes and private DNS zones in their "
        "subscriptions (up to 100) that stand in the way of a part. Exit code 0: connected, 1: not, 2: nobody knows. Writes nothing."
    )
    explain = commands.add_parser("explain", help="whether two VNets are connected, and if not why", description=told)
    explain.add_argument("vnet1", metavar="VNET1_ID", help="full ARM id of a virtual network")
    explain.add_argument("vnet2", metavar="VNET2_ID", help="full ARM id of another one")
    _add_output(explain, "text", "json")


def _add_plan(commands: Any) -> None:
    told = (
        "What the objects in the files would have written to Azure. A file that carries no record is taken to own what its tags "
        "name and what joins the two VNets, and that is said. Exit code 0: nothing, 1: something, 2: nobody knows, 3: something "
        "stands in the way. Writes nothing."
    )
    plan = commands.add_parser("plan", help="what files would have written to Azure", description=told)
    plan.add_argument(
        "--filename",
        "-f",
        dest="files",
        metavar="FILE",
        action="append",
        required=True,
        help="a YAML file of VNetLinks, PeeringPairs and VpnConnectionPairs, - for stdin; may be repeated",
    )
    _add_output(plan, "table", "json", "markdown")


def _add_scan(commands: Any) -> None:
    told = (
        "Every two VNets in the subscriptions that peerings or VPN connections join, with state and fault. The Reader role is "
        "enough. Exit code 0: all well, 1: faults, 2: something could not be read. Writes nothing."
    )
    scan = commands.add_parser("scan", help="every pair of joined VNets with its state and fault", description=told)
    scan.add_argument(
        "--subscription",
        dest="subscriptions",
        metavar="ID",
        type=_subscription,
        action="append",
        required=True,
        help="list the VNets of this subscription; may be repeated",
    )
    _add_output(scan, "table", "json", "yaml")


def _add_output(command: argparse.ArgumentParser, *formats: str) -> None:
    """How to print, and which Azure to ask."""
    text = f"{', '.join(formats)} (default {formats[0]})"
    command.add_argument("--output", "-o", choices=formats, default=formats[0], help=text)
    _add_flags(command, tuple(flag for flag in _FLAGS if flag.name in _AZURE_FLAGS))


_AZURE_FLAGS = frozenset({"arm_endpoint", "authority_host", "cloud"})


def _add_flags(run: argparse.ArgumentParser, flags: Sequence[_Flag]) -> None:
    for flag in flags:
        text = f"{flag.help} [{', '.join(flag.variables)}]".replace("%", "%%")
        if flag.switch:
            run.add_argument(
                *flag.options,
                dest=flag.name,
                nargs="?",
                const=True,
                metavar="true|false",
                type=_reader(flag),
                help=text,
            )
        else:
            action = "extend" if flag.takes_many else "store"
            run.add_argument(
                *flag.options, dest=flag.name, action=action, metavar=flag.metavar, type=_reader(flag), help=text
            )


def _reader(flag: _Flag) -> Callable[[str], object]:
    return lambda value: flag.read(value, flag.options[0])
