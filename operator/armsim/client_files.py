"""What clients find in DIR: env to source, and azure-cli, a ready AZURE_CONFIG_DIR. Writes files; knows no state."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from .settings import Principal, Settings

CLOUD = "ArmSim"
CLIENT = "11111111-0000-0000-0000-000000000001"
SECRET = "armsim-secret"
# In the file and not in env, so that `source DIR/env` is all a shell needs (ecosystem.md 10.1).
CLI_CONFIG = f"""[cloud]
name = {CLOUD}

[core]
instance_discovery = false
collect_telemetry = false
survey_message = false
login_experience_v2 = false
no_color = true

[extension]
use_dynamic_install = no
"""


def write(directory: Path, endpoint: str, settings: Settings) -> None:
    """Each file in one step, so that a reader never sees half of it; env comes last."""
    cli = directory / "azure-cli"
    cli.mkdir(mode=0o700, exist_ok=True)
    app = _app(settings)
    _write(cli / "clouds.config", _clouds(endpoint))
    _write(cli / "config", CLI_CONFIG)
    _write(cli / "azureProfile.json", json.dumps(_profile(app, settings), indent=2))
    _write(cli / "service_principal_entries.json", json.dumps(_logins(app, settings), indent=2))
    _write(directory / "env", _env(directory, endpoint, app, settings))


def _app(settings: Settings) -> Principal:
    """The first app with a secret, so that what is written can log in."""
    named = list(settings.principals.values())
    first = next((one for one in named if one.secret), named[0] if named else Principal(CLIENT))
    return Principal(first.client_id, first.tenants, first.secret or SECRET)


def _tenants(app: Principal, settings: Settings) -> Iterator[str]:
    return (one for one in settings.tenants if not app.tenants or one in app.tenants)


def _clouds(endpoint: str) -> str:
    """The resource id and management end in a slash: az makes the scope of tokens from them."""
    return (
        f"[{CLOUD}]\n"
        f"endpoint_active_directory = {endpoint}\n"
        f"endpoint_active_directory_resource_id = {endpoint}/\n"
        f"endpoint_management = {endpoint}/\n"
        f"endpoint_resource_manager = {endpoint}\n"
    )


def _profile(app: Principal, settings: Settings) -> dict[str, Any]:
    """Every subscription the app can see; the first is the default."""
    owned = [(tenant, one) for tenant in _tenants(app, settings) for one in settings.tenants[tenant]]
    return {"subscriptions": [_subscription(app, *one, default=not index) for index, one in enumerate(owned)]}


def _subscription(app: Principal, tenant: str, subscription: str, *, default: bool) -> Mapping[str, Any]:
    return {
        "id": subscription,
        "name": f"armsim {subscription}",
        "state": "Enabled",
        "user": {"name": app.client_id, "type": "servicePrincipal"},
        "isDefault": default,
        "tenantId": tenant,
        "environmentName": CLOUD,
        "homeTenantId": tenant,
        "managedByTenants": [],
    }


def _logins(app: Principal, settings: Settings) -> list[Mapping[str, str]]:
    return [
        {"client_id": app.client_id, "tenant": tenant, "client_secret": app.secret}
        for tenant in _tenants(app, settings)
    ]


def _env(directory: Path, endpoint: str, app: Principal, settings: Settings) -> str:
    ca = str(directory / "ca.pem")
    values = {
        "AZURE_AUTHORITY_HOST": endpoint,
        "AZURE_TENANT_ID": next(_tenants(app, settings), next(iter(settings.tenants))),
        "AZURE_CLIENT_ID": app.client_id,
        "AZURE_CLIENT_SECRET": app.secret,
        "SSL_CERT_FILE": ca,
        "REQUESTS_CA_BUNDLE": ca,
        "NODE_EXTRA_CA_CERTS": ca,
        "ARM_ENDPOINT": endpoint,
        "VNETLINK_ARM_ENDPOINT": endpoint,
        "VNETLINK_AUTHORITY_HOST": endpoint,
        "AZURE_CONFIG_DIR": str(directory / "azure-cli"),
    }
    note = "# az needs no login: AZURE_CONFIG_DIR names a cloud, an app and all its subscriptions. Try: az network vnet list\n"
    return note + "".join(f"export {name}={_quoted(value)}\n" for name, value in values.items())


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _write(path: Path, text: str) -> None:
    draft = path.with_name(f"{path.name}.new")
    draft.touch(mode=0o600)
    draft.write_text(text)
    os.replace(draft, path)
