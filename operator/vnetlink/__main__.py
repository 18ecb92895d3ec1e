"""The command line. Parses first and imports the rest only to run, so that --help and --version answer at once."""

from __future__ import annotations

import os
import sys
from importlib.metadata import PackageNotFoundError, version

from vnetlink.config import BadValue, Config, parse


def main() -> int:
    """The exit code: 0 after a clean stop, 1 when something ended that should not, 2 for a bad command line. Other commands: theirs."""
    try:
        config = parse(sys.argv[1:], os.environ, _version())
    except BadValue as wrong:
        print(f"vnetlink: {wrong}", file=sys.stderr)
        return 2
    if not isinstance(config, Config):
        from vnetlink.cli import command

        return command.run(config)
    from vnetlink import process

    return process.run(config, _version())


def _version() -> str:
    try:
        return version("vnetlink")
    except PackageNotFoundError:  # run from a source tree
        return "0.0.0"


if __name__ == "__main__":
    sys.exit(main())
