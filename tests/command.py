"""Running the command line in a test."""

from cam_utils.__main__ import main


def run(capsys, *args):
    """(status, what was printed, what was said of errors)."""
    status = main([str(a) for a in args])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def refused(capsys, *args):
    """The error text of a refused call: one paragraph and no traceback."""
    status, _, err = run(capsys, *args)
    assert status == 2
    text = [line for line in err.strip().splitlines() if "img/s" not in line and "?img" not in line]
    assert len(text) == 1, err
    assert text[0].startswith("cam-companion: ")
    return text[0]
