"""python -m cam_utils: one command; see `commands.command_line`."""

import sys

from .commands.command_line import parser
from .errors import CamError


def main(argv: list[str] | None = None) -> int:
    """Run one command; bad input ends with one paragraph on stderr and status 2."""
    args = parser().parse_args(argv)
    try:
        return args.run(args) or 0
    except CamError as error:
        print(f"cam-companion: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
