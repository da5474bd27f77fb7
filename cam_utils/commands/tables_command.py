"""python -m cam_utils tables: run the studies of the sections and write their tables."""

from pathlib import Path

from ..errors import CamError, unknown
from ..keep import project_root
from ..sections.s2_maps.studies import STUDIES as MAPS
from ..sections.s4_transfer import studies as table5_run
from ..sections.s5_units.studies import STUDIES as UNITS
from ..sections.s31_surgery.studies import STUDIES as SURGERY
from ..sections.s32_localization.studies import STUDIES as LOCALIZATION
from ..sections.s41_birds import studies as table4_run
from ..sections.s42_patterns.studies import STUDIES as PATTERNS
from ..study import Ask, Study, run

STUDIES: dict[str, Study] = {
    study.name: study for study in (*MAPS, *SURGERY, *LOCALIZATION, *PATTERNS, *UNITS)
}


def run_studies(names: list[str], ask: Ask, out: str | Path | None = None) -> list[Path]:
    """Run studies by name; returns the files written.

    Raises:
        CamError: an unknown study, before any of them is run.
    """
    known = [*STUDIES, *_OLD]
    for name in names:
        if name not in known:
            raise unknown("study", name, known)
        if name in STUDIES and ask.profile not in STUDIES[name].profiles:
            raise CamError(f"The study {name} is not one of profile {ask.profile}.")
    written = []
    for name in names or known:
        if name in _OLD:
            written += _OLD[name](ask, _folder(ask, out))
        elif ask.profile in STUDIES[name].profiles:
            written += run(STUDIES[name], ask, out)
    return written


# shelves that have no Study yet


def _folder(ask: Ask, out) -> Path:
    return Path(out) if out else (project_root() or Path()) / "figures" / ask.profile


_OLD = {
    "table4": lambda ask, out: table4_run.run(ask.profile, ask.root, ask.device, ask.limit, out),
    "table5": lambda ask, out: table5_run.run(ask.profile, ask.root, ask.device, ask.limit, out),
}
