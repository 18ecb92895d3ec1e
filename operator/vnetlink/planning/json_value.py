"""JSON values, as status is made of them."""

from __future__ import annotations

from typing import TypeAlias

Json: TypeAlias = "bool | int | str | list[Json] | dict[str, Json] | None"
Status: TypeAlias = dict[str, Json]
