"""python -m cam_utils tables: run the studies of the sections and write their tables."""

from pathlib import Path

from ..errors import CamError, MissingData, unknown
from ..sections.s2_maps.studies import STUDIES as MAPS
from ..sections.s4_transfer.studies import STUDIES as TRANSFER
from ..sections.s5_units.studies import STUDIES as UNITS
from ..sections.s6_after.studies import STUDIES as AFTER
from ..sections.s31_surgery.studies import STUDIES as SURGERY
from ..sections.s32_localization.studies import STUDIES as LOCALIZATION
from ..sections.s41_birds.studies import STUDIES as BIRDS
from ..sections.s42_patterns.studies import STUDIES as PATTERNS
from ..study import RECORD_MARK, Ask, Study, reason, run

STUDIES: dict[str, Study] = {
    study.name: study
    for study in (*MAPS, *SURGERY, *LOCALIZATION, *TRANSFER, *BIRDS, *PATTERNS, *UNITS, *AFTER)
}


def run_studies(
    names: list[str], ask: Ask, out: str | Path | None = None, force: bool = False
) -> list[Path]:
    """Run studies by name; returns the files written.

    Args:
        names: none: all of the profile, those left out (with a line that says why) whose networks
            or data are not here.
        out: folder. force: also one with tables of others, which may be replaced.

    Raises:
        CamError: an unknown study, before any of them is run. MissingData: a study asked for by
            name has nothing to measure.
    """
    for name in names:
        if name not in STUDIES:
            raise unknown("study", name, STUDIES)
        if ask.profile not in STUDIES[name].profiles:
            raise CamError(f"The study {name} is not one of profile {ask.profile}.")
    if out and not force:
        _refuse_others(Path(out))
    written = []
    for name in names or STUDIES:
        if ask.profile in STUDIES[name].profiles:
            try:
                written += run(STUDIES[name], ask, out)
            except MissingData as error:
                if names:
                    raise
                print(
                    f"{name} ({STUDIES[name].shows}) left out: {reason(error, ask.root)}",
                    flush=True,
                )
    return written


def _refuse_others(folder: Path) -> None:
    """CamError if a folder has tables that no study wrote: what they are called, is known late."""
    for path in (*folder.glob("*.csv"), *folder.glob("*.json"), *folder.glob("rows/*.npz")):
        record = path.with_suffix(".json")
        study = path.suffix == ".npz" and path.stem in STUDIES
        if not study and not (record.is_file() and RECORD_MARK in record.read_bytes()):
            raise CamError(
                f"{path} was not written by this program; choose a folder without tables of "
                "others, or give --force to replace those of the same names."
            )
