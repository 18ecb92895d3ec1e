"""Which Azure: where Resource Manager and the login live. Decides whose URLs a token may go to; sends nothing itself."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit


class InvalidCloud(ValueError):
    """The cloud is unknown, or an endpoint is not `https://host[:port]`; `str()` says which."""


@dataclass(frozen=True, slots=True)
class Cloud:
    """Endpoints without a trailing slash; `scope` is what tokens are asked for. Comes from flags, never from an object."""

    name: str
    arm_endpoint: str
    authority_host: str
    scope: str

    def __post_init__(self) -> None:
        for endpoint in (self.arm_endpoint, self.authority_host):
            _require_https_origin(endpoint)

    @classmethod
    def named(cls, name: str) -> Cloud:
        """One of the clouds that Microsoft runs, in any casing; raises InvalidCloud."""
        for known in KNOWN:
            if known.name.lower() == name.lower():
                return known
        raise InvalidCloud(f"unknown cloud {name!r}: choose one of {', '.join(known.name for known in KNOWN)}")

    @classmethod
    def custom(cls, arm_endpoint: str, authority_host: str, scope: str = "") -> Cloud:
        """Another Resource Manager (Azure Stack, armsim). Raises InvalidCloud."""
        endpoint = arm_endpoint.rstrip("/")
        return cls("Custom", endpoint, authority_host.rstrip("/"), scope or f"{endpoint}/.default")

    @classmethod
    def of(cls, name: str, arm_endpoint: str | None, authority_host: str | None) -> Cloud:
        """What the flags say: a named cloud, or one with other endpoints. Raises InvalidCloud."""
        named = cls.named(name)
        if arm_endpoint is None and authority_host is None:
            return named
        return cls.custom(arm_endpoint or named.arm_endpoint, authority_host or named.authority_host)

    @property
    def known(self) -> bool:
        """Whether Microsoft runs it, so that its login answers instance discovery."""
        return self in KNOWN

    def owns(self, url: str) -> bool:
        """Whether `url` leads to this cloud's Resource Manager over TLS: same host, same port, no user info."""
        try:
            return _origin(urlsplit(url)) == _origin(urlsplit(self.arm_endpoint)) and "@" not in urlsplit(url).netloc
        except ValueError:
            return False


def _origin(parts: SplitResult) -> tuple[str, str, int]:
    return parts.scheme.lower(), (parts.hostname or "").lower(), parts.port or 443


def _require_https_origin(endpoint: str) -> None:
    try:
        parts = urlsplit(endpoint)
        plain = parts.path in ("", "/") and not parts.query and not parts.fragment and "@" not in parts.netloc
        if parts.scheme == "https" and parts.hostname and plain and _origin(parts):
            return
    except ValueError:
        pass
    raise InvalidCloud(f"{endpoint[:120]!r} is not an endpoint: write https://host or https://host:port")


KNOWN = (
    Cloud(
        "AzurePublic",
        "https://management.azure.com",
        "https://login.microsoftonline.com",
        "https://management.azure.com/.default",
    ),
    Cloud(
        "AzureUSGovernment",
        "https://management.usgovcloudapi.net",
        "https://login.microsoftonline.us",
        "https://management.usgovcloudapi.net/.default",
    ),
    Cloud(
        "AzureChina",
        "https://management.chinacloudapi.cn",
        "https://login.chinacloudapi.cn",
        "https://management.chinacloudapi.cn/.default",
    ),
)
