"""Results of finished stages, cached on disk: an interrupted job resumes, and an extended one computes only what is new."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..data.corpus import Clip
from ..runtime.files import save_text


class Parts:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def get(self, name: str, depends: list[Any], work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """The result of `work`, cached under a hash of `depends` (any JSON value)."""
        path, key = self.folder / f"{name}.json", hashlib.sha256(json.dumps(depends).encode()).hexdigest()
        try:
            known = json.loads(path.read_text(encoding="utf-8"))
            if known["key"] == key:
                return known["found"]
        except (OSError, ValueError, KeyError, TypeError):
            pass
        found = work()
        save_text(json.dumps({"key": key, "found": found}), path)
        return found

    def forget(self, name: str) -> None:
        (self.folder / f"{name}.json").unlink(missing_ok=True)


def files(clips: list[Clip]) -> str:
    """A digest of clips and of their files' sizes and times; a missing file counts as null."""
    digest = hashlib.sha256()
    for clip in clips:
        stat = clip.path.stat() if clip.path.is_file() else None
        digest.update(f"{clip.id} {clip.label} {stat and (stat.st_size, stat.st_mtime_ns)}\n".encode())
    return digest.hexdigest()
