"""The DCASE 2023 Task 7 development set as its two archives lay it out.

The challenge's own (`DCASEFoleySoundSynthesisDevSet/DogBark/*.wav`) and the later one on Zenodo
(`DCASE_2023_Challenge_Task_7_Dataset/dev/dog_bark/*.wav`, with `DevMeta.csv` beside `dev`, which names the recording
behind every clip). The `eval` folder of the latter stays untouched: what a voice is scored on must not pick its weights.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

# Clips per class in the development set: Table 1 of the paper. The order is the challenge's class ids.
TABLE_1 = {"DogBark": 617, "Footstep": 703, "GunShot": 777, "Keyboard": 800, "MovingMotorVehicle": 581, "Rain": 741, "Sneeze_Cough": 631}
CLASSES = list(TABLE_1)

_PLACES = ("", "dev", "DCASEFoleySoundSynthesisDevSet", "DCASE_2023_Challenge_Task_7_Dataset/dev")
_FREESOUND = {"urbansound8k", "fsd50k", "freesound", "freesound.org"}  # sources that name files by Freesound's ids


@dataclass(frozen=True)
class Original:
    """The recording a clip was cut from; `group` is the same for all cuts of it."""

    group: str
    name: str
    source: str


def _plain(name: str) -> str:
    return "".join(c for c in name.lower() if c.isalnum())


_LABELS = {_plain(label): label for label in CLASSES}


def label_of(name: str) -> str | None:
    """The class a folder name spells: `dog_bark`, `DogBark` -> DogBark; None where it spells none of the seven."""
    return _LABELS.get(_plain(name))


def class_root(root: Path) -> Path | None:
    """The folder at or below `root` that holds all seven class folders; None where this isn't DCASE's layout."""
    for place in _PLACES:
        folder = root / place
        if folder.is_dir() and {label_of(p.name) for p in folder.iterdir() if p.is_dir()} >= set(CLASSES):
            return folder
    return None


def _original(source: str, name: str) -> Original:
    stem = Path(name).stem
    if source.lower() in _FREESOUND:
        # UrbanSound8K's names go on after Freesound's id: 7965-3-11-0 is a slice of sound 7965.
        return Original(f"freesound/{stem.split('-')[0]}", name, source)
    return Original(f"{source}/{stem}", name, source)


def originals(root: Path) -> dict[tuple[str, str], Original]:
    """(class, file name without suffix) -> the recording behind it, from `DevMeta.csv` in or beside `root`; empty without one."""
    found: dict[tuple[str, str], Original] = {}
    for meta in (root / "DevMeta.csv", root.parent / "DevMeta.csv"):
        if not meta.is_file():
            continue
        with open(meta, newline="", encoding="utf-8-sig", errors="replace") as file:
            for row in csv.DictReader(file):
                category, path = row.get("category") or "", row.get("current_file_path") or ""
                source, name = row.get("original_dataset") or "", row.get("original_file_name") or ""
                label = "Sneeze_Cough" if _plain(category) in ("sneeze", "cough") else label_of(category)
                if label and path and source and name:
                    found[label, Path(path.replace("\\", "/")).stem] = _original(source, name)
        break
    return found
