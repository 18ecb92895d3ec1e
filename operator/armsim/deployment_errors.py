"""Refusals about deployments (arm.md 9). Never decides when."""

from __future__ import annotations

from .errors import Refusal, gateway


def bad_template(why: str) -> Refusal:
    return gateway(400, "InvalidTemplate", f"Deployment template validation failed: '{why}'.")


def bad_deployment(name: str, guid: str, inner: Refusal) -> Refusal:
    text = (
        f"The template deployment '{name}' is not valid according to the validation procedure. The tracking id is "
        f"'{guid}'. See inner errors for details."
    )
    details = [{"code": inner.code, "message": inner.message}]
    return gateway(400, "InvalidTemplateDeployment", text, details=details)


def deployment_active(name: str) -> Refusal:
    """Text chosen."""
    text = f"Unable to edit or replace deployment '{name}': previous deployment is still active."
    return gateway(409, "DeploymentActive", text)


def deployment_not_found(name: str) -> Refusal:
    return gateway(404, "DeploymentNotFound", f"Deployment '{name}' could not be found.")
