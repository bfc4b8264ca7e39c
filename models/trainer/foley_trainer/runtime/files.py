"""Files that are replaced whole: a reader sees the former content or the new one, never a part of it."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import numpy as np
import torch


def save_atomic(state: dict[str, Any], path: Path) -> None:
    """Writes a temporary file and renames it: a kill or a full disk leaves the former checkpoint intact."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    try:
        with open(temporary, "wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
    except (OSError, RuntimeError):  # torch's writer reports a full disk as RuntimeError
        temporary.unlink(missing_ok=True)
        raise
    os.replace(temporary, path)


def save_text(text: str, path: Path) -> None:
    """As `save_atomic`, for text."""
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, path)


def save_arrays(path: Path, **arrays: np.ndarray) -> None:
    """As `save_atomic`, for an uncompressed .npz: the server reads no other."""
    temporary = path.with_name(path.name + ".tmp")
    with open(temporary, "wb") as file:
        np.savez(file, **arrays)
    os.replace(temporary, path)


def described(path: Path) -> dict[str, Any]:
    """What a card says of a file beside it."""
    data = path.read_bytes()
    return {"file": path.name, "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
