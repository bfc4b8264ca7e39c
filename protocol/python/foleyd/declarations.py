"""The commands of foleyd, their arguments and events.

Written by protocol/docs.ts from the declarations. Change those, then run: node --import tsx protocol/docs.ts --write
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, Literal, TypedDict

from .request import Request

if sys.version_info >= (3, 11):
    from typing import NotRequired
else:
    from typing_extensions import NotRequired


ErrorCode = Literal[
    "malformed",
    "bad_envelope",
    "unknown_command",
    "bad_args",
    "unknown_class",
    "unknown_voice",
    "unknown_job",
    "unknown_clip",
    "unknown_dataset",
    "bad_dataset",
    "already_exists",
    "python_missing",
    "trainer_missing",
    "no_room",
    "no_delivery",
    "training_failed",
    "unknown_reference",
    "bad_reference",
    "wrong_voice",
    "bad_voice",
    "voice_in_use",
    "voice_built_in",
    "gate_refused",
    "unknown_map",
    "pool_empty",
    "duplicate_id",
    "too_large",
    "queue_full",
    "unauthorized",
    "forbidden",
    "cancelled",
    "engine_crashed",
    "engine_unavailable",
    "engine_failed",
    "voice_missing",
    "voice_corrupt",
    "slow_client",
    "io_error",
    "port_in_use",
    "bad_certificate",
    "shutting_down",
    "internal",
    "timed_out",
    "connection_closed",
]


#: What a code means to a person.
ERRORS: dict[str, str] = {
    "malformed": "The bytes are not valid JSON, msgpack or OSC.",
    "bad_envelope": "The message is readable but is not {id, cmd, args}.",
    "unknown_command": "No command has this name or OSC address.",
    "bad_args": "An argument is missing, unknown, of the wrong type or out of range; the message names it.",
    "unknown_class": "The voice has no class of this name or id.",
    "unknown_voice": "No voice has this id.",
    "unknown_job": "No open job or request has this id.",
    "unknown_clip": "No clip has this id.",
    "unknown_dataset": "No data set has this id.",
    "bad_dataset": "The recordings cannot be trained on; the message says which and why.",
    "already_exists": "The name is taken.",
    "python_missing": "Training needs Python; the message says what to install.",
    "trainer_missing": "Python lacks what training needs; the message says what to install.",
    "no_room": "Too little memory or disk is free.",
    "no_delivery": "The owner of the server named no folder to deliver to (`--deliver`).",
    "training_failed": "The training ended without a voice; the message says why.",
    "unknown_reference": "No reference has this name.",
    "bad_reference": "The reference is not one, or knows none of the classes; the message says why.",
    "wrong_voice": "The clip was made by another voice, or by another version of it.",
    "bad_voice": "The file is no voice, or none that can be used here; the message says why.",
    "voice_in_use": "The voice is active, or something else needs it; the message says what.",
    "voice_built_in": "The voice ships with the server, so it stays.",
    "gate_refused": "The voice's score speaks against it; `force` activates it all the same.",
    "unknown_map": "No trigger map has this id.",
    "pool_empty": "The map has no clip ready yet; ask again, or with `wait`.",
    "duplicate_id": "This connection already has an open request with this id.",
    "too_large": "The message is larger than the limit.",
    "queue_full": "Too many jobs are waiting; ask again later.",
    "unauthorized": "The token is missing or wrong.",
    "forbidden": "This origin, host or role may not do this.",
    "cancelled": "The job was cancelled.",
    "engine_crashed": "The engine process ended while it made this clip; it is being restarted, so ask again.",
    "engine_unavailable": "The engine is not ready.",
    "engine_failed": "The engine could not make this clip.",
    "voice_missing": "A file of the voice is missing.",
    "voice_corrupt": "A file of the voice does not match its card or cannot be read.",
    "slow_client": "The client does not read its answers, so the connection was closed.",
    "io_error": "A file could not be read or written.",
    "port_in_use": "Another program uses the port.",
    "bad_certificate": "The certificate or key for TLS cannot be used; the message says which.",
    "shutting_down": "The server is stopping.",
    "internal": "A fault in the server; its log has the cause.",
    "timed_out": "No answer came in the time that was given (made by the client, never sent).",
    "connection_closed": "The connection ended before the answer came (made by the client, never sent).",
}


#: WebSocket close codes, and what they say.
CLOSE_CODES: dict[int, str] = {
    1009: "too_large",
    4401: "unauthorized",
    4403: "forbidden",
    4408: "slow_client",
    1001: "shutting_down",
    1011: "internal",
}


#: Longest frame that a server sends (bytes).
ANSWER_FRAME_BYTES = 67108864


FoleyGenerateArgs = TypedDict(
    "FoleyGenerateArgs",
    {
        #: class by name (case does not matter) or id, or a mix {name: weight}, at most 16 classes; text, 1 to 128 characters or integer from 0 to 65535
        #: or map of text to number above 0
        "class": "str | int | dict[str, float]",
        #: voice id; text, 1 to 128 characters; when left out: the active voice
        "voice": NotRequired[str],
        #: uint32, as number or decimal string; integer from 0 to 4294967295 or decimal text; when left out: drawn by the server
        "seed": "NotRequired[int | str]",
        #: 0 takes the likeliest code each time, 1 samples as trained; number from 0 to 2; when left out: 1
        "temperature": NotRequired[float],
        #: sample among the k likeliest codes; 0 is off; integer from 0 to 512; when left out: 0
        "topK": NotRequired[int],
        #: sample among the likeliest codes that together hold this probability; 1 is off; number above 0 to 1; when left out: 1
        "topP": NotRequired[float],
        #: classifier-free guidance: codes are drawn from log p(class) + guidance * (log p(class) - log p(avoid)); 0 is off, above 0 sampling costs up to
        #: twice as much; number from 0 to 8; when left out: the voice's default for the class
        "guidance": NotRequired[float],
        #: class, or mix of classes, that guidance leads away from, as in class; text, 1 to 128 characters or integer from 0 to 65535 or map of text to
        #: number above 0; when left out: no class; all classes in equal parts where the voice was not trained without one
        "avoid": "NotRequired[str | int | dict[str, float]]",
        #: how many clips; clip i uses seed + i modulo 2^32; integer from 1 to 64; when left out: 1
        "count": NotRequired[int],
        #: sample format of previews and audio; "f32" or "s16"; when left out: "f32"
        "format": NotRequired[Literal["f32", "s16"]],
        #: output rate (Hz); integer from 8000 to 192000; when left out: the voice's rate
        "rate": NotRequired[int],
        #: send preview events; boolean; when left out: false
        "previews": NotRequired[bool],
        #: send row events; boolean; when left out: true
        "rows": NotRequired[bool],
        #: send audio events; boolean; when left out: true
        "audio": NotRequired[bool],
        #: write a WAV into the server's clip folder; boolean; when left out: false
        "save": NotRequired[bool],
        #: go on when this connection ends; foley.attach tells everything again, for ten minutes after the end; boolean; when left out: false
        "keep": NotRequired[bool],
        #: make so many and hand over the best by the voice's own embedder: likeliest of its class and most like a real clip, neither silent nor late nor
        #: like its siblings; costs as much as so many clips; rows and previews are not told then; integer from 1 to 16; when left out: 1
        "candidates": NotRequired[int],
        #: cut off the beginning (s); number from 0 to 60
        "trim": NotRequired[float],
        #: seconds that are wanted: less is cut at a quiet place, more than the voice's clip goes on from its end (s); number above 0 to 60; when left
        #: out: what the voice's clips have
        "length": NotRequired[float],
        #: cut to the sample, wherever that is; boolean; when left out: false
        "exact": NotRequired[bool],
        #: play it backwards; boolean; when left out: false
        "reverse": NotRequired[bool],
        #: fade at the beginning (s); number from 0 to 60
        "fadeIn": NotRequired[float],
        #: fade at the end (s); number from 0 to 60
        "fadeOut": NotRequired[float],
        #: louder or softer; beyond full scale is clipped (dB); number from -80 to 40; when left out: 0
        "gain": NotRequired[float],
    },
)


FoleyGenerateAccepted = TypedDict(
    "FoleyGenerateAccepted",
    {
        #: job id, unique in this server; text
        "job": str,
        #: seed of clip 0; integer from 0 to 4294967295
        "seed": int,
        #: voice id; text
        "voice": str,
        #: class name as the voice spells it, or the mix; text or map of text to number
        "class": "str | dict[str, float]",
        #: how many clips will come; integer from 1
        "count": int,
    },
)


class FoleyGenerateRow(TypedDict):
    #: which clip of count, from 0; integer from 0
    index: int
    #: finished row of the grid, from 0; integer from 0
    row: int
    #: rows in all; integer from 1
    rows: int
    #: codes of this row, left to right; list of integer from 0
    codes: list[int]


class FoleyGenerateCandidate(TypedDict):
    #: which clip of count, from 0; integer from 0
    index: int
    #: which of candidates, from 0; told when all of this clip are made; integer from 0
    candidate: int
    #: seed that makes this candidate alone; integer from 0 to 4294967295
    seed: int
    #: posterior, and the log-probability that it is real where the voice can tell; number
    score: float
    #: log-probability of the wanted class, by the embedder; number
    posterior: float
    #: log-odds that it is a real clip; null where the voice has no ranking; number or null
    real: float | None
    #: what speaks against it: such a one is handed over only if every other is rejected, too; "silent" or "late" or "alike" or null
    rejected: Literal["silent", "late", "alike"] | None
    #: boolean
    chosen: bool


class FoleyGeneratePreview(TypedDict):
    #: which clip of count, from 0; integer from 0
    index: int
    #: codebooks finished so far; the sound gets finer with each; integer from 1
    codebooks: int
    #: sample rate (Hz); integer
    rate: int
    #: interleaved channels; 1 today; integer from 1
    channels: int
    #: "f32" or "s16"
    format: Literal["f32", "s16"]
    #: of the clip from its beginning, of a voice whose rows go along time; without, the whole clip (s); number from 0
    seconds: NotRequired[float]
    #: the clip as far as it is known; bytes
    pcm: bytes


class FoleyGenerateAudio(TypedDict):
    #: which clip of count, from 0; integer from 0
    index: int
    #: first sample frame of this chunk (frames); integer from 0
    offset: int
    #: sample frames of the whole clip (frames); integer from 0
    total: int
    #: sample rate (Hz); integer
    rate: int
    #: interleaved channels; 1 today; integer from 1
    channels: int
    #: "f32" or "s16"
    format: Literal["f32", "s16"]
    #: samples of this chunk; bytes
    pcm: bytes


class FoleyGenerateDoneTimings(TypedDict):
    #: waited for the engine (ms); number from 0
    queueMs: NotRequired[float]
    #: start to first row (ms); number from 0
    firstRowMs: NotRequired[float]
    #: start to first preview; null without one; number from 0 or null
    firstPreviewMs: NotRequired[float | None]
    #: sampling the codes, all clips (ms); number from 0
    sampleMs: NotRequired[float]
    #: codes to mel, all clips (ms); number from 0
    decodeMs: NotRequired[float]
    #: mel to audio, all clips (ms); number from 0
    vocodeMs: NotRequired[float]
    #: accepted to done (ms); number from 0
    totalMs: float


class FoleyGenerateDoneClips(TypedDict):
    #: which clip of count, from 0; integer from 0
    index: int
    #: clip id; text
    clip: str
    #: seed that makes this clip alone again; integer from 0 to 4294967295
    seed: int
    #: by which it was chosen, with candidates above 1; the higher the better; number
    score: NotRequired[float]
    #: path of its WAV on the HTTP port, when saved; text
    url: NotRequired[str]
    #: path of its WAV on disk, when saved; text
    path: NotRequired[str]


class FoleyGenerateDone(TypedDict):
    #: id of clip 0; text
    clip: str
    #: length of each clip (s); number from 0
    seconds: float
    #: where the time went; map
    timings: FoleyGenerateDoneTimings
    #: one entry per clip; list of map
    clips: list[FoleyGenerateDoneClips]


FoleyGenerateEvent = (
    tuple[Literal["accepted"], FoleyGenerateAccepted]
    | tuple[Literal["row"], FoleyGenerateRow]
    | tuple[Literal["candidate"], FoleyGenerateCandidate]
    | tuple[Literal["preview"], FoleyGeneratePreview]
    | tuple[Literal["audio"], FoleyGenerateAudio]
)


FoleyVaryArgs = TypedDict(
    "FoleyVaryArgs",
    {
        #: id of a saved clip; text, 1 to 128 characters
        "clip": NotRequired[str],
        #: or a recording: a WAV, or bare mono samples; bytes in msgpack, base64 elsewhere; text, 0 to 1048576 characters or bytes
        "recording": "NotRequired[str | bytes]",
        #: of bare samples (Hz); integer from 4000 to 384000; when left out: it is a WAV
        "recordingRate": NotRequired[int],
        #: of bare samples; "f32" or "s16"; when left out: "s16"
        "recordingFormat": NotRequired[Literal["f32", "s16"]],
        #: or a code grid in raster order, as row events and clip.get tell it; of a longer clip piece after piece, as many as a list may hold; list of
        #: integer from 0 to 65535
        "codes": NotRequired[list[int]],
        #: how far it goes: 0 is the same clip, up to 0.35 only detail differs, 1 is another clip of its class; number from 0 to 1; when left out: 0.5,
        #: unless codebooks or keepRows are given
        "amount": NotRequired[float],
        #: or keep the first so many codebooks; integer from 0 to 65535
        "codebooks": NotRequired[int],
        #: or keep the first so many rows of the grid; integer from 0 to 65535
        "keepRows": NotRequired[int],
        #: what the new part is; as in foley.generate; text, 1 to 128 characters or integer from 0 to 65535 or map of text to number above 0; when left
        #: out: the clip's own class; a recording and codes need one
        "class": "NotRequired[str | int | dict[str, float]]",
        #: voice id; text, 1 to 128 characters; when left out: the clip's voice; of a recording and of codes the active one
        "voice": NotRequired[str],
        #: uint32, as number or decimal string; integer from 0 to 4294967295 or decimal text; when left out: drawn by the server
        "seed": "NotRequired[int | str]",
        #: 0 takes the likeliest code each time, 1 samples as trained; number from 0 to 2; when left out: 1
        "temperature": NotRequired[float],
        #: sample among the k likeliest codes; 0 is off; integer from 0 to 512; when left out: 0
        "topK": NotRequired[int],
        #: sample among the likeliest codes that together hold this probability; 1 is off; number above 0 to 1; when left out: 1
        "topP": NotRequired[float],
        #: classifier-free guidance: codes are drawn from log p(class) + guidance * (log p(class) - log p(avoid)); 0 is off, above 0 sampling costs up to
        #: twice as much; number from 0 to 8; when left out: the clip's own, with its class; else the voice's default for the class
        "guidance": NotRequired[float],
        #: class, or mix of classes, that guidance leads away from, as in class; text, 1 to 128 characters or integer from 0 to 65535 or map of text to
        #: number above 0; when left out: no class; all classes in equal parts where the voice was not trained without one
        "avoid": "NotRequired[str | int | dict[str, float]]",
        #: how many clips; clip i uses seed + i modulo 2^32; integer from 1 to 64; when left out: 1
        "count": NotRequired[int],
        #: sample format of previews and audio; "f32" or "s16"; when left out: "f32"
        "format": NotRequired[Literal["f32", "s16"]],
        #: output rate (Hz); integer from 8000 to 192000; when left out: the voice's rate
        "rate": NotRequired[int],
        #: send preview events; boolean; when left out: false
        "previews": NotRequired[bool],
        #: send row events; boolean; when left out: true
        "rows": NotRequired[bool],
        #: send audio events; boolean; when left out: true
        "audio": NotRequired[bool],
        #: write a WAV into the server's clip folder; boolean; when left out: false
        "save": NotRequired[bool],
        #: go on when this connection ends; foley.attach tells everything again, for ten minutes after the end; boolean; when left out: false
        "keep": NotRequired[bool],
        #: cut off the beginning (s); number from 0 to 60
        "trim": NotRequired[float],
        #: seconds that are wanted: less is cut at a quiet place, more than the voice's clip goes on from its end (s); number above 0 to 60; when left
        #: out: what the voice's clips have
        "length": NotRequired[float],
        #: cut to the sample, wherever that is; boolean; when left out: false
        "exact": NotRequired[bool],
        #: play it backwards; boolean; when left out: false
        "reverse": NotRequired[bool],
        #: fade at the beginning (s); number from 0 to 60
        "fadeIn": NotRequired[float],
        #: fade at the end (s); number from 0 to 60
        "fadeOut": NotRequired[float],
        #: louder or softer; beyond full scale is clipped (dB); number from -80 to 40; when left out: 0
        "gain": NotRequired[float],
    },
)


FoleyBranchArgs = TypedDict(
    "FoleyBranchArgs",
    {
        #: id of a saved clip; text, 1 to 128 characters
        "clip": NotRequired[str],
        #: or a job that runs, from accepted; text, 1 to 128 characters
        "job": NotRequired[str],
        #: which clip of the job; integer from 0 to 64; when left out: 0
        "index": NotRequired[int],
        #: first row that is made anew; integer from 0 to 65535; when left out: the next row of a running clip; the middle of a finished one
        "row": NotRequired[int],
        #: what they become; text, 1 to 128 characters or integer from 0 to 65535 or map of text to number above 0; when left out: the clip's own class
        "class": "NotRequired[str | int | dict[str, float]]",
        #: uint32, as number or decimal string; integer from 0 to 4294967295 or decimal text; when left out: drawn by the server
        "seed": "NotRequired[int | str]",
        #: 0 takes the likeliest code each time, 1 samples as trained; number from 0 to 2; when left out: 1
        "temperature": NotRequired[float],
        #: sample among the k likeliest codes; 0 is off; integer from 0 to 512; when left out: 0
        "topK": NotRequired[int],
        #: sample among the likeliest codes that together hold this probability; 1 is off; number above 0 to 1; when left out: 1
        "topP": NotRequired[float],
        #: classifier-free guidance: codes are drawn from log p(class) + guidance * (log p(class) - log p(avoid)); 0 is off, above 0 sampling costs up to
        #: twice as much; number from 0 to 8; when left out: the clip's own, with its class; else the voice's default for the class
        "guidance": NotRequired[float],
        #: class, or mix of classes, that guidance leads away from, as in class; text, 1 to 128 characters or integer from 0 to 65535 or map of text to
        #: number above 0; when left out: no class; all classes in equal parts where the voice was not trained without one
        "avoid": "NotRequired[str | int | dict[str, float]]",
        #: how many clips; clip i uses seed + i modulo 2^32; integer from 1 to 64; when left out: 4
        "count": NotRequired[int],
        #: sample format of previews and audio; "f32" or "s16"; when left out: "f32"
        "format": NotRequired[Literal["f32", "s16"]],
        #: output rate (Hz); integer from 8000 to 192000; when left out: the voice's rate
        "rate": NotRequired[int],
        #: send preview events; boolean; when left out: false
        "previews": NotRequired[bool],
        #: send row events; boolean; when left out: true
        "rows": NotRequired[bool],
        #: send audio events; boolean; when left out: true
        "audio": NotRequired[bool],
        #: write a WAV into the server's clip folder; boolean; when left out: false
        "save": NotRequired[bool],
        #: go on when this connection ends; foley.attach tells everything again, for ten minutes after the end; boolean; when left out: false
        "keep": NotRequired[bool],
        #: cut off the beginning (s); number from 0 to 60
        "trim": NotRequired[float],
        #: seconds that are wanted: less is cut at a quiet place, more than the voice's clip goes on from its end (s); number above 0 to 60; when left
        #: out: what the voice's clips have
        "length": NotRequired[float],
        #: cut to the sample, wherever that is; boolean; when left out: false
        "exact": NotRequired[bool],
        #: play it backwards; boolean; when left out: false
        "reverse": NotRequired[bool],
        #: fade at the beginning (s); number from 0 to 60
        "fadeIn": NotRequired[float],
        #: fade at the end (s); number from 0 to 60
        "fadeOut": NotRequired[float],
        #: louder or softer; beyond full scale is clipped (dB); number from -80 to 40; when left out: 0
        "gain": NotRequired[float],
    },
)


class FoleyAttachArgs(TypedDict):
    #: job id, from accepted; text, 1 to 128 characters
    job: str


class FoleyCancelArgs(TypedDict):
    #: job id, from accepted; works from any connection; text, 1 to 128 characters
    job: NotRequired[str]
    #: or the id of the request that began it, on this connection; text, 1 to 64 characters
    request: NotRequired[str]


class FoleyCancelDone(TypedDict):
    #: false when there was nothing left to stop; boolean
    cancelled: bool


ClipListArgs = TypedDict(
    "ClipListArgs",
    {
        #: only of this class, mixes with it included; text, 1 to 128 characters
        "class": NotRequired[str],
        #: only starred ones, or only others; boolean
        "starred": NotRequired[bool],
        #: part of the name, class, voice or id; text, 1 to 128 characters
        "text": NotRequired[str],
        #: of one page; integer from 1 to 500; when left out: 50
        "limit": NotRequired[int],
        #: next of the page before; text, 1 to 128 characters
        "after": NotRequired[str],
    },
)


ClipListDoneClips = TypedDict(
    "ClipListDoneClips",
    {
        #: clip id; text
        "clip": str,
        #: given by a person; empty without; text
        "name": str,
        #: stays, however many clips there are; boolean
        "starred": bool,
        #: since 1970 (ms); number
        "created": float,
        #: (s); number from 0
        "seconds": float,
        #: null where the file does not say; text or map of text to number or null
        "class": "str | dict[str, float] | None",
        #: voice id; text or null
        "voice": "str | None",
        #: integer from 0 to 4294967295 or null
        "seed": "int | None",
        #: path of its WAV on the HTTP port; text
        "url": str,
        #: path of its WAV on disk; text
        "path": str,
    },
)


class ClipListDone(TypedDict):
    #: list of map
    clips: list[ClipListDoneClips]
    #: how many match, on all pages; integer from 0
    total: int
    #: where the next page begins; null on the last one; text or null
    next: str | None


class ClipGetArgs(TypedDict):
    #: clip id; text, 1 to 128 characters
    clip: str


ClipGetDoneClip = TypedDict(
    "ClipGetDoneClip",
    {
        #: clip id; text
        "clip": str,
        #: given by a person; empty without; text
        "name": str,
        #: stays, however many clips there are; boolean
        "starred": bool,
        #: since 1970 (ms); number
        "created": float,
        #: (s); number from 0
        "seconds": float,
        #: null where the file does not say; text or map of text to number or null
        "class": "str | dict[str, float] | None",
        #: voice id; text or null
        "voice": "str | None",
        #: integer from 0 to 4294967295 or null
        "seed": "int | None",
        #: path of its WAV on the HTTP port; text
        "url": str,
        #: path of its WAV on disk; text
        "path": str,
        #: what made it: voice hash, class weights, seed, temperature and so on; map or null
        "recipe": "dict[str, Any] | None",
        #: what it was made from, and how: varied, branched; map or null
        "lineage": "dict[str, Any] | None",
        #: what was done to the sound of its codes; map or null
        "shape": "dict[str, Any] | None",
        #: its code grid in raster order, of a longer clip one after the other; null for clips of older servers; list of integer from 0 or null
        "codes": "list[int] | None",
    },
)


class ClipGetDone(TypedDict):
    #: map
    clip: ClipGetDoneClip


class ClipRenameArgs(TypedDict):
    #: clip id; text, 1 to 128 characters
    clip: str
    #: empty takes the name away; text, 0 to 128 characters
    name: str


class ClipRenameDone(TypedDict):
    #: map
    clip: ClipListDoneClips


class ClipStarArgs(TypedDict):
    #: clip id; text, 1 to 128 characters
    clip: str
    #: boolean; when left out: true
    starred: NotRequired[bool]


class ClipDeleteDone(TypedDict):
    #: clip id; text
    deleted: str


class ClipExportArgs(TypedDict):
    #: clip id; text, 1 to 128 characters
    clip: str
    #: of the file, without folder; text, 1 to 128 characters; when left out: made by the rules of UCS
    name: NotRequired[str]
    #: the server's folder of exports, the folder its owner delivers to, or into the answer; "exports" or "delivery" or "bytes"; when left out:
    #: "exports"
    to: NotRequired[Literal["exports", "delivery", "bytes"]]
    #: below that of deliveries; text, 0 to 128 characters; when left out: ""
    folder: NotRequired[str]
    #: container; a FLAC carries the chunks of its WAV too; "wav" or "flac"; when left out: "wav"
    format: NotRequired[Literal["wav", "flac"]]
    #: of a sample; 16 is dithered, 32 is float and only in a WAV; 16 or 24 or 32; when left out: 24
    bits: NotRequired[Literal[16, 24, 32]]
    #: sample rate (Hz); integer from 8000 to 192000; when left out: 48000
    rate: NotRequired[int]
    #: mono, or stereo in which the sound is placed; 1 or 2; when left out: 1
    channels: NotRequired[Literal[1, 2]]
    #: place between left, -1, and right, 1, at constant power; number from -1 to 1; when left out: 0
    pan: NotRequired[float]
    #: ceiling of the true peak: what is higher is lowered as a whole, nothing is raised to it (dBTP); number from -60 to 0; when left out: -2
    peak: NotRequired[float]
    #: integrated loudness that is wanted, as far as the ceiling allows; gain does not count then (LUFS); number from -60 to -5
    lufs: NotRequired[float]
    #: state a loop and make it seamless, where the sound is steady enough; boolean; when left out: false
    loop: NotRequired[bool]
    #: since midnight, at the rate of the file (samples); integer from 0 or decimal text; when left out: 0
    timeReference: NotRequired[int | str]
    #: of UCS; text; when left out: the server's list, the voice's card, the class
    catId: NotRequired[str]
    #: 24 characters of it are used; text, 0 to 128 characters; when left out: the clip's name, else its class
    fxName: NotRequired[str]
    #: CreatorID; text, 0 to 128 characters; when left out: FOLEYD
    creator: NotRequired[str]
    #: SourceID: show, project or library; text, 0 to 128 characters; when left out: NONE
    source: NotRequired[str]
    #: last block of the name; text, 0 to 128 characters; when left out: s and the seed
    userData: NotRequired[str]
    #: of iXML; text, 0 to 128 characters
    project: NotRequired[str]
    #: of iXML; text, 0 to 128 characters
    scene: NotRequired[str]
    #: of iXML; text, 0 to 128 characters
    take: NotRequired[str]
    #: cut off the beginning (s); number from 0 to 60
    trim: NotRequired[float]
    #: cut to the sample, wherever that is; boolean; when left out: false
    exact: NotRequired[bool]
    #: play it backwards; boolean; when left out: false
    reverse: NotRequired[bool]
    #: fade at the beginning (s); number from 0 to 60
    fadeIn: NotRequired[float]
    #: fade at the end (s); number from 0 to 60
    fadeOut: NotRequired[float]
    #: seconds that are wanted: what is longer is cut at a quiet place (s); number above 0 to 60
    length: NotRequired[float]
    #: louder or softer, up to the ceiling; nothing is clipped (dB); number from -80 to 40; when left out: 0
    gain: NotRequired[float]


class ClipExportDone(TypedDict):
    #: the file, where it was to be sent; bytes
    content: NotRequired[bytes]
    #: of the file, without folder; text
    name: str
    #: of the file on disk; null where it was sent; text or null
    path: str | None
    #: integer from 0
    bytes: int
    #: (s); number from 0
    seconds: float
    #: integrated loudness; null of silence and of less than 0.4 s (LUFS); number or null
    lufs: float | None
    #: null of silence (dBTP); number or null
    truePeak: float | None
    #: how much louder than the clip it is (dB); number
    gain: float
    #: whether it has a loop; boolean
    looped: bool


ClipBatchArgsRows = TypedDict(
    "ClipBatchArgsRows",
    {
        #: clip id; text, 1 to 128 characters
        "clip": NotRequired[str],
        #: name, id or a mix like DogBark:0.7+Rain:0.3; text, 1 to 128 characters
        "class": NotRequired[str],
        #: integer from 0 to 4294967295 or decimal text
        "seed": "NotRequired[int | str]",
        #: integer from 1 to 64; when left out: 1
        "count": NotRequired[int],
        #: text, 1 to 128 characters
        "voice": NotRequired[str],
        #: classifier-free guidance: codes are drawn from log p(class) + guidance * (log p(class) - log p(avoid)); 0 is off, above 0 sampling costs up to
        #: twice as much; number from 0 to 8; when left out: the voice's default for the class
        "guidance": NotRequired[float],
        #: make so many and hand over the best by the voice's own embedder: likeliest of its class and most like a real clip, neither silent nor late nor
        #: like its siblings; costs as much as so many clips; integer from 1 to 16; when left out: 1
        "candidates": NotRequired[int],
        #: as class; text, 1 to 128 characters
        "avoid": NotRequired[str],
        #: text
        "catId": NotRequired[str],
        #: text, 0 to 128 characters
        "fxName": NotRequired[str],
        #: text, 0 to 128 characters
        "userData": NotRequired[str],
        #: text, 0 to 128 characters
        "take": NotRequired[str],
    },
)


class ClipBatchArgs(TypedDict):
    #: clip ids; list of text, 1 to 128 characters
    clips: NotRequired[list[str]]
    #: lines of a sheet: a clip, or a class with seed and count; what they say goes before the rest; list of map
    rows: NotRequired[list[ClipBatchArgsRows]]
    #: the server's folder of exports, the folder its owner delivers to, or into the answer; "exports" or "delivery" or "bytes"; when left out:
    #: "exports"
    to: NotRequired[Literal["exports", "delivery", "bytes"]]
    #: below that of deliveries; text, 0 to 128 characters; when left out: ""
    folder: NotRequired[str]
    #: of the sheet, without folder and ending; text, 1 to 128 characters; when left out: batch and the job
    sheet: NotRequired[str]
    #: container; a FLAC carries the chunks of its WAV too; "wav" or "flac"; when left out: "wav"
    format: NotRequired[Literal["wav", "flac"]]
    #: of a sample; 16 is dithered, 32 is float and only in a WAV; 16 or 24 or 32; when left out: 24
    bits: NotRequired[Literal[16, 24, 32]]
    #: sample rate (Hz); integer from 8000 to 192000; when left out: 48000
    rate: NotRequired[int]
    #: mono, or stereo in which the sound is placed; 1 or 2; when left out: 1
    channels: NotRequired[Literal[1, 2]]
    #: place between left, -1, and right, 1, at constant power; number from -1 to 1; when left out: 0
    pan: NotRequired[float]
    #: ceiling of the true peak: what is higher is lowered as a whole, nothing is raised to it (dBTP); number from -60 to 0; when left out: -2
    peak: NotRequired[float]
    #: integrated loudness that is wanted, as far as the ceiling allows; gain does not count then (LUFS); number from -60 to -5
    lufs: NotRequired[float]
    #: state a loop and make it seamless, where the sound is steady enough; boolean; when left out: false
    loop: NotRequired[bool]
    #: since midnight, at the rate of the file (samples); integer from 0 or decimal text; when left out: 0
    timeReference: NotRequired[int | str]
    #: of UCS; text; when left out: the server's list, the voice's card, the class
    catId: NotRequired[str]
    #: 24 characters of it are used; text, 0 to 128 characters; when left out: the clip's name, else its class
    fxName: NotRequired[str]
    #: CreatorID; text, 0 to 128 characters; when left out: FOLEYD
    creator: NotRequired[str]
    #: SourceID: show, project or library; text, 0 to 128 characters; when left out: NONE
    source: NotRequired[str]
    #: last block of the name; text, 0 to 128 characters; when left out: s and the seed
    userData: NotRequired[str]
    #: of iXML; text, 0 to 128 characters
    project: NotRequired[str]
    #: of iXML; text, 0 to 128 characters
    scene: NotRequired[str]
    #: of iXML; text, 0 to 128 characters
    take: NotRequired[str]
    #: cut off the beginning (s); number from 0 to 60
    trim: NotRequired[float]
    #: cut to the sample, wherever that is; boolean; when left out: false
    exact: NotRequired[bool]
    #: play it backwards; boolean; when left out: false
    reverse: NotRequired[bool]
    #: fade at the beginning (s); number from 0 to 60
    fadeIn: NotRequired[float]
    #: fade at the end (s); number from 0 to 60
    fadeOut: NotRequired[float]
    #: seconds that are wanted: what is longer is cut at a quiet place (s); number above 0 to 60
    length: NotRequired[float]
    #: louder or softer, up to the ceiling; nothing is clipped (dB); number from -80 to 40; when left out: 0
    gain: NotRequired[float]


class ClipBatchAccepted(TypedDict):
    #: job id; text
    job: str
    #: how many will come; integer from 1
    files: int


class ClipBatchProgress(TypedDict):
    #: integer from 0
    done: int
    #: integer from 1
    of: int


class ClipBatchFile(TypedDict):
    #: which file, from 0, in the order of the sheet; integer from 0
    index: int
    #: clip id; text
    clip: str
    #: the file, where it was to be sent; bytes
    content: NotRequired[bytes]
    #: of the file, without folder; text
    name: str
    #: of the file on disk; null where it was sent; text or null
    path: str | None
    #: integer from 0
    bytes: int
    #: (s); number from 0
    seconds: float
    #: integrated loudness; null of silence and of less than 0.4 s (LUFS); number or null
    lufs: float | None
    #: null of silence (dBTP); number or null
    truePeak: float | None
    #: how much louder than the clip it is (dB); number
    gain: float
    #: whether it has a loop; boolean
    looped: bool


class ClipBatchSkipped(TypedDict):
    #: which file, from 0, in the order of the sheet; integer from 0
    index: int
    #: error code; text
    code: str
    #: text
    message: str


class ClipBatchDone(TypedDict):
    #: how many were made; integer from 0
    files: int
    #: how many could not be; integer from 0
    skipped: int
    #: of the sheet on disk; null where the files were sent; text or null
    path: str | None
    #: the sheet itself; text
    sheet: str


ClipBatchEvent = (
    tuple[Literal["accepted"], ClipBatchAccepted]
    | tuple[Literal["progress"], ClipBatchProgress]
    | tuple[Literal["file"], ClipBatchFile]
    | tuple[Literal["skipped"], ClipBatchSkipped]
)


class DeliverSetArgsSettings(TypedDict):
    #: container; a FLAC carries the chunks of its WAV too; "wav" or "flac"; when left out: "wav"
    format: NotRequired[Literal["wav", "flac"]]
    #: of a sample; 16 is dithered, 32 is float and only in a WAV; 16 or 24 or 32; when left out: 24
    bits: NotRequired[Literal[16, 24, 32]]
    #: sample rate (Hz); integer from 8000 to 192000; when left out: 48000
    rate: NotRequired[int]
    #: mono, or stereo in which the sound is placed; 1 or 2; when left out: 1
    channels: NotRequired[Literal[1, 2]]
    #: place between left, -1, and right, 1, at constant power; number from -1 to 1; when left out: 0
    pan: NotRequired[float]
    #: ceiling of the true peak: what is higher is lowered as a whole, nothing is raised to it (dBTP); number from -60 to 0; when left out: -2
    peak: NotRequired[float]
    #: integrated loudness that is wanted, as far as the ceiling allows; gain does not count then (LUFS); number from -60 to -5
    lufs: NotRequired[float]
    #: state a loop and make it seamless, where the sound is steady enough; boolean; when left out: false
    loop: NotRequired[bool]
    #: since midnight, at the rate of the file (samples); integer from 0 or decimal text; when left out: 0
    timeReference: NotRequired[int | str]
    #: of UCS; text; when left out: the server's list, the voice's card, the class
    catId: NotRequired[str]
    #: 24 characters of it are used; text, 0 to 128 characters; when left out: the clip's name, else its class
    fxName: NotRequired[str]
    #: CreatorID; text, 0 to 128 characters; when left out: FOLEYD
    creator: NotRequired[str]
    #: SourceID: show, project or library; text, 0 to 128 characters; when left out: NONE
    source: NotRequired[str]
    #: last block of the name; text, 0 to 128 characters; when left out: s and the seed
    userData: NotRequired[str]
    #: of iXML; text, 0 to 128 characters
    project: NotRequired[str]
    #: of iXML; text, 0 to 128 characters
    scene: NotRequired[str]
    #: of iXML; text, 0 to 128 characters
    take: NotRequired[str]
    #: cut off the beginning (s); number from 0 to 60
    trim: NotRequired[float]
    #: cut to the sample, wherever that is; boolean; when left out: false
    exact: NotRequired[bool]
    #: play it backwards; boolean; when left out: false
    reverse: NotRequired[bool]
    #: fade at the beginning (s); number from 0 to 60
    fadeIn: NotRequired[float]
    #: fade at the end (s); number from 0 to 60
    fadeOut: NotRequired[float]
    #: seconds that are wanted: what is longer is cut at a quiet place (s); number above 0 to 60
    length: NotRequired[float]
    #: louder or softer, up to the ceiling; nothing is clipped (dB); number from -80 to 40; when left out: 0
    gain: NotRequired[float]


class DeliverSetArgs(TypedDict):
    #: boolean; when left out: true
    on: NotRequired[bool]
    #: below that of deliveries; text, 0 to 128 characters; when left out: ""
    folder: NotRequired[str]
    #: only clips that are starred, as soon as they are, and those that are already; boolean; when left out: false
    starred: NotRequired[bool]
    #: clips that were saved before it was switched on as well; boolean; when left out: false
    earlier: NotRequired[bool]
    #: only clips of these; list of text, 1 to 128 characters; when left out: all
    classes: NotRequired[list[str]]
    #: how the files are made, as clip.export takes it; map; when left out: {}
    settings: NotRequired[DeliverSetArgsSettings]


class DeliverSetDone(TypedDict):
    #: boolean
    on: bool
    #: folder that the owner named; null without; text or null
    root: str | None
    #: below it; text
    folder: str
    #: only starred clips; boolean
    starred: bool
    #: only clips of these; null for all; list of text or null
    classes: list[str] | None
    #: how the files are made, as clip.export takes it; map
    settings: dict[str, Any]
    #: files since the server started; integer from 0
    delivered: int
    #: clips whose turn has not come; integer from 0
    waiting: int
    #: path of the newest file; text or null
    last: str | None
    #: why the last clip could not be delivered; deliver.set or a restart tries it again; text or null
    problem: str | None


class VoiceListDoneVoicesClasses(TypedDict):
    #: integer from 0
    id: int
    #: text
    name: str


class VoiceListDoneVoices(TypedDict):
    #: voice id, as foley.generate takes it; text
    id: str
    #: name for people; text
    name: str
    #: what it can make; list of map
    classes: list[VoiceListDoneVoicesClasses]
    #: SHA-256 over its graphs, hex; text
    hash: str
    #: whether it is used when no voice is named; boolean
    active: bool


class VoiceListDone(TypedDict):
    #: every voice on disk; list of map
    voices: list[VoiceListDoneVoices]


class VoiceInfoArgs(TypedDict):
    #: voice id; text, 1 to 128 characters; when left out: the active voice
    voice: NotRequired[str]


class VoiceInfoDone(TypedDict):
    #: the voice's card.json; map
    card: dict[str, Any]


class ServerInfoDoneEngineLanes(TypedDict):
    #: integer
    open: int
    #: integer
    most: int


class ServerInfoDoneEngine(TypedDict):
    #: "starting" or "ready" or "stalled" or "restarting" or "closed"
    state: Literal["starting", "ready", "stalled", "restarting", "closed"]
    #: text
    provider: str
    #: integer
    threads: int
    #: map
    lanes: ServerInfoDoneEngineLanes
    #: integer
    restarts: int


class ServerInfoDonePorts(TypedDict):
    #: integer from 0 to 65535 or null
    http: int | None
    #: integer from 0 to 65535 or null
    osc: int | None


class ServerInfoDonePlayback(TypedDict):
    #: "running" or "headless" or "failed" or "closed"
    state: Literal["running", "headless", "failed", "closed"]
    #: text or null
    device: str | None


class ServerInfoDoneMidi(TypedDict):
    #: MIDI inputs that are listened to; list of text
    inputs: list[str]
    #: MIDI inputs that are there too; list of text
    others: list[str]
    #: why there are none, or not those that were asked for; text or null
    problem: str | None
    #: the input whose clock counts the beats; text or null
    clock: str | None
    #: beats a minute of that clock; number or null
    tempo: float | None


class ServerInfoDoneQueue(TypedDict):
    #: integer from 0
    waiting: int
    #: integer from 0
    running: int


class ServerInfoDone(TypedDict):
    #: version of foleyd; text
    version: str
    #: time since the start (s); number from 0
    uptime: float
    #: state, execution provider, threads, processes that make clips (lanes) open and at most, restarts; map
    engine: ServerInfoDoneEngine
    #: ports in use; null when off; map
    ports: ServerInfoDonePorts
    #: the sizes of this protocol, as the table of limits; map of text to number
    limits: dict[str, float]
    #: state, device, why there is none, rate, latency, voices; null until something is played; map or null
    playback: ServerInfoDonePlayback | None
    #: map
    midi: ServerInfoDoneMidi
    #: jobs waiting and running; map
    queue: ServerInfoDoneQueue


class ServerPingArgs(TypedDict):
    #: text or number to give back; text, 0 to 1024 characters or number
    payload: NotRequired[str | float]


class ServerPingDone(TypedDict):
    #: what was given; text, 0 to 1024 characters or number
    payload: NotRequired[str | float]
    #: the server's clock, since 1970 (ms); number
    time: float


class ServerClockArgs(TypedDict):
    #: the client's clock, given back (ms); number
    t1: NotRequired[float]


class ServerClockDone(TypedDict):
    #: what was given (ms); number or null
    t1: float | None
    #: when the request came, since 1970 (ms); number
    t2: float
    #: when the answer left, since 1970 (ms); number
    t3: float
    #: null while nothing has been played; number or null
    audio: float | None
    #: from scheduling to the output (s); number from 0
    latency: float


class ServerWatchArgs(TypedDict):
    #: send job events; boolean; when left out: true
    jobs: NotRequired[bool]
    #: send hit events; boolean; when left out: true
    hits: NotRequired[bool]
    #: send pool events; boolean; when left out: true
    pools: NotRequired[bool]
    #: send refused events; boolean; when left out: false
    refused: NotRequired[bool]


class ServerWatchAccepted(TypedDict):
    #: boolean
    jobs: bool
    #: boolean
    hits: bool
    #: boolean
    pools: bool


class ServerWatchJob(TypedDict):
    #: job id for admins; for others a name that only tells jobs apart; text
    job: str
    #: "queued" or "started" or "row" or "done" or "failed" or "cancelled"
    state: Literal["queued", "started", "row", "done", "failed", "cancelled"]
    #: queued: how many it makes; integer from 0
    clips: NotRequired[int]
    #: row: of which clip; integer from 0
    index: NotRequired[int]
    #: row: finished, from 0; integer from 0
    row: NotRequired[int]
    #: row: of how many; integer from 0
    rows: NotRequired[int]


ServerWatchHit = TypedDict(
    "ServerWatchHit",
    {
        #: text
        "map": str,
        #: voice of the output, for trigger.stop; integer from 0
        "voice": int,
        #: pool: a clip that was ready; generated: made for this hit; again: one played before, changed a little; "pool" or "generated" or "again"
        "from": Literal["pool", "generated", "again"],
        #: when it begins to sound, since 1970 (ms); number
        "at": float,
        #: of the output, since it began; number
        "frame": float,
        #: how much too late that is (ms); number from 0
        "late": float,
        #: text or map of text to number
        "class": "str | dict[str, float]",
        #: that makes this clip again with foley.generate, with the temperature and the guidance; integer from 0 to 4294967295
        "seed": int,
        #: number
        "temperature": float,
        #: number
        "guidance": float,
        #: clips that are still ready; integer from 0
        "remaining": int,
    },
)


class ServerWatchPool(TypedDict):
    #: text
    map: str
    #: clips that can sound at once; integer from 0
    ready: int
    #: clips that should; integer from 0
    want: int
    #: clips that are being made; integer from 0
    coming: int
    #: hits that were heard; integer from 0
    played: int
    #: of them: clips that were played again, changed a little; integer from 0
    starved: int
    #: why it gets no clips; text or null
    problem: str | None


class ServerWatchRefused(TypedDict):
    #: "osc" or "ws" or "http"
    transport: Literal["osc", "ws", "http"]
    #: sender; empty for clients that are not admins; text
    address: str
    #: error code; text
    code: str
    #: text
    message: str


class ServerWatchDone(TypedDict):
    pass


ServerWatchEvent = (
    tuple[Literal["accepted"], ServerWatchAccepted]
    | tuple[Literal["job"], ServerWatchJob]
    | tuple[Literal["hit"], ServerWatchHit]
    | tuple[Literal["pool"], ServerWatchPool]
    | tuple[Literal["refused"], ServerWatchRefused]
)


class DeviceListDone(TypedDict):
    #: audio devices, as --output takes them; list of text
    outputs: list[str]
    #: why there are none, where that is known; text or null
    outputsProblem: str | None
    #: the device that plays; null before the first sound, and without one; text or null
    output: str | None
    #: map
    midi: ServerInfoDoneMidi


class TriggerMapArgsSource(TypedDict):
    #: MIDI note; integer from 0 to 127
    note: int
    #: MIDI channel; integer from 1 to 16; when left out: any
    channel: NotRequired[int]


class TriggerMapArgsSource2(TypedDict):
    #: MIDI controller: fires when its value comes to 64 or more; integer from 0 to 127
    cc: int
    #: MIDI channel; integer from 1 to 16; when left out: any
    channel: NotRequired[int]


class TriggerMapArgsSource3(TypedDict):
    #: MIDI program change; integer from 0 to 127
    program: int
    #: MIDI channel; integer from 1 to 16; when left out: any
    channel: NotRequired[int]


class TriggerMapArgsSource4(TypedDict):
    #: OSC address of your own; its first number, 0 to 1 or 2 to 127, is the velocity; text
    osc: str


TriggerMapArgs = TypedDict(
    "TriggerMapArgs",
    {
        #: name of the map; text
        "id": str,
        #: what fires it; map or map or map or map; when left out: only trigger.fire
        "source": "NotRequired[TriggerMapArgsSource | TriggerMapArgsSource2 | TriggerMapArgsSource3 | TriggerMapArgsSource4]",
        #: what it plays, as in foley.generate; text, 1 to 128 characters or integer from 0 to 65535 or map of text to number above 0
        "class": "str | int | dict[str, float]",
        #: voice id; text, 1 to 128 characters; when left out: the active voice
        "voice": NotRequired[str],
        #: of the clips that are made for it; number from 0 to 2; when left out: 1
        "temperature": NotRequired[float],
        #: of the clips for the softest hits, in between for those in between; number from 0 to 2; when left out: temperature
        "softTemperature": NotRequired[float],
        #: classifier-free guidance: codes are drawn from log p(class) + guidance * (log p(class) - log p(avoid)); 0 is off, above 0 sampling costs up to
        #: twice as much; number from 0 to 8; when left out: the voice's default for the class
        "guidance": NotRequired[float],
        #: class, or mix of classes, that guidance leads away from, as in class; text, 1 to 128 characters or integer from 0 to 65535 or map of text to
        #: number above 0; when left out: no class; all classes in equal parts where the voice was not trained without one
        "avoid": "NotRequired[str | int | dict[str, float]]",
        #: make so many and hand over the best by the voice's own embedder: likeliest of its class and most like a real clip, neither silent nor late nor
        #: like its siblings; costs as much as so many clips; a clip that a hit waits for is the only one; integer from 1 to 16; when left out: 1
        "candidates": NotRequired[int],
        #: clips that are kept ready; integer from 1 to 16; when left out: 3
        "ready": NotRequired[int],
        #: play the ready clips again and again, in turn; without, no clip is played twice while fresh ones are there; boolean; when left out: false
        "reuse": NotRequired[bool],
        #: shot: to its end; gate: until the note ends; loop: again and again until the note ends; "shot" or "gate" or "loop"; when left out: "shot"
        "mode": NotRequired[Literal["shot", "gate", "loop"]],
        #: loudness (dB); number from -80 to 20; when left out: 0
        "gain": NotRequired[float],
        #: how much a soft hit is softer: 0 not at all; number from 0 to 1; when left out: 1
        "velocity": NotRequired[float],
        #: -1 left, 1 right; number from -1 to 1; when left out: 0
        "pan": NotRequired[float],
        #: pair of output channels; integer from 0 to 31; when left out: 0
        "bus": NotRequired[int],
        #: group: a new sound of it ends the others; text, 1 to 128 characters; when left out: none
        "choke": NotRequired[str],
        #: at most (s); number above 0 to 60; when left out: the whole clip
        "length": NotRequired[float],
        #: at the beginning (s); number from 0 to 10; when left out: 0
        "fadeIn": NotRequired[float],
        #: at the end, or when it is stopped (s); number from 0 to 10; when left out: 0.01
        "fadeOut": NotRequired[float],
        #: wait for the next multiple of so many beats of the song (transport.set, or a MIDI clock); 0 plays at once; number from 0 to 64; when left out:
        #: 0
        "quantise": NotRequired[float],
    },
)


TriggerMapDoneMap = TypedDict(
    "TriggerMapDoneMap",
    {
        #: name of the map; text
        "id": str,
        #: what fires it; map or map or map or map; when left out: only trigger.fire
        "source": "NotRequired[TriggerMapArgsSource | TriggerMapArgsSource2 | TriggerMapArgsSource3 | TriggerMapArgsSource4]",
        #: what it plays, as in foley.generate; text, 1 to 128 characters or integer from 0 to 65535 or map of text to number above 0
        "class": "str | int | dict[str, float]",
        #: voice id; text, 1 to 128 characters; when left out: the active voice
        "voice": NotRequired[str],
        #: of the clips that are made for it; number from 0 to 2; when left out: 1
        "temperature": float,
        #: of the clips for the softest hits, in between for those in between; number from 0 to 2; when left out: temperature
        "softTemperature": NotRequired[float],
        #: classifier-free guidance: codes are drawn from log p(class) + guidance * (log p(class) - log p(avoid)); 0 is off, above 0 sampling costs up to
        #: twice as much; number from 0 to 8; when left out: the voice's default for the class
        "guidance": NotRequired[float],
        #: class, or mix of classes, that guidance leads away from, as in class; text, 1 to 128 characters or integer from 0 to 65535 or map of text to
        #: number above 0; when left out: no class; all classes in equal parts where the voice was not trained without one
        "avoid": "NotRequired[str | int | dict[str, float]]",
        #: make so many and hand over the best by the voice's own embedder: likeliest of its class and most like a real clip, neither silent nor late nor
        #: like its siblings; costs as much as so many clips; a clip that a hit waits for is the only one; integer from 1 to 16; when left out: 1
        "candidates": int,
        #: clips that are kept ready; integer from 1 to 16; when left out: 3
        "ready": int,
        #: play the ready clips again and again, in turn; without, no clip is played twice while fresh ones are there; boolean; when left out: false
        "reuse": bool,
        #: shot: to its end; gate: until the note ends; loop: again and again until the note ends; "shot" or "gate" or "loop"; when left out: "shot"
        "mode": Literal["shot", "gate", "loop"],
        #: loudness (dB); number from -80 to 20; when left out: 0
        "gain": float,
        #: how much a soft hit is softer: 0 not at all; number from 0 to 1; when left out: 1
        "velocity": float,
        #: -1 left, 1 right; number from -1 to 1; when left out: 0
        "pan": float,
        #: pair of output channels; integer from 0 to 31; when left out: 0
        "bus": int,
        #: group: a new sound of it ends the others; text, 1 to 128 characters; when left out: none
        "choke": NotRequired[str],
        #: at most (s); number above 0 to 60; when left out: the whole clip
        "length": NotRequired[float],
        #: at the beginning (s); number from 0 to 10; when left out: 0
        "fadeIn": float,
        #: at the end, or when it is stopped (s); number from 0 to 10; when left out: 0.01
        "fadeOut": float,
        #: wait for the next multiple of so many beats of the song (transport.set, or a MIDI clock); 0 plays at once; number from 0 to 64; when left out:
        #: 0
        "quantise": float,
    },
)


class TriggerMapDone(TypedDict):
    #: map
    map: TriggerMapDoneMap


class TriggerEditArgs(TypedDict):
    #: name of the map; text
    id: str
    #: the fields of trigger.map to change; null takes an optional one away; map
    change: dict[str, Any]


class TriggerUnmapArgs(TypedDict):
    #: name of the map; text
    id: str


class TriggerUnmapDone(TypedDict):
    #: text
    id: str


class TriggerListDone(TypedDict):
    #: list of map
    maps: list[TriggerMapDoneMap]
    #: list of map
    pools: list[ServerWatchPool]


class TriggerExportArgs(TypedDict):
    #: name of the map; list of text; when left out: all of them
    ids: NotRequired[list[str]]


class TriggerExportDone(TypedDict):
    #: list of map
    maps: list[TriggerMapDoneMap]


class TriggerImportArgs(TypedDict):
    #: list of map
    maps: list[TriggerMapArgs]
    #: take every other map away; boolean; when left out: false
    replace: NotRequired[bool]


class TriggerImportDone(TypedDict):
    #: how many there are now; integer from 0
    maps: int


class TriggerFireArgs(TypedDict):
    #: name of the map; text
    id: NotRequired[str]
    #: or every map of this OSC address; text
    osc: NotRequired[str]
    #: 0 ends what a gate or a loop holds; number from 0 to 1; when left out: 1
    velocity: NotRequired[float]
    #: with nothing ready and nothing played before: make a clip and play it late; boolean; when left out: true
    wait: NotRequired[bool]


class TriggerFireDone(TypedDict):
    #: one for each map, none for a note that ends; list of map
    hits: list[ServerWatchHit]


class TriggerFireLate(TypedDict):
    #: how much too late (ms); number
    late: float
    #: the time that was asked for, since 1970 (ms); number
    asked: float
    #: the time at which it happened, since 1970 (ms); number
    at: float


TriggerFireEvent = (
    tuple[Literal["late"], TriggerFireLate]
)


class TriggerStopArgs(TypedDict):
    #: of the output, from a hit; integer from 0
    voice: NotRequired[int]
    #: or a map; text
    id: NotRequired[str]
    #: to silence (s); number from 0 to 60; when left out: 0.02
    fade: NotRequired[float]


class TriggerStopDone(TypedDict):
    #: sounds that were ended; integer from 0
    stopped: int


class TransportSetArgs(TypedDict):
    #: false: it stands; boolean
    playing: bool
    #: beats a minute; number from 1 to 1000; when left out: as before, 120 at first
    tempo: NotRequired[float]
    #: beats since the song's beginning; negative in a count-in; number from -1000000 to 1000000000; when left out: where it is by what was told
    #: before
    beat: NotRequired[float]
    #: after so long without another word it stands: for hosts that may be gone without one (s); number from 0.1 to 86400; when left out: for ever
    lasts: NotRequired[float]


class TransportSetDone(TypedDict):
    #: whether beats are counted; boolean
    playing: bool
    #: beats a minute; null where nobody counts; number or null
    tempo: float | None
    #: beats since the song's beginning, at at; negative in a count-in; number or null
    beat: float | None
    #: since 1970 (ms); number
    at: float
    #: client, or the MIDI input whose clock is followed; null where nobody counts; text or null
    source: str | None


class PoolInfoArgs(TypedDict):
    #: a map; text, 1 to 128 characters; when left out: all of them
    id: NotRequired[str]


class PoolInfoDone(TypedDict):
    #: list of map
    pools: list[ServerWatchPool]
    #: of all pools, clips that may come again included; integer from 0
    bytes: int
    #: bytes that they may have; integer from 0
    most: int


class AdminActivateArgs(TypedDict):
    #: voice id; text, 1 to 128 characters
    voice: str
    #: whatever the gate says; boolean; when left out: false
    force: NotRequired[bool]


class AdminActivateDone(TypedDict):
    #: voice id that is active now; text
    voice: str
    #: the one that was; text
    previous: str
    #: what the gate would have refused, where it only warns; text or null
    warning: str | None


class AdminFadArgs(TypedDict):
    #: voice id; text, 1 to 128 characters; when left out: the active voice
    voice: NotRequired[str]
    #: only these classes; list of text, 1 to 128 characters; when left out: every class of the voice
    classes: NotRequired[list[str]]
    #: clips of each class; fewer than 8 give no interval; integer from 2 to 200; when left out: 40
    clips: NotRequired[int]
    #: seed of the first clip of each class; the next ones count up; integer from 0 to 4294967295 or decimal text
    seed: NotRequired[int | str]
    #: as in foley.generate; number from 0 to 2; when left out: 1
    temperature: NotRequired[float]
    #: as in foley.generate; number from 0 to 8; when left out: the voice's default for the class
    guidance: NotRequired[float]
    #: a .npz of statistics or embeddings in the server's references folder, by its name without the ending; text, 1 to 128 characters; when left out:
    #: real clips that come with the embedder
    reference: NotRequired[str]


class AdminFadAccepted(TypedDict):
    #: job id; text
    job: str
    #: voice id; text
    voice: str
    #: classes that will be measured; list of text
    classes: list[str]
    #: classes the reference does not know; list of text
    missing: list[str]


class AdminFadProgress(TypedDict):
    #: what is going on; "clips" or "distances"
    part: Literal["clips", "distances"]
    #: clips, or classes, so far; integer from 0
    done: int
    #: how many there will be; integer from 0
    of: int


class AdminFadClassDistancesReference(TypedDict):
    #: embeddings behind the reference; integer from 0
    embeddings: int
    #: clips behind it, where it says; integer from 0 or null
    clips: int | None
    #: fewer embeddings than twice their numbers: the covariance is mostly a guess; boolean
    small: bool


class AdminFadClassDistances(TypedDict):
    #: clips that count in the distances; integer from 0
    clips: int
    #: clips that do not, because none of their patches sounds; integer from 0
    silent: int
    #: embeddings of them, one per 0.96 s patch that counts; integer from 0
    embeddings: int
    #: Fréchet audio distance to the reference; number from 0
    fad: float
    #: lower bound of its 95 % interval over clips; null below 8 clips; number or null
    low: float | None
    #: upper bound; number or null
    high: float | None
    #: FAD at endlessly many clips, extrapolated; null below 8 clips; number or null
    infinity: float | None
    #: how straight the line to it is, 1 is perfectly; number or null
    r2: float | None
    #: kernel audio distance; null where the reference holds statistics alone; number or null
    kad: float | None
    #: its standard error over clips; number or null
    kadError: float | None
    #: share of the clips that the embedder takes for this class; number from 0 to 1
    named: float
    #: map
    reference: AdminFadClassDistancesReference


AdminFadClass = TypedDict(
    "AdminFadClass",
    {
        #: text
        "class": str,
        #: map
        "distances": AdminFadClassDistances,
    },
)


class AdminFadDoneScoreAverage(TypedDict):
    #: number from 0
    fad: float
    #: lower bound of its 95 % interval over clips, from those of the classes; null where one has none; number or null
    low: float | None
    #: upper bound; number or null
    high: float | None
    #: number or null
    infinity: float | None
    #: number or null
    kad: float | None
    #: number from 0 to 1
    named: float


class AdminFadDoneScore(TypedDict):
    #: ISO 8601; text
    when: str
    #: voice id; text
    voice: str
    #: the voice's hash: a name may come to mean another voice; text
    hash: str
    #: SHA-256 of the embedder; only distances by one embedder compare; text
    embedder: str
    #: what they are distances to; text
    reference: str
    #: patches that count, on both sides: sounding ones, whose loudest 10 ms lie within 45 dB of the clip's peak and above -50 dBFS, or all where the
    #: reference counts all; scores of the two do not compare; "sounding" or "all"
    patches: Literal["sounding", "all"]
    #: clips of each class; integer from 0
    clips: int
    #: seed of the first clip of each class; integer from 0 to 4294967295
    seed: int
    #: of the clips; null where it was not kept; number or null
    temperature: float | None
    #: of the clips; null where each class had the voice's default; number or null
    guidance: float | None
    #: share of clips that count as memorised, from the voice's card; null if the card has none; number from 0 to 1 or null
    memorised: float | None
    #: each class that the reference knows; map of text to map
    classes: dict[str, AdminFadClassDistances]
    #: plain means over these classes; map
    average: AdminFadDoneScoreAverage


class AdminFadDone(TypedDict):
    #: map
    score: AdminFadDoneScore
    #: that it took (s); number from 0
    seconds: float


AdminFadEvent = (
    tuple[Literal["accepted"], AdminFadAccepted]
    | tuple[Literal["progress"], AdminFadProgress]
    | tuple[Literal["class"], AdminFadClass]
)


class VoiceScoresArgs(TypedDict):
    #: only of this voice id; text, 1 to 128 characters
    voice: NotRequired[str]


class VoiceScoresDone(TypedDict):
    #: list of map
    scores: list[AdminFadDoneScore]


VoiceCompareArgs = TypedDict(
    "VoiceCompareArgs",
    {
        #: voice ids, in the order in which they are heard; list of text, 1 to 128 characters
        "voices": list[str],
        #: class by name (case does not matter), by its id in the first voice, or a mix; every voice must have it; text, 1 to 128 characters or integer
        #: from 0 to 65535 or map of text to number above 0; when left out: only the cards are compared
        "class": "NotRequired[str | int | dict[str, float]]",
        #: uint32, as number or decimal string; integer from 0 to 4294967295 or decimal text; when left out: drawn by the server
        "seed": "NotRequired[int | str]",
        #: 0 takes the likeliest code each time, 1 samples as trained; number from 0 to 2; when left out: 1
        "temperature": NotRequired[float],
        #: sample among the k likeliest codes; 0 is off; integer from 0 to 512; when left out: 0
        "topK": NotRequired[int],
        #: sample among the likeliest codes that together hold this probability; 1 is off; number above 0 to 1; when left out: 1
        "topP": NotRequired[float],
        #: classifier-free guidance: codes are drawn from log p(class) + guidance * (log p(class) - log p(avoid)); 0 is off, above 0 sampling costs up to
        #: twice as much; number from 0 to 8; when left out: the voice's default for the class
        "guidance": NotRequired[float],
        #: class, or mix of classes, that guidance leads away from, as in class; text, 1 to 128 characters or integer from 0 to 65535 or map of text to
        #: number above 0; when left out: no class; all classes in equal parts where the voice was not trained without one
        "avoid": "NotRequired[str | int | dict[str, float]]",
        #: sample format of previews and audio; "f32" or "s16"; when left out: "f32"
        "format": NotRequired[Literal["f32", "s16"]],
        #: output rate (Hz); integer from 8000 to 192000; when left out: the voice's rate
        "rate": NotRequired[int],
        #: send preview events; boolean; when left out: false
        "previews": NotRequired[bool],
        #: send row events; boolean; when left out: true
        "rows": NotRequired[bool],
        #: send audio events; boolean; when left out: true
        "audio": NotRequired[bool],
        #: write a WAV into the server's clip folder; boolean; when left out: false
        "save": NotRequired[bool],
        #: clips of each voice; the k-th of each has seed + k, modulo 2^32; integer from 1 to 8; when left out: 1
        "count": NotRequired[int],
    },
)


VoiceCompareAccepted = TypedDict(
    "VoiceCompareAccepted",
    {
        #: job id, unique in this server; text
        "job": str,
        #: seed of clip 0; integer from 0 to 4294967295
        "seed": int,
        #: class name as the voice spells it, or the mix; text or map of text to number
        "class": "str | dict[str, float]",
        #: how many clips will come; integer from 1
        "count": int,
        #: voice ids: clip i is of voice floor(i / (count / voices)); list of text
        "voices": list[str],
    },
)


class VoiceCompareDoneVoicesData(TypedDict):
    #: integer from 0
    train: int
    #: integer from 0
    eval: int


class VoiceCompareDoneVoicesTraining(TypedDict):
    #: integer from 0 or null
    steps: int | None
    #: number from 0 or null
    minutes: float | None


class VoiceCompareDoneVoicesMeasuredClasses(TypedDict):
    #: number from 0
    fad: float
    #: number from 0 to 1
    named: float


class VoiceCompareDoneVoicesMeasured(TypedDict):
    #: ISO 8601; text
    when: str
    #: SHA-256 of the embedder; text
    embedder: str
    #: what they are distances to; text
    reference: str
    #: clips of each class; integer from 0
    clips: int
    #: mean Fréchet audio distance over the classes; number from 0
    average: float
    #: of each class; map of text to map
    classes: dict[str, VoiceCompareDoneVoicesMeasuredClasses]


class VoiceCompareDoneVoices(TypedDict):
    #: voice id; text
    voice: str
    #: name for people; text
    name: str
    #: SHA-256 over its graphs, hex; text
    hash: str
    #: boolean
    active: bool
    #: sizes and settings it was trained with; text or null
    preset: str | None
    #: ISO 8601; text or null
    created: str | None
    #: text or null
    licence: str | None
    #: id of the voice that it was trained on from; text or null
    base: str | None
    #: names, in the order of ids; list of text
    classes: list[str]
    #: its own sample rate (Hz); integer
    rate: int
    #: length of its clips (s); number from 0
    seconds: float
    #: of its graphs, and of those of voices it carries along; integer from 0
    bytes: int
    #: clips that each class was trained on, and examined with, where its card says; map of text to map or null
    data: dict[str, VoiceCompareDoneVoicesData] | None
    #: of each stage, where its card says; map of text to map
    training: dict[str, VoiceCompareDoneVoicesTraining]
    #: what admin.fad found last here; null where it was not asked; map or null
    measured: VoiceCompareDoneVoicesMeasured | None


class VoiceCompareDoneClips(TypedDict):
    #: which clip of count, from 0; integer from 0
    index: int
    #: seed that makes this clip alone again; integer from 0 to 4294967295
    seed: int
    #: by which it was chosen, with candidates above 1; the higher the better; number
    score: NotRequired[float]
    #: path of its WAV on the HTTP port, when saved; text
    url: NotRequired[str]
    #: path of its WAV on disk, when saved; text
    path: NotRequired[str]
    #: clip id; text
    clip: str
    #: voice id; text
    voice: str
    #: (s); number from 0
    seconds: float


class VoiceCompareDone(TypedDict):
    #: list of map
    voices: list[VoiceCompareDoneVoices]
    #: all were measured alike, by one embedder against one reference with as many clips of the same classes: only then distances compare; boolean
    alike: bool
    #: one entry per clip, all of one voice before those of the next; none without a class; list of map
    clips: list[VoiceCompareDoneClips]
    #: where the time went; null without a class; map or null
    timings: FoleyGenerateDoneTimings | None


VoiceCompareEvent = (
    tuple[Literal["accepted"], VoiceCompareAccepted]
    | tuple[Literal["row"], FoleyGenerateRow]
    | tuple[Literal["preview"], FoleyGeneratePreview]
    | tuple[Literal["audio"], FoleyGenerateAudio]
)


class VoiceDeleteArgs(TypedDict):
    #: voice id; a broken voice can be deleted too; text, 1 to 128 characters
    voice: str
    #: also the one that admin.rollback would go back to, and one that trigger maps name; boolean; when left out: false
    force: NotRequired[bool]


class VoiceDeleteDone(TypedDict):
    #: voice id; text
    deleted: str


class VoiceExportArgs(TypedDict):
    #: voice id; text, 1 to 128 characters; when left out: the active voice
    voice: NotRequired[str]
    #: first byte of the piece that is wanted, where the file comes in pieces (bytes); integer from 0; when left out: 0
    offset: NotRequired[int]
    #: bytes of that piece (bytes); integer from 0 to 4194304; when left out: 1048576
    length: NotRequired[int]


class VoiceExportDone(TypedDict):
    #: voice id; text
    voice: str
    #: what the file may be called; text
    name: str
    #: of the whole file (bytes); integer from 0
    size: int
    #: what the file is: pieces of one tag belong together; text
    tag: str
    #: where the piece begins (bytes); integer from 0
    offset: int
    #: its bytes, fewer at the end of the file; bytes
    piece: bytes


class VoiceUploadArgs(TypedDict):
    #: a name of your own for this file; the first piece begins it; text
    upload: str
    #: as many bytes as are here; 0 begins the file anew (bytes); integer from 0; when left out: 0
    offset: NotRequired[int]
    #: base64 of the bytes; text, 0 to 700000 characters
    data: str


class VoiceUploadDone(TypedDict):
    #: text
    upload: str
    #: of the file that are here now (bytes); integer from 0
    bytes: int


VoiceImportArgs = TypedDict(
    "VoiceImportArgs",
    {
        #: the file, brought by voice.upload; gone once the voice is there; text; when left out: the body of a PUT
        "upload": NotRequired[str],
        #: id it gets here; text; when left out: the id it had; refused where that is taken
        "as": NotRequired[str],
    },
)


class VoiceImportProgress(TypedDict):
    #: what is going on; "bytes" or "tried"
    part: Literal["bytes", "tried"]
    #: bytes so far; 1 once a clip was made; integer from 0
    done: int
    #: how many there will be; integer from 0
    of: int


class VoiceImportDone(TypedDict):
    #: voice id here; text
    voice: str
    #: name for people; text
    name: str
    #: SHA-256 over its graphs, hex: as it was where it came from; text
    hash: str
    #: of the file (bytes); integer from 0
    bytes: int


VoiceImportEvent = (
    tuple[Literal["progress"], VoiceImportProgress]
)


class DatasetUploadArgs(TypedDict):
    #: a name of your own for these recordings; the first piece begins it; text
    upload: str
    #: name.wav, or Class/name.wav; WAV, FLAC, Ogg, MP3 or AIFF; text, 1 to 128 characters
    file: str
    #: where in the file: as many bytes as are here; 0 begins it anew (bytes); integer from 0; when left out: 0
    offset: NotRequired[int]
    #: base64 of the bytes; text, 0 to 700000 characters
    data: str


class DatasetUploadDone(TypedDict):
    #: text
    upload: str
    #: text
    file: str
    #: of this file that are here now; integer from 0
    bytes: int


DatasetAddArgs = TypedDict(
    "DatasetAddArgs",
    {
        #: id of the new data set; text
        "dataset": str,
        #: recordings that came by dataset.upload; gone afterwards; text
        "upload": NotRequired[str],
        #: or a folder of the server, inside one that --dataset-folder allows; text, 1 to 1024 characters
        "folder": NotRequired[str],
        #: or saved clips, by id; list of text, 1 to 128 characters
        "clips": NotRequired[list[str]],
        #: or every starred clip; boolean
        "starred": NotRequired[bool],
        #: what all of it is; text, 1 to 128 characters; when left out: a folder per class; a clip's own class
        "class": NotRequired[str],
        #: length of the longest clip (s); number from 0.5 to 60; when left out: 4
        "seconds": NotRequired[float],
        #: of the recordings; the credits of every voice that learns from them have it; text, 1 to 128 characters; when left out: "unknown"
        "licence": NotRequired[str],
        #: who recorded them; text, 1 to 128 characters; when left out: "unknown"
        "author": NotRequired[str],
        #: for people; text, 0 to 4000 characters; when left out: ""
        "notes": NotRequired[str],
    },
)


class DatasetAddAccepted(TypedDict):
    #: text
    dataset: str


class DatasetAddProgress(TypedDict):
    #: recording that was cut; text
    file: str
    #: that it gave; integer from 0
    clips: int
    #: recordings so far; integer from 0
    done: int


DatasetAddDoneClasses = TypedDict(
    "DatasetAddDoneClasses",
    {
        #: text
        "class": str,
        #: integer from 0
        "clips": int,
        #: clips that are learned from; integer from 0
        "train": int,
        #: clips that are kept for examination, of other recordings; integer from 0
        "eval": int,
        #: integer from 0
        "originals": int,
        #: (min); number from 0
        "minutes": float,
    },
)


class DatasetAddDoneSilent(TypedDict):
    #: integer from 0
    count: int
    #: the first of them; list of text
    files: list[str]


class DatasetAddDone(TypedDict):
    #: data set id; text
    dataset: str
    #: ISO 8601; text
    created: str
    #: text
    licence: str
    #: text
    author: str
    #: text
    notes: str
    #: where the recordings came from; text
    source: str
    #: clips that can be trained on; integer from 0
    clips: int
    #: of clips (min); number from 0
    minutes: float
    #: recordings the clips were cut from; integer from 0
    originals: int
    #: of silence that was left out (min); number from 0
    minutesSilent: float
    #: list of map
    classes: list[DatasetAddDoneClasses]
    #: clips below -60 dBFS; map
    silent: DatasetAddDoneSilent
    #: clips that reach full scale and stay there; map
    clipped: DatasetAddDoneSilent
    #: pairs of clips of different recordings that are nearly the same; map
    duplicates: DatasetAddDoneSilent
    #: clips for examination that were left out because they are nearly the same as one that is learned from; map
    dropped: DatasetAddDoneSilent


DatasetAddEvent = (
    tuple[Literal["accepted"], DatasetAddAccepted]
    | tuple[Literal["progress"], DatasetAddProgress]
)


class DatasetListDoneDatasets(TypedDict):
    #: data set id; text
    dataset: str
    #: ISO 8601; text
    created: str
    #: text
    licence: str
    #: text
    author: str
    #: text
    notes: str
    #: where the recordings came from; text
    source: str
    #: clips that can be trained on; integer from 0
    clips: int
    #: of clips (min); number from 0
    minutes: float
    #: recordings the clips were cut from; integer from 0
    originals: int
    #: of silence that was left out (min); number from 0
    minutesSilent: float
    #: list of map
    classes: list[DatasetAddDoneClasses]


class DatasetListDone(TypedDict):
    #: list of map
    datasets: list[DatasetListDoneDatasets]


class DatasetInfoArgs(TypedDict):
    #: data set id; text
    dataset: str


class DatasetRemoveDone(TypedDict):
    #: data set id; text
    removed: str


class AdminRetrainArgs(TypedDict):
    #: id of the new voice; text
    voice: str
    #: what it learns from; list of text
    datasets: list[str]
    #: name of the voice for people; text, 1 to 128 characters; when left out: its id
    name: NotRequired[str]
    #: voice it is trained on: classes that are new are added, the others stay; text; when left out: the active voice
    base: NotRequired[str]
    #: from nothing instead: the voice knows only what the data sets have; boolean; when left out: false
    scratch: NotRequired[bool]
    #: of the data sets; list of text, 1 to 128 characters; when left out: all of them
    classes: NotRequired[list[str]]
    #: what is trained on; of a codec only the decoder; list of "codec" or "vocoder" or "prior"; when left out: prior; all from scratch
    stages: NotRequired[list[Literal["codec", "vocoder", "prior"]]]
    #: of training, all stages together (min); number above 0 to 20160; when left out: 20, unless steps are given
    minutes: NotRequired[float]
    #: or steps of each stage; integer from 1 to 10000000
    steps: NotRequired[int]
    #: sizes and settings from scratch, one of the trainer's presets: tiny proves in minutes that it all works; text; when left out: "rvq"
    preset: NotRequired[str]
    #: of everything random; integer from 0 to 4294967295 or decimal text
    seed: NotRequired[int | str]
    #: false: done comes at once, with an empty hash, and admin.attach tells the rest; boolean; when left out: true
    wait: NotRequired[bool]


class AdminRetrainAccepted(TypedDict):
    #: job id; the training goes on whatever becomes of this connection; text
    job: str
    #: text
    voice: str
    #: text or null
    base: str | None
    #: trainings that come before; integer from 0
    ahead: int


class AdminRetrainState(TypedDict):
    #: "queued" or "running" or "paused" or "done" or "failed" or "cancelled"
    state: Literal["queued", "running", "paused", "done", "failed", "cancelled"]
    #: text or null
    message: str | None


class AdminRetrainStage(TypedDict):
    #: codec, vocoder, prior or export; text
    stage: str
    #: from 1; integer from 0
    number: int
    #: integer from 0
    of: int


class AdminRetrainProgress(TypedDict):
    #: text
    part: str
    #: integer from 0
    done: int
    #: integer from 0
    of: int


class AdminRetrainStep(TypedDict):
    #: codec, vocoder, prior or export; text
    stage: str
    #: steps of this stage so far; integer from 0
    step: int
    #: number from 0 to 1
    share: float
    #: to the end of the last stage; null where nobody can say (s); number from 0 or null
    eta: float | None
    #: map of text to number
    losses: dict[str, float]


class AdminRetrainEval(TypedDict):
    #: codec, vocoder, prior or export; text
    stage: str
    #: steps of this stage so far; integer from 0
    step: int
    #: on clips it never learned from; score is what it is judged by, less is better; map of text to number
    scores: dict[str, float]


AdminRetrainAudition = TypedDict(
    "AdminRetrainAudition",
    {
        #: codec, vocoder, prior or export; text
        "stage": str,
        #: steps of this stage so far; integer from 0
        "step": int,
        #: text
        "class": str,
        #: of the WAV on disk; text
        "path": str,
        #: a clip as it sounds by now; bytes
        "wav": bytes,
        #: PNG of its mel spectrogram; bytes
        "picture": bytes,
    },
)


class AdminRetrainDone(TypedDict):
    #: text
    job: str
    #: id of the new voice; admin.activate makes it the active one; text
    voice: str
    #: its hash; text
    hash: str
    #: from the order to the voice (s); number from 0
    seconds: float


AdminRetrainEvent = (
    tuple[Literal["accepted"], AdminRetrainAccepted]
    | tuple[Literal["state"], AdminRetrainState]
    | tuple[Literal["stage"], AdminRetrainStage]
    | tuple[Literal["progress"], AdminRetrainProgress]
    | tuple[Literal["step"], AdminRetrainStep]
    | tuple[Literal["eval"], AdminRetrainEval]
    | tuple[Literal["audition"], AdminRetrainAudition]
)


class AdminJobsDoneJobs(TypedDict):
    #: job id; text
    job: str
    #: "queued" or "running" or "paused" or "done" or "failed" or "cancelled"
    state: Literal["queued", "running", "paused", "done", "failed", "cancelled"]
    #: id of the voice it makes; text
    voice: str
    #: voice it is trained on; null from scratch; text or null
    base: str | None
    #: list of text
    datasets: list[str]
    #: since 1970 (ms); integer
    created: int
    #: since 1970 (ms); integer or null
    ended: int | None
    #: text or null
    stage: str | None
    #: steps of this stage so far; integer from 0
    step: int
    #: of this stage's budget; number from 0 to 1
    share: float
    #: to the end of the last stage; null where nobody can say (s); number from 0 or null
    eta: float | None
    #: of what went wrong; text or null
    code: str | None
    #: why it is in this state, where there is something to say; text or null
    message: str | None
    #: last lines of a failed trainer's log; list of text
    log: list[str]


class AdminJobsDone(TypedDict):
    #: list of map
    jobs: list[AdminJobsDoneJobs]


class AdminAttachArgs(TypedDict):
    #: job id; text, 1 to 128 characters
    job: str


class AdminPauseDone(TypedDict):
    #: text
    job: str
    #: "queued" or "running" or "paused" or "done" or "failed" or "cancelled"
    state: Literal["queued", "running", "paused", "done", "failed", "cancelled"]
    #: false where there was nothing to do; boolean
    changed: bool


class Commands:
    """One method for each command."""

    def _request(self, cmd: str, args: Mapping[str, Any] | None, at: float | None = None) -> Request[Any, Any]:
        raise NotImplementedError

    def foley_generate(self, args: FoleyGenerateArgs) -> Request[FoleyGenerateEvent, FoleyGenerateDone]:
        """Makes one or more clips of a class and streams what happens: rows of codes, previews, audio."""
        return self._request("foley.generate", args)

    def foley_vary(self, args: FoleyVaryArgs | None = None) -> Request[FoleyGenerateEvent, FoleyGenerateDone]:
        """Keeps part of a clip, or of a recording of your own, and makes the rest anew: the same body with another top."""
        return self._request("foley.vary", args)

    def foley_branch(self, args: FoleyBranchArgs | None = None) -> Request[FoleyGenerateEvent, FoleyGenerateDone]:
        """Lets several clips go on from one row of a clip, finished or running; what they share is computed once."""
        return self._request("foley.branch", args)

    def foley_attach(self, args: FoleyAttachArgs) -> Request[FoleyGenerateEvent, FoleyGenerateDone]:
        """Tells again what a job told that was asked for with `keep`, and then the rest: after a reload or a lost connection."""
        return self._request("foley.attach", args)

    def foley_cancel(self, args: FoleyCancelArgs | None = None) -> Request[tuple[str, Any], FoleyCancelDone]:
        """Stops a job, waiting or running; the request that began it then ends with `failed` and code `cancelled`."""
        return self._request("foley.cancel", args)

    def clip_list(self, args: ClipListArgs | None = None) -> Request[tuple[str, Any], ClipListDone]:
        """Lists saved clips, newest first."""
        return self._request("clip.list", args)

    def clip_get(self, args: ClipGetArgs) -> Request[tuple[str, Any], ClipGetDone]:
        """Everything that is known of a saved clip: recipe, codes, lineage."""
        return self._request("clip.get", args)

    def clip_rename(self, args: ClipRenameArgs) -> Request[tuple[str, Any], ClipRenameDone]:
        """Gives a saved clip a name."""
        return self._request("clip.rename", args)

    def clip_star(self, args: ClipStarArgs) -> Request[tuple[str, Any], ClipRenameDone]:
        """Stars a saved clip, so that it stays, or takes the star away."""
        return self._request("clip.star", args)

    def clip_delete(self, args: ClipGetArgs) -> Request[tuple[str, Any], ClipDeleteDone]:
        """Deletes a saved clip; a starred one only after its star is gone."""
        return self._request("clip.delete", args)

    def clip_export(self, args: ClipExportArgs) -> Request[tuple[str, Any], ClipExportDone]:
        """Makes a file for a sound department of a saved clip: WAV with bext, iXML and cues, or FLAC. No file is ever replaced."""
        return self._request("clip.export", args)

    def clip_batch(self, args: ClipBatchArgs | None = None) -> Request[ClipBatchEvent, ClipBatchDone]:
        """Makes files of many clips, of saved ones and of ones that are made for it, and a sheet (CSV) of them, as one job."""
        return self._request("clip.batch", args)

    def deliver_set(self, args: DeliverSetArgs | None = None) -> Request[tuple[str, Any], DeliverSetDone]:
        """Says which saved clips are delivered by themselves to the folder that the owner named, and how; each once, for good. Needs the admin role."""
        return self._request("deliver.set", args)

    def deliver_info(self) -> Request[tuple[str, Any], DeliverSetDone]:
        """What is delivered by itself, where, and how far that is."""
        return self._request("deliver.info", None)

    def voice_list(self) -> Request[tuple[str, Any], VoiceListDone]:
        """Lists the voices and their classes."""
        return self._request("voice.list", None)

    def voice_info(self, args: VoiceInfoArgs | None = None) -> Request[tuple[str, Any], VoiceInfoDone]:
        """Gives a voice's card: classes, grid, rates, data, licences, credits, scores."""
        return self._request("voice.info", args)

    def server_info(self) -> Request[tuple[str, Any], ServerInfoDone]:
        """Says what runs: version, engine, ports, limits, queue."""
        return self._request("server.info", None)

    def server_ping(self, args: ServerPingArgs | None = None) -> Request[tuple[str, Any], ServerPingDone]:
        """Answers at once with what it was given."""
        return self._request("server.ping", args)

    def server_clock(self, args: ServerClockArgs | None = None) -> Request[tuple[str, Any], ServerClockDone]:
        """Compares clocks as NTP does: with t4, the answer's arrival, a client's offset is ((t2 - t1) + (t3 - t4)) / 2."""
        return self._request("server.clock", args)

    def server_watch(self, args: ServerWatchArgs | None = None) -> Request[ServerWatchEvent, ServerWatchDone]:
        """Sends events of the whole server, including those of other clients: jobs and their rows, hits, pools, refused messages. Runs until it is
        cancelled; over OSC as long as the client sends something once a minute. A slow client misses some events.
        """
        return self._request("server.watch", args)

    def device_list(self) -> Request[tuple[str, Any], DeviceListDone]:
        """Lists what sounds can go to and what MIDI can come from on the machine of the server, and what is open."""
        return self._request("device.list", None)

    def trigger_map(self, args: TriggerMapArgs) -> Request[tuple[str, Any], TriggerMapDone]:
        """Maps a MIDI note, controller or program, or an OSC address, to a sound that is kept ready; a map of this id is replaced. Maps of one source
        all sound, in the order in which they were made.
        """
        return self._request("trigger.map", args)

    def trigger_edit(self, args: TriggerEditArgs) -> Request[tuple[str, Any], TriggerMapDone]:
        """Changes some of a map while it plays; what is ready stays ready unless what it plays is changed."""
        return self._request("trigger.edit", args)

    def trigger_unmap(self, args: TriggerUnmapArgs) -> Request[tuple[str, Any], TriggerUnmapDone]:
        """Takes a map away; a shot of it sounds to its end, a gate or a loop ends."""
        return self._request("trigger.unmap", args)

    def trigger_list(self) -> Request[tuple[str, Any], TriggerListDone]:
        """Every map and its pool."""
        return self._request("trigger.list", None)

    def trigger_export(self, args: TriggerExportArgs | None = None) -> Request[tuple[str, Any], TriggerExportDone]:
        """Maps to keep elsewhere: what it answers is what `trigger.import` takes."""
        return self._request("trigger.export", args)

    def trigger_import(self, args: TriggerImportArgs) -> Request[tuple[str, Any], TriggerImportDone]:
        """Takes maps as `trigger.export` and `trigger.list` give them, all or none; those with the same ids are replaced."""
        return self._request("trigger.import", args)

    def trigger_fire(self, args: TriggerFireArgs | None = None, *, at: float | None = None) -> Request[TriggerFireEvent, TriggerFireDone]:
        """Plays a map as if it was hit. With a time ahead that leaves room for it, a clip is made for this hit; else, or when that clip is not made in
        time, one that is ready plays. `at`: when it is meant, in ms since 1970.
        """
        return self._request("trigger.fire", args, at)

    def trigger_stop(self, args: TriggerStopArgs | None = None) -> Request[tuple[str, Any], TriggerStopDone]:
        """Ends a sound, the sounds of a map, or all of them."""
        return self._request("trigger.stop", args)

    def transport_set(self, args: TransportSetArgs, *, at: float | None = None) -> Request[TriggerFireEvent, TransportSetDone]:
        """Tells where the song of a host is: it goes on from there by itself until the next word, and maps with `quantise` wait for its beats. While it
        plays it goes before a MIDI clock. With a time, it is so at that time. `at`: when it is meant, in ms since 1970.
        """
        return self._request("transport.set", args, at)

    def transport_info(self) -> Request[tuple[str, Any], TransportSetDone]:
        """Where the song is, and who counts its beats."""
        return self._request("transport.info", None)

    def pool_info(self, args: PoolInfoArgs | None = None) -> Request[tuple[str, Any], PoolInfoDone]:
        """The clips that maps keep ready, and what memory they take. Over OSC `/foley/maps` tells them; `server.watch` tells each change."""
        return self._request("pool.info", args)

    def admin_activate(self, args: AdminActivateArgs) -> Request[tuple[str, Any], AdminActivateDone]:
        """Makes a voice the active one: loaded and tried beside the old one, then new requests get it; those that run end with theirs. Needs the admin
        role.
        """
        return self._request("admin.activate", args)

    def admin_rollback(self) -> Request[tuple[str, Any], AdminActivateDone]:
        """Makes the voice active again that was active before this one. Needs the admin role."""
        return self._request("admin.rollback", None)

    def admin_fad(self, args: AdminFadArgs | None = None) -> Request[AdminFadEvent, AdminFadDone]:
        """Makes clips of each class and says how far they lie from real ones: Fréchet and kernel audio distance of their sounding patches, class by
        class. Needs the admin role.
        """
        return self._request("admin.fad", args)

    def voice_scores(self, args: VoiceScoresArgs | None = None) -> Request[tuple[str, Any], VoiceScoresDone]:
        """Lists what `admin.fad` has measured here, oldest first."""
        return self._request("voice.scores", args)

    def voice_compare(self, args: VoiceCompareArgs) -> Request[VoiceCompareEvent, VoiceCompareDone]:
        """Puts voices beside each other: their cards and scores, and, with a class, the same seeds and settings made by each, as one job."""
        return self._request("voice.compare", args)

    def voice_delete(self, args: VoiceDeleteArgs) -> Request[tuple[str, Any], VoiceDeleteDone]:
        """Removes a voice that nothing needs: not the active one, none that ships with the server, none that a job or training works with. Needs the
        admin role.
        """
        return self._request("voice.delete", args)

    def voice_export(self, args: VoiceExportArgs | None = None) -> Request[tuple[str, Any], VoiceExportDone]:
        """Gives a voice as one file: graphs, card, embedder, reference statistics and credits. The same voice is the same bytes. Needs the admin role."""
        return self._request("voice.export", args)

    def voice_upload(self, args: VoiceUploadArgs) -> Request[tuple[str, Any], VoiceUploadDone]:
        """Takes a piece of the file of a voice. They come in order; `voice.import` makes a voice of them. Needs the admin role."""
        return self._request("voice.upload", args)

    def voice_import(self, args: VoiceImportArgs | None = None) -> Request[VoiceImportEvent, VoiceImportDone]:
        """Makes a voice of a file that `voice.export` gave: every hash is compared, what could execute is refused, and a clip is made in a process of
        its own, before it is there. Needs the admin role.
        """
        return self._request("voice.import", args)

    def dataset_upload(self, args: DatasetUploadArgs) -> Request[tuple[str, Any], DatasetUploadDone]:
        """Takes a piece of a recording. The pieces of a file come in order; `dataset.add` makes a data set of all files. Needs the admin role."""
        return self._request("dataset.upload", args)

    def dataset_add(self, args: DatasetAddArgs) -> Request[DatasetAddEvent, DatasetAddDone]:
        """Makes a data set of recordings: cuts them at quiet points, drops silence, splits them by recording, looks for what is broken or there twice.
        Needs the admin role.
        """
        return self._request("dataset.add", args)

    def dataset_list(self) -> Request[tuple[str, Any], DatasetListDone]:
        """Lists the data sets. Needs the admin role."""
        return self._request("dataset.list", None)

    def dataset_info(self, args: DatasetInfoArgs) -> Request[tuple[str, Any], DatasetAddDone]:
        """Says all that is known of a data set. Needs the admin role."""
        return self._request("dataset.info", args)

    def dataset_remove(self, args: DatasetInfoArgs) -> Request[tuple[str, Any], DatasetRemoveDone]:
        """Removes a data set that no training needs any more. Voices that learned from it stay. Needs the admin role."""
        return self._request("dataset.remove", args)

    def admin_retrain(self, args: AdminRetrainArgs) -> Request[AdminRetrainEvent, AdminRetrainDone]:
        """Trains a new voice on data sets, from another voice or from scratch, behind everything that plays. Tells how it goes until it is done. Needs
        the admin role.
        """
        return self._request("admin.retrain", args)

    def admin_jobs(self) -> Request[tuple[str, Any], AdminJobsDone]:
        """Lists the trainings, oldest first: what waits, what runs, what came of the others. Needs the admin role."""
        return self._request("admin.jobs", None)

    def admin_attach(self, args: AdminAttachArgs) -> Request[AdminRetrainEvent, AdminRetrainDone]:
        """Tells what a training has come to, and then how it goes on, as `admin.retrain` does: after a lost connection, or a restart of the server.
        Needs the admin role.
        """
        return self._request("admin.attach", args)

    def admin_pause(self, args: AdminAttachArgs) -> Request[tuple[str, Any], AdminPauseDone]:
        """Pauses a training: its memory is given back, what it has learned is kept. Needs the admin role."""
        return self._request("admin.pause", args)

    def admin_resume(self, args: AdminAttachArgs) -> Request[tuple[str, Any], AdminPauseDone]:
        """Lets a paused training go on, behind those that wait. Needs the admin role."""
        return self._request("admin.resume", args)

    def admin_cancel(self, args: AdminAttachArgs) -> Request[tuple[str, Any], AdminPauseDone]:
        """Ends a training and removes what it has learned. Needs the admin role."""
        return self._request("admin.cancel", args)
