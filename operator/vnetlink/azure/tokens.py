"""Tokens of one principal in one tenant, and why there is none. Must never log, keep or quote a token or a secret."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeVar

import aiohttp
from azure.core.credentials import AccessToken, AccessTokenInfo, TokenRequestOptions
from azure.core.exceptions import AzureError, ClientAuthenticationError, DecodeError, HttpResponseError

from vnetlink.azure.answers import NoToken
from vnetlink.azure.sentences import lasting
from vnetlink.domain.reasons import Reason

T = TypeVar("T")

# A refused or unreachable login is not asked again for each of a thousand objects (F39).
REFUSAL_LASTS = 15.0
OUTAGE_LASTS = 2.0
NOWHERE = (
    "set AZURE_TENANT_ID and AZURE_CLIENT_ID with AZURE_FEDERATED_TOKEN_FILE or AZURE_CLIENT_SECRET, "
    "or give the pod a managed identity"
)


class Credential(Protocol):
    """What the SDK's credentials have in common."""

    async def get_token(self, *scopes: str, claims: str | None = None, **options: Any) -> AccessToken:
        """A token, from its cache or from the login service."""

    async def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo:
        """The same with what is known of the token."""

    async def close(self) -> None:
        """Lets go of what it holds."""


class TokenRefused(Exception):
    """No token; `trouble` says why."""

    def __init__(self, trouble: NoToken) -> None:
        super().__init__(trouble.message)
        self.trouble = trouble


class Tokens:
    """The credential that the SDK's policies ask. Made on first use, because making one can fail, too.

    `changed` is called when tokens begin to be refused, for another reason than before, or to be given again.
    """

    def __init__(
        self,
        make: Callable[[], Credential],
        name: str,
        clock: Callable[[], float] = time.monotonic,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._make, self._name, self._clock, self._changed = make, name, clock, changed
        self.last_used = clock()
        self._credential: Credential | None = None
        self._trouble: NoToken | None = None
        self._refused: tuple[float, NoToken] | None = None
        self._lock = asyncio.Lock()

    async def get_token(self, *scopes: str, claims: str | None = None, **options: Any) -> AccessToken:
        """azure-core's AsyncTokenCredential; raises TokenRefused."""
        return await self._ask(lambda credential: credential.get_token(*scopes, claims=claims, **options))

    async def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo:
        """azure-core's AsyncSupportsTokenInfo; raises TokenRefused."""
        return await self._ask(lambda credential: credential.get_token_info(*scopes, options=options))

    async def close(self) -> None:
        """Lets go of the credential; it is made again when a token is asked for."""
        credential, self._credential = self._credential, None
        if credential is not None:
            await credential.close()

    async def __aenter__(self) -> Tokens:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _ask(self, ask: Callable[[Credential], Awaitable[T]]) -> T:
        self.last_used = self._clock()
        async with self._lock:
            self._raise_remembered()
            try:
                self._credential = self._credential or self._make()
                token = await ask(self._credential)
            except TokenRefused as refused:
                trouble = refused.trouble
            except (AzureError, aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
                trouble = explain(error, self._name)
            else:
                self._told(None)
                return token
            if not trouble.transient:
                await self.close()  # whatever it was made of is looked at anew
            raise self._remember(trouble) from None

    def _raise_remembered(self) -> None:
        if self._refused and self._clock() < self._refused[0]:
            raise TokenRefused(self._refused[1])

    def _remember(self, trouble: NoToken) -> TokenRefused:
        lasts = OUTAGE_LASTS if trouble.transient else REFUSAL_LASTS
        self._refused = (self._clock() + lasts, trouble)
        self._told(trouble)
        return TokenRefused(trouble)

    def _told(self, trouble: NoToken | None) -> None:
        before, self._trouble = self._trouble, trouble
        if trouble != before:
            self._changed()


def explain(error: Exception, name: str) -> NoToken:
    """Why there is no token: the login said no, the pod's settings are incomplete, or the login is away."""
    away = NoToken(Reason.AZURE_UNREACHABLE, f"The login service does not answer for {name}", transient=True)
    match error:
        case DecodeError():
            return away
        case HttpResponseError(status_code=int(status)) if status in (408, 429) or status >= 500:
            return away
        case ClientAuthenticationError() if error.message.startswith("Unexpected response from Microsoft Entra ID"):
            return away  # HTML from something in between
        case ClientAuthenticationError(response=None) if "Attempted credentials" in error.message:
            return NoToken(Reason.CREDENTIAL_INVALID, f"No credential for {name}: {NOWHERE}", transient=False)
        case ClientAuthenticationError():
            return NoToken(
                Reason.CREDENTIAL_INVALID, f"No token for {name}: {lasting(str(error.message))}", transient=False
            )
        case AzureError() | TimeoutError() | aiohttp.ClientError():
            return away
        case _:  # ValueError, OSError: settings or the token file
            return NoToken(
                Reason.CREDENTIAL_INVALID, f"No credential for {name}: {lasting(str(error))}", transient=False
            )
