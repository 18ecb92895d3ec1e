"""The command line and its environment."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from vnetlink.config import BadValue, Config, PlanFiles, Scan, parse

OPERATOR = Path(__file__).resolve().parents[3] / "operator"


def config(*flags: str, **environment: str) -> Config:
    return parse(["run", *flags], environment, "1.2.3")


def test_nothing_given_means_the_defaults() -> None:
    assert config() == Config()


def test_a_flag_goes_before_its_variable() -> None:
    assert config("--workers", "3", VNETLINK_WORKERS="5").workers == 3
    assert config(VNETLINK_WORKERS="5").workers == 5


def test_an_empty_variable_counts_as_not_given() -> None:
    assert config(VNETLINK_WORKERS="", KUBECONFIG="") == Config()


def test_namespaces_are_repeated_or_separated_by_commas() -> None:
    assert config("--namespace", "a", "-n", "b,c").namespaces == ("a", "b", "c")
    assert config(VNETLINK_NAMESPACES="a, b").namespaces == ("a", "b")


def test_all_namespaces_on_the_command_line_goes_before_a_list_in_the_environment() -> None:
    assert config("-A", VNETLINK_NAMESPACES="a").namespaces == ()
    assert config("-n", "a", VNETLINK_ALL_NAMESPACES="true").namespaces == ("a",)


def test_the_pod_namespace_is_the_operators_namespace() -> None:
    assert config(POD_NAMESPACE="team").operator_namespace == "team"
    assert config(POD_NAMESPACE="team", VNETLINK_OPERATOR_NAMESPACE="other").operator_namespace == "other"


def test_identity_namespaces_authorise_nobody_by_default() -> None:
    assert not config().authorises("default")


def test_identity_namespaces_authorise_those_named_or_all() -> None:
    named = config("--identity-namespaces", "a,b")
    assert (named.authorises("a"), named.authorises("c")) == (True, False)
    assert config(VNETLINK_IDENTITY_NAMESPACES="*").authorises("anything")


def test_an_endpoint_loses_its_trailing_slash() -> None:
    assert config("--arm-endpoint", "https://localhost:8443/").arm_endpoint == "https://localhost:8443"


def test_dry_run_can_be_switched_by_variable() -> None:
    assert config(VNETLINK_DRY_RUN="true").dry_run
    assert not config(VNETLINK_DRY_RUN="no").dry_run


def test_a_leader_is_elected_unless_told_otherwise() -> None:
    assert config().leader_elect
    assert config("--leader-elect", VNETLINK_LEADER_ELECT="false").leader_elect
    assert not config("--leader-elect=false").leader_elect
    assert not config(VNETLINK_LEADER_ELECT="false").leader_elect


def test_a_switch_that_is_off_excludes_nothing() -> None:
    assert config("--all-namespaces=false", "-n", "a").namespaces == ("a",)


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (("--leader-elect-lease-duration=10",), "--leader-elect-lease-duration (10) must be greater than"),
        (("--leader-elect-retry-period=5",), "greater than twice --leader-elect-retry-period (5)"),
        (("--leader-elect-resource-name=a/b",), "is not the name of a Lease"),
        (("--leader-elect=maybe",), "--leader-elect must be true or false"),
        (("--arm-endpoint", "http://localhost"), "--arm-endpoint must be an https address"),
        (("--authority-host", "login"), "--authority-host must be an https address"),
        (("--workers", "0"), "--workers must be a whole number from 1 to 256"),
        (("--health-port", "99999"), "--health-port must be a whole number from 0 to 65535"),
        (("--log-format", "xml"), "--log-format must be one of json, text"),
        (("--namespace", "Team_A"), "'Team_A' is not the name of a namespace"),
        (("--identity-namespaces", "a,B"), "'B' is not the name of a namespace"),
        (("-A", "-n", "a"), "exclude each other"),
        (("--nonsense",), "unrecognized arguments: --nonsense"),
    ],
)
def test_a_bad_value_is_one_clear_sentence(flags: tuple[str, ...], told: str) -> None:
    with pytest.raises(BadValue) as wrong:
        config(*flags)
    assert told in str(wrong.value)
    assert "\n" not in str(wrong.value)


def test_a_bad_variable_is_named() -> None:
    with pytest.raises(BadValue, match="VNETLINK_DRY_RUN must be true or false, not 'maybe'"):
        config(VNETLINK_DRY_RUN="maybe")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    code = "import sys; sys.argv[0] = 'vnetlink'; from vnetlink.__main__ import main\n" + (
        "try:\n    code = main()\nexcept SystemExit as end:\n    code = end.code\n"
        "heavy = {'azure', 'kopf', 'kubernetes', 'aiohttp'} & set(sys.modules)\n"
        "print('heavy:', sorted(heavy)); sys.exit(code)"
    )
    environment = {"PYTHONPATH": str(OPERATOR)}
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("arguments", [("--help",), ("run", "--help"), ("--version",)])
def test_help_and_version_import_nothing_heavy(arguments: tuple[str, ...]) -> None:
    answer = run(*arguments)
    assert answer.returncode == 0
    assert "heavy: []" in answer.stdout


def test_every_flag_is_documented_with_its_variable() -> None:
    told = run("run", "--help").stdout
    for name in (
        "ARM_ENDPOINT",
        "AUTHORITY_HOST",
        "CLOUD",
        "NAMESPACES",
        "IDENTITY_NAMESPACES",
        "LOG_FORMAT",
        "WORKERS",
    ):
        assert f"VNETLINK_{name}" in told


def test_a_bad_command_line_ends_with_exit_code_2_and_one_line() -> None:
    answer = run("run", "--workers", "many")
    assert answer.returncode == 2
    assert answer.stderr == "vnetlink: --workers must be a whole number from 1 to 256, not 'many'\n"


def test_scan_takes_each_subscription_once_in_any_casing() -> None:
    one, two = "0000000A-0000-0000-0000-000000000000", "00000000-0000-0000-0000-000000000001"
    scan = parse(["scan", "--subscription", one, "--subscription", two, "--subscription", one.lower()], {}, "1")
    assert isinstance(scan, Scan)
    assert (scan.subscriptions, scan.output) == ((one.lower(), two), "table")
    with pytest.raises(BadValue, match="--subscription"):
        parse(["scan"], {}, "1")


def test_plan_takes_each_file_once_in_order() -> None:
    plan = parse(["plan", "-f", "b.yaml", "-f", "-", "--filename", "b.yaml", "-o", "markdown"], {}, "1")
    assert isinstance(plan, PlanFiles)
    assert (plan.files, plan.output) == (("b.yaml", "-"), "markdown")
