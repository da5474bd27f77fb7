"""python -m cam_utils: one command; see `commands.command_line`."""

import sys

from .commands.command_line import parser
from .errors import CamError, told_of


def main(argv: list[str] | None = None) -> int:
    """Run one command; bad input ends with one paragraph on stderr and status 2."""
    for stream in (sys.stdout, sys.stderr):  # a terminal that lacks a letter shows its number
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    args = parser().parse_args(argv)
    try:
        return args.run(args) or 0
    except (CamError, OSError, UnicodeError, MemoryError) as error:
        print(f"cam-companion: {told_of(error)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
