"""What a licence asks of who shares what was made of the work; the server's `voices/licences.ts` says the same of a finished voice."""

from __future__ import annotations

import re

# SPDX identifiers. Notices and credits may be asked for, nothing else.
PERMISSIVE = r"^(CC0-1\.0|public-domain|PDDL-1\.0|Unlicense|0BSD|WTFPL|MIT|MIT-0|X11|ISC|Zlib|BSL-1\.0|NCSA|BSD-[1-4]-Clause|Apache-[\d.]+|CC-BY-\d\.\d|CDLA-Permissive-[\d.]+)$"


def is_permissive(expression: str) -> bool:
    """Whether all parts of an SPDX expression that AND joins are permissive, or one that OR joins."""
    return any(all(re.match(PERMISSIVE, one.strip(), re.I) for one in re.split(r"\sAND\s", part, flags=re.I)) for part in re.split(r"\sOR\s", expression, flags=re.I))
