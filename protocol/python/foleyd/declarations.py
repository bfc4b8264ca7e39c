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
    "unsupported_encoding",
    "unknown_command",
    "bad_args",
    "unknown_class",
    "unknown_voice",
    "unknown_job",
    "unknown_stream",
    "too_many_streams",
    "not_streamable",
    "no_fingerprints",
    "restarted",
    "unknown_clip",
    "unknown_dataset",
    "bad_dataset",
    "data_in_use",
    "already_exists",
    "python_missing",
    "trainer_missing",
    "no_room",
    "out_of_resources",
    "no_delivery",
    "training_failed",
    "unknown_reference",
    "bad_reference",
    "wrong_voice",
    "bad_voice",
    "licence_refused",
    "voice_in_use",
    "voice_built_in",
    "gate_refused",
    "unknown_map",
    "pool_empty",
    "duplicate_id",
    "too_large",
    "queue_full",
    "rate_limited",
    "unauthorized",
    "forbidden",
    "cancelled",
    "engine_crashed",
    "engine_unavailable",
    "engine_failed",
    "voice_missing",
    "voice_corrupt",
    "slow_client",
    "idle_client",
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
    "unsupported_encoding": "The body of an HTTP request is compressed; send it as it is.",
    "unknown_command": "No command has this name or OSC address.",
    "bad_args": "An argument is missing, unknown, of the wrong type or out of range; the message names it.",
    "unknown_class": "The voice has no class of this name or id; `voice.list` names its classes.",
    "unknown_voice": "No voice has this id; `voice.list` lists the voices.",
    "unknown_job": "No open job or request has this id; `job.list` lists the open jobs.",
    "unknown_stream": "No stream that is playing has this id: it has ended, or `accepted` gave it another; `stream.start` starts one.",
    "too_many_streams": "As many streams are playing as the server allows; stop one, or try again later.",
    "not_streamable": "The rows of the voice's code grid are not time steps, so it can make clips but no streams; use another voice.",
    "no_fingerprints": "The voice has no fingerprints of its training recordings; `foley-train fingerprints` writes them.",
    "restarted": "The server was restarted, and only jobs with `keep` and batches that write files are resumed. Saved clips are kept; request the rest again.",
    "unknown_clip": "No clip has this id; `clip.list` lists the clips.",
    "unknown_dataset": "No data set has this id; `dataset.list` lists the data sets.",
    "bad_dataset": "The recordings cannot be trained on; the message says which and why.",
    "data_in_use": "Another foleyd uses the data folder; the message says which.",
    "already_exists": "The name is taken; choose another.",
    "python_missing": "Training needs Python; the message says what to install.",
    "trainer_missing": "Python lacks what training needs; the message says what to install.",
    "no_room": "Too little memory or disk is free; the message says how much is needed.",
    "out_of_resources": "The machine has no free file descriptors, processes or memory; the message says which. Nothing is missing or damaged: try again later.",
    "no_delivery": "The server has no delivery folder; start it with `--deliver DIR`.",
    "training_failed": "The training ended without a voice; the message says why.",
    "unknown_reference": "No reference has this name; the message says where it was expected.",
    "bad_reference": "The file is not a reference, or has none of the classes; the message says why.",
    "wrong_voice": "The clip was made by another voice, or by another version of it; use that one.",
    "bad_voice": "The file is not a voice, or cannot be used here; the message says why.",
    "licence_refused": "The voice was trained on recordings whose licences are not all permissive; the message names them.",
    "voice_in_use": "The voice is active, or something else needs it; the message says what.",
    "voice_built_in": "The voice ships with the server and cannot be deleted; activate another one instead.",
    "gate_refused": "The voice has a worse FAD than the active one, or was not measured alike; `force` activates it anyway.",
    "unknown_map": "No trigger map has this id; `trigger.list` lists the maps.",
    "pool_empty": "The map has no clip ready yet; try again, or set `wait`.",
    "duplicate_id": "This connection already has an open request with this id; choose another id.",
    "too_large": "The message is larger than the limit; send less in one message.",
    "queue_full": "Too many jobs are waiting; try again later.",
    "rate_limited": "The answers to this address are too large for what it sent; try again in a second.",
    "unauthorized": "The token is missing or wrong; `foleyd token` shows which roles have one, and makes another.",
    "forbidden": "This origin, host or role may not do this; the message says what allows it.",
    "cancelled": "The job was cancelled.",
    "engine_crashed": "The engine process ended while it made this clip; it is being restarted, so try again.",
    "engine_unavailable": "The engine is not ready; try again, and see `foleyd doctor`.",
    "engine_failed": "The engine could not make this clip; the message says why.",
    "voice_missing": "A file of the voice is missing; import the voice again, or activate another.",
    "voice_corrupt": "A file of the voice does not match its card or cannot be read; import the voice again, or activate another.",
    "slow_client": "The client does not read its answers, so the connection was closed; read them as they come.",
    "idle_client": "All connections were taken, and nothing was going on over this one, so it was closed for another. Nothing that was sent meanwhile was handled: connect again.",
    "io_error": "A file could not be read or written.",
    "port_in_use": "Another program uses the port; the message says how to choose another.",
    "bad_certificate": "The certificate or key for TLS cannot be used; the message says which.",
    "shutting_down": "The server is stopping; connect again when it has started.",
    "internal": "Internal error; the server's log has the cause.",
    "timed_out": "No answer came in time; try again (raised by the client, never sent).",
    "connection_closed": "The connection was closed before the answer came; connect again (raised by the client, never sent).",
}


#: WebSocket close codes, and what they say.
CLOSE_CODES: dict[int, str] = {
    1009: "too_large",
    4401: "unauthorized",
    4403: "forbidden",
    4408: "slow_client",
    4503: "idle_client",
    1001: "shutting_down",
    1011: "internal",
}


#: Longest frame that a server sends (bytes).
ANSWER_FRAME_BYTES = 67108864


class FoleyGenerateArgsEnvelopePoints(TypedDict):
    #: (s); number from 0 to 60
    at: float
    #: (dB); number from -90 to 0
    level: float


class FoleyGenerateArgsEnvelopeCues(TypedDict):
    #: when the event begins (s); number from 0 to 60
    at: float
    #: its peak level (dB); number from -90 to 0; default: -9
    level: NotRequired[float]
    #: time in which it decays by 60 dB (s); number above 0 to 60; default: 0.3
    length: NotRequired[float]


class FoleyGenerateArgsEnvelope(TypedDict):
    #: levels at equal distances; list of number from -90 to 0
    levels: NotRequired[list[float]]
    #: of levels, per second; number from 0.1 to 1000; default: one per mel frame of the voice
    rate: NotRequired[float]
    #: or breakpoints joined by straight lines; the first and last levels hold before and after; list of map
    points: NotRequired[list[FoleyGenerateArgsEnvelopePoints]]
    #: or events, each with a sharp attack and an exponential decay; where they overlap the loudest counts; list of map
    cues: NotRequired[list[FoleyGenerateArgsEnvelopeCues]]
    #: or the id of a saved clip whose loudness is followed; text, 1 to 128 characters
    clip: NotRequired[str]
    #: or a recording whose loudness is followed (a beatbox, taps on a desk, the production sound): a WAV file or raw mono samples; bytes in msgpack,
    #: base64 in JSON; text, 0 to 1048576 characters or bytes
    recording: NotRequired[str | bytes]
    #: of raw samples (Hz); integer from 4000 to 384000; default: read from the WAV header
    recordingRate: NotRequired[int]
    #: of raw samples; "f32" or "s16"; default: s16
    recordingFormat: NotRequired[Literal["f32", "s16"]]
    #: added to every level (dB); number from -60 to 60; default: 0
    gain: NotRequired[float]


class FoleyGenerateArgsSpectrumPoints(TypedDict):
    #: (Hz); number from 1 to 192000
    hz: float
    #: against the other points (dB); number from -200 to 200
    level: float


class FoleyGenerateArgsSpectrum(TypedDict):
    #: breakpoints joined by straight lines over the logarithm of frequency; the first and last levels hold below and above; list of map
    points: NotRequired[list[FoleyGenerateArgsSpectrumPoints]]
    #: or the id of a saved clip whose average spectrum is followed; text, 1 to 128 characters
    clip: NotRequired[str]


FoleyGenerateArgs = TypedDict(
    "FoleyGenerateArgs",
    {
        #: class name (case-insensitive), id, or another word for it (understood tells which class that was), or a mix {name: weight} of at most 16
        #: classes; text, 1 to 128 characters or integer from 0 to 65535 or map of text to number above 0
        "class": "str | int | dict[str, float]",
        #: voice id; text, 1 to 128 characters; default: the active voice
        "voice": NotRequired[str],
        #: uint32, as a number or a decimal string; integer from 0 to 4294967295 or decimal text; default: chosen at random by the server
        "seed": "NotRequired[int | str]",
        #: divides the logits; 0 always takes the most likely code, 1 samples the trained distribution; number from 0 to 2; default: 1
        "temperature": NotRequired[float],
        #: sample from the k most likely codes; 0 is off; integer from 0 to 512; default: 0
        "topK": NotRequired[int],
        #: sample from the most likely codes that together have this probability (nucleus sampling); 1 is off; number above 0 to 1; default: 1
        "topP": NotRequired[float],
        #: classifier-free guidance: codes are drawn from log p(class) + guidance * (log p(class) - log p(avoid)); 0 is off, above 0 sampling costs up to
        #: twice as much; number from 0 to 8; default: the voice's default for the class
        "guidance": NotRequired[float],
        #: class or mix of classes that guidance steers away from, in the form of class; text, 1 to 128 characters or integer from 0 to 65535 or map of
        #: text to number above 0; default: no class; an equal mix of all classes if the voice was not trained without class labels
        "avoid": "NotRequired[str | int | dict[str, float]]",
        #: whether guidance also strengthens the loudness contour and the average spectrum that the clip follows, by steering away from a clip that
        #: follows neither; boolean; default: the voice's default for the class
        "guideFollowed": NotRequired[bool],
        #: events (footsteps, keystrokes, barks, shots, drops) per second that the sound is to have: of the loudness contours that the voice draws, one
        #: with as many onsets is followed, or the nearest there is; classes whose recordings have no events, like rain, stay as they are; 0 is off; not
        #: with envelope; only for voices that draw contours (voice.info) (1/s); number from 0 to 20; default: as many as a recording of the class has
        "density": NotRequired[float],
        #: loudness over time that the clip follows, from its beginning after trim; only for voices that were trained with a loudness contour
        #: (voice.info); map
        "envelope": NotRequired[FoleyGenerateArgsEnvelope],
        #: long-term average spectrum that the clip follows, as an EQ match does; only for voices that were trained with one (voice.info); map
        "spectrum": NotRequired[FoleyGenerateArgsSpectrum],
        #: number of clips; clip i uses seed + i modulo 2^32; integer from 1 to 64; default: 1
        "count": NotRequired[int],
        #: sample format of previews and audio; "f32" or "s16"; default: "f32"
        "format": NotRequired[Literal["f32", "s16"]],
        #: output rate (Hz); integer from 8000 to 192000; default: the voice's rate
        "rate": NotRequired[int],
        #: send preview events; boolean; default: false
        "previews": NotRequired[bool],
        #: send row events; boolean; default: true
        "rows": NotRequired[bool],
        #: send audio events; boolean; default: true
        "audio": NotRequired[bool],
        #: for sound that is played as it arrives: audio in smaller chunks in quick succession, whose samples equal those of the clip within 1e-5; only
        #: for voices whose rows are time steps, and for one clip at the voice's rate that is neither edited nor saved; boolean; default: false
        "live": NotRequired[bool],
        #: low priority: the clips of all other jobs are made first; boolean; default: false
        "patient": NotRequired[bool],
        #: write a WAV into the server's clip folder; boolean; default: false
        "save": NotRequired[bool],
        #: continue if this connection closes, or the server restarts; foley.attach repeats all events until ten minutes after the end, after a restart
        #: those of the clips that were not saved before it; boolean; default: false
        "keep": NotRequired[bool],
        #: generate this many and return the best according to the voice's own embedder: most likely of its class and most like a real clip, neither
        #: silent nor late nor similar to the others; costs as much as that many clips; rows and previews are then not sent; integer from 1 to 16;
        #: default: 1
        "candidates": NotRequired[int],
        #: remove this much from the beginning (s); number from 0 to 60
        "trim": NotRequired[float],
        #: wanted length: below that of the voice's clips, a clip is cut at a quiet point; above, continued from its end (s); number above 0 to 60;
        #: default: the length of the voice's clips
        "length": NotRequired[float],
        #: cut exactly at length instead of at a quiet point; boolean; default: false
        "exact": NotRequired[bool],
        #: reverse the audio; boolean; default: false
        "reverse": NotRequired[bool],
        #: fade-in time (s); number from 0 to 60
        "fadeIn": NotRequired[float],
        #: fade-out time (s); number from 0 to 60
        "fadeOut": NotRequired[float],
        #: gain; samples beyond full scale are clipped (dB); number from -80 to 40; default: 0
        "gain": NotRequired[float],
    },
)


FoleyGenerateAcceptedUnderstood = TypedDict(
    "FoleyGenerateAcceptedUnderstood",
    {
        #: name as it was given; text
        "name": str,
        #: the class, in the voice's spelling; text
        "class": str,
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
        #: class name in the voice's spelling, or the mix; text or map of text to number
        "class": "str | dict[str, float]",
        #: number of clips; integer from 1
        "count": int,
        #: names that are not classes of the voice, and the class that each was understood as: another spelling, a CatID of the Universal Category System,
        #: or a word for the sound in English, German, French, Spanish, Italian, Portuguese, Japanese or Chinese; absent if there were none; list of map
        "understood": NotRequired[list[FoleyGenerateAcceptedUnderstood]],
    },
)


class FoleyGenerateRow(TypedDict):
    #: index of the clip within count, from 0; integer from 0
    index: int
    #: index of the finished row of the code grid, from 0; integer from 0
    row: int
    #: total rows; integer from 1
    rows: int
    #: codes of this row, left to right; list of integer from 0
    codes: list[int]


class FoleyGenerateCandidate(TypedDict):
    #: index of the clip within count, from 0; integer from 0
    index: int
    #: index within candidates, from 0; sent when all candidates of this clip are finished; integer from 0
    candidate: int
    #: seed that reproduces this candidate by itself; integer from 0 to 4294967295
    seed: int
    #: posterior, plus the log-probability of being real if the voice has a ranking; number
    score: float
    #: log-probability of the requested class by the voice's embedder; number
    posterior: float
    #: log-odds of being a real clip; null if the voice has no ranking; number or null
    real: float | None
    #: reason for rejection; a rejected candidate is chosen only if all are rejected; "silent" or "late" or "memorised" or "alike" or null
    rejected: Literal["silent", "late", "memorised", "alike"] | None
    #: boolean
    chosen: bool


class FoleyGeneratePreview(TypedDict):
    #: index of the clip within count, from 0; integer from 0
    index: int
    #: codebooks finished so far; each adds detail; integer from 1
    codebooks: int
    #: sample rate (Hz); integer
    rate: int
    #: interleaved channels; always 1 in this version; integer from 1
    channels: int
    #: "f32" or "s16"
    format: Literal["f32", "s16"]
    #: length of the preview from the start of the clip, for voices whose rows are time steps; absent for a preview of the whole clip (s); number from
    #: 0
    seconds: NotRequired[float]
    #: audio of the preview; bytes
    pcm: bytes


class FoleyGenerateAudio(TypedDict):
    #: index of the clip within count, from 0; integer from 0
    index: int
    #: first sample frame of this chunk (frames); integer from 0
    offset: int
    #: sample frames of the whole clip (frames); integer from 0
    total: int
    #: sample rate (Hz); integer
    rate: int
    #: interleaved channels; always 1 in this version; integer from 1
    channels: int
    #: "f32" or "s16"
    format: Literal["f32", "s16"]
    #: samples of this chunk; bytes
    pcm: bytes


class FoleyGenerateDoneTimings(TypedDict):
    #: waiting for the engine (ms); number from 0
    queueMs: NotRequired[float]
    #: start to first row (ms); number from 0
    firstRowMs: NotRequired[float]
    #: start to first preview; null if there was none; number from 0 or null
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
    #: index of the clip within count, from 0; integer from 0
    index: int
    #: clip id; text
    clip: str
    #: seed that reproduces this clip by itself; integer from 0 to 4294967295
    seed: int
    #: score that selected it, if candidates is above 1; higher is better; number
    score: NotRequired[float]
    #: URL path of its WAV on the HTTP port, if saved; text
    url: NotRequired[str]
    #: file path of its WAV, if saved; text
    path: NotRequired[str]


class FoleyGenerateDone(TypedDict):
    #: id of clip 0; text
    clip: str
    #: length of each clip (s); number from 0
    seconds: float
    #: time spent in each stage; map
    timings: FoleyGenerateDoneTimings
    #: one entry per clip; list of map
    clips: list[FoleyGenerateDoneClips]
    #: names that are not classes of the voice, and the class that each was understood as: another spelling, a CatID of the Universal Category System,
    #: or a word for the sound in English, German, French, Spanish, Italian, Portuguese, Japanese or Chinese; absent if there were none; list of map
    understood: NotRequired[list[FoleyGenerateAcceptedUnderstood]]


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
        #: or a recording: a WAV file or raw mono samples; bytes in msgpack, base64 in JSON and OSC; text, 0 to 1048576 characters or bytes
        "recording": "NotRequired[str | bytes]",
        #: of raw samples (Hz); integer from 4000 to 384000; default: read from the WAV header
        "recordingRate": NotRequired[int],
        #: of raw samples; "f32" or "s16"; default: "s16"
        "recordingFormat": NotRequired[Literal["f32", "s16"]],
        #: or a code grid in raster order, as in row events and clip.get; grids of a longer clip follow each other; list of integer from 0 to 65535
        "codes": NotRequired[list[int]],
        #: how much changes: 0 is the same clip, up to 0.35 only detail differs, 1 is a new clip of the class; number from 0 to 1; default: 0.5, or 1 with
        #: from and to, if neither codebooks nor keepRows is given
        "amount": NotRequired[float],
        #: or keep this many codebooks, from the first; integer from 0 to 65535
        "codebooks": NotRequired[int],
        #: or keep this many rows of the grid, from the first; integer from 0 to 65535
        "keepRows": NotRequired[int],
        #: change only the stretch that begins here, as the clip or recording is heard (s); number from 0 to 60; default: the beginning, if to is given
        "from": NotRequired[float],
        #: and ends here: samples outside of it stay the same, and the sound changes over inside of it, at quiet places; a voice that follows contours
        #: follows the loudness that was there unless envelope is given, and a restart of the server ends the job (s); number from 0 to 60; default: the
        #: end, if from is given
        "to": NotRequired[float],
        #: class of the new part, in the form of foley.generate; text, 1 to 128 characters or integer from 0 to 65535 or map of text to number above 0;
        #: default: the clip's class; required for a recording or codes
        "class": "NotRequired[str | int | dict[str, float]]",
        #: voice id; text, 1 to 128 characters; default: the clip's voice; the active voice for a recording or codes
        "voice": NotRequired[str],
        #: uint32, as a number or a decimal string; integer from 0 to 4294967295 or decimal text; default: chosen at random by the server
        "seed": "NotRequired[int | str]",
        #: divides the logits; 0 always takes the most likely code, 1 samples the trained distribution; number from 0 to 2; default: 1
        "temperature": NotRequired[float],
        #: sample from the k most likely codes; 0 is off; integer from 0 to 512; default: 0
        "topK": NotRequired[int],
        #: sample from the most likely codes that together have this probability (nucleus sampling); 1 is off; number above 0 to 1; default: 1
        "topP": NotRequired[float],
        #: classifier-free guidance: codes are drawn from log p(class) + guidance * (log p(class) - log p(avoid)); 0 is off, above 0 sampling costs up to
        #: twice as much; number from 0 to 8; default: the clip's guidance if its class is kept; otherwise the voice's default for the class
        "guidance": NotRequired[float],
        #: class or mix of classes that guidance steers away from, in the form of class; text, 1 to 128 characters or integer from 0 to 65535 or map of
        #: text to number above 0; default: no class; an equal mix of all classes if the voice was not trained without class labels
        "avoid": "NotRequired[str | int | dict[str, float]]",
        #: whether guidance also strengthens the loudness contour and the average spectrum that the clip follows, by steering away from a clip that
        #: follows neither; boolean; default: the voice's default for the class
        "guideFollowed": NotRequired[bool],
        #: events (footsteps, keystrokes, barks, shots, drops) per second that the sound is to have: of the loudness contours that the voice draws, one
        #: with as many onsets is followed, or the nearest there is; classes whose recordings have no events, like rain, stay as they are; 0 is off; not
        #: with envelope; only for voices that draw contours (voice.info) (1/s); number from 0 to 20; default: as many as a recording of the class has
        "density": NotRequired[float],
        #: loudness over time that the clip follows, from its beginning after trim; only for voices that were trained with a loudness contour
        #: (voice.info); map
        "envelope": NotRequired[FoleyGenerateArgsEnvelope],
        #: long-term average spectrum that the clip follows, as an EQ match does; only for voices that were trained with one (voice.info); map
        "spectrum": NotRequired[FoleyGenerateArgsSpectrum],
        #: number of clips; clip i uses seed + i modulo 2^32; integer from 1 to 64; default: 1
        "count": NotRequired[int],
        #: sample format of previews and audio; "f32" or "s16"; default: "f32"
        "format": NotRequired[Literal["f32", "s16"]],
        #: output rate (Hz); integer from 8000 to 192000; default: the voice's rate
        "rate": NotRequired[int],
        #: send preview events; boolean; default: false
        "previews": NotRequired[bool],
        #: send row events; boolean; default: true
        "rows": NotRequired[bool],
        #: send audio events; boolean; default: true
        "audio": NotRequired[bool],
        #: for sound that is played as it arrives: audio in smaller chunks in quick succession, whose samples equal those of the clip within 1e-5; only
        #: for voices whose rows are time steps, and for one clip at the voice's rate that is neither edited nor saved; boolean; default: false
        "live": NotRequired[bool],
        #: low priority: the clips of all other jobs are made first; boolean; default: false
        "patient": NotRequired[bool],
        #: write a WAV into the server's clip folder; boolean; default: false
        "save": NotRequired[bool],
        #: continue if this connection closes, or the server restarts; foley.attach repeats all events until ten minutes after the end, after a restart
        #: those of the clips that were not saved before it; boolean; default: false
        "keep": NotRequired[bool],
        #: remove this much from the beginning (s); number from 0 to 60
        "trim": NotRequired[float],
        #: wanted length: below that of the voice's clips, a clip is cut at a quiet point; above, continued from its end (s); number above 0 to 60;
        #: default: the length of the voice's clips
        "length": NotRequired[float],
        #: cut exactly at length instead of at a quiet point; boolean; default: false
        "exact": NotRequired[bool],
        #: reverse the audio; boolean; default: false
        "reverse": NotRequired[bool],
        #: fade-in time (s); number from 0 to 60
        "fadeIn": NotRequired[float],
        #: fade-out time (s); number from 0 to 60
        "fadeOut": NotRequired[float],
        #: gain; samples beyond full scale are clipped (dB); number from -80 to 40; default: 0
        "gain": NotRequired[float],
    },
)


FoleyBranchArgs = TypedDict(
    "FoleyBranchArgs",
    {
        #: id of a saved clip; text, 1 to 128 characters
        "clip": NotRequired[str],
        #: or a running job, from accepted; text, 1 to 128 characters
        "job": NotRequired[str],
        #: index of the clip in the job; integer from 0 to 64; default: 0
        "index": NotRequired[int],
        #: first row that is sampled again; integer from 0 to 65535; default: the next row of a running clip; the middle row of a finished one
        "row": NotRequired[int],
        #: class of the continuations; text, 1 to 128 characters or integer from 0 to 65535 or map of text to number above 0; default: the clip's own
        #: class
        "class": "NotRequired[str | int | dict[str, float]]",
        #: uint32, as a number or a decimal string; integer from 0 to 4294967295 or decimal text; default: chosen at random by the server
        "seed": "NotRequired[int | str]",
        #: divides the logits; 0 always takes the most likely code, 1 samples the trained distribution; number from 0 to 2; default: 1
        "temperature": NotRequired[float],
        #: sample from the k most likely codes; 0 is off; integer from 0 to 512; default: 0
        "topK": NotRequired[int],
        #: sample from the most likely codes that together have this probability (nucleus sampling); 1 is off; number above 0 to 1; default: 1
        "topP": NotRequired[float],
        #: classifier-free guidance: codes are drawn from log p(class) + guidance * (log p(class) - log p(avoid)); 0 is off, above 0 sampling costs up to
        #: twice as much; number from 0 to 8; default: the clip's guidance if its class is kept; otherwise the voice's default for the class
        "guidance": NotRequired[float],
        #: class or mix of classes that guidance steers away from, in the form of class; text, 1 to 128 characters or integer from 0 to 65535 or map of
        #: text to number above 0; default: no class; an equal mix of all classes if the voice was not trained without class labels
        "avoid": "NotRequired[str | int | dict[str, float]]",
        #: whether guidance also strengthens the loudness contour and the average spectrum that the clip follows, by steering away from a clip that
        #: follows neither; boolean; default: the voice's default for the class
        "guideFollowed": NotRequired[bool],
        #: events (footsteps, keystrokes, barks, shots, drops) per second that the sound is to have: of the loudness contours that the voice draws, one
        #: with as many onsets is followed, or the nearest there is; classes whose recordings have no events, like rain, stay as they are; 0 is off; not
        #: with envelope; only for voices that draw contours (voice.info) (1/s); number from 0 to 20; default: as many as a recording of the class has
        "density": NotRequired[float],
        #: loudness over time that the clip follows, from its beginning after trim; only for voices that were trained with a loudness contour
        #: (voice.info); map
        "envelope": NotRequired[FoleyGenerateArgsEnvelope],
        #: long-term average spectrum that the clip follows, as an EQ match does; only for voices that were trained with one (voice.info); map
        "spectrum": NotRequired[FoleyGenerateArgsSpectrum],
        #: number of clips; clip i uses seed + i modulo 2^32; integer from 1 to 64; default: 4
        "count": NotRequired[int],
        #: sample format of previews and audio; "f32" or "s16"; default: "f32"
        "format": NotRequired[Literal["f32", "s16"]],
        #: output rate (Hz); integer from 8000 to 192000; default: the voice's rate
        "rate": NotRequired[int],
        #: send preview events; boolean; default: false
        "previews": NotRequired[bool],
        #: send row events; boolean; default: true
        "rows": NotRequired[bool],
        #: send audio events; boolean; default: true
        "audio": NotRequired[bool],
        #: for sound that is played as it arrives: audio in smaller chunks in quick succession, whose samples equal those of the clip within 1e-5; only
        #: for voices whose rows are time steps, and for one clip at the voice's rate that is neither edited nor saved; boolean; default: false
        "live": NotRequired[bool],
        #: low priority: the clips of all other jobs are made first; boolean; default: false
        "patient": NotRequired[bool],
        #: write a WAV into the server's clip folder; boolean; default: false
        "save": NotRequired[bool],
        #: continue if this connection closes, or the server restarts; foley.attach repeats all events until ten minutes after the end, after a restart
        #: those of the clips that were not saved before it; boolean; default: false
        "keep": NotRequired[bool],
        #: remove this much from the beginning (s); number from 0 to 60
        "trim": NotRequired[float],
        #: wanted length: below that of the voice's clips, a clip is cut at a quiet point; above, continued from its end (s); number above 0 to 60;
        #: default: the length of the voice's clips
        "length": NotRequired[float],
        #: cut exactly at length instead of at a quiet point; boolean; default: false
        "exact": NotRequired[bool],
        #: reverse the audio; boolean; default: false
        "reverse": NotRequired[bool],
        #: fade-in time (s); number from 0 to 60
        "fadeIn": NotRequired[float],
        #: fade-out time (s); number from 0 to 60
        "fadeOut": NotRequired[float],
        #: gain; samples beyond full scale are clipped (dB); number from -80 to 40; default: 0
        "gain": NotRequired[float],
    },
)


class FoleySpotArgsCuesEnvelope(TypedDict):
    #: levels at equal distances; list of number from -90 to 0
    levels: NotRequired[list[float]]
    #: of levels, per second; number from 0.1 to 1000; default: one per mel frame of the voice
    rate: NotRequired[float]
    #: or breakpoints joined by straight lines; the first and last levels hold before and after; list of map
    points: NotRequired[list[FoleyGenerateArgsEnvelopePoints]]
    #: or events, each with a sharp attack and an exponential decay; where they overlap the loudest counts; list of map
    cues: NotRequired[list[FoleyGenerateArgsEnvelopeCues]]
    #: or the id of a saved clip whose loudness is followed; text, 1 to 128 characters
    clip: NotRequired[str]
    #: added to every level (dB); number from -60 to 60; default: 0
    gain: NotRequired[float]


FoleySpotArgsCues = TypedDict(
    "FoleySpotArgsCues",
    {
        #: time on the timeline at which the sound begins (s); number from 0 to 356400
        "at": float,
        #: name, id, another word for a class, or a mix like DogBark:0.7+Rain:0.3; text, 1 to 128 characters
        "class": str,
        #: wanted length, from the onset if at is given: a longer clip is cut at a quiet point, a class makes a sound of this length (s); number above 0
        #: to 60
        "length": NotRequired[float],
        #: takes of this cue; integer from 1 to 64; default: those of the request
        "alternates": NotRequired[int],
        #: integer from 0 to 4294967295 or decimal text; default: the seed of the request, plus the number of the cue
        "seed": "NotRequired[int | str]",
        #: integer from 1 to 16; default: those of the request
        "candidates": NotRequired[int],
        #: classifier-free guidance: codes are drawn from log p(class) + guidance * (log p(class) - log p(avoid)); 0 is off, above 0 sampling costs up to
        #: twice as much; number from 0 to 8; default: the voice's default for the class
        "guidance": NotRequired[float],
        #: events (footsteps, keystrokes, barks, shots, drops) per second that the sound is to have: of the loudness contours that the voice draws, one
        #: with as many onsets is followed, or the nearest there is; classes whose recordings have no events, like rain, stay as they are; 0 is off; not
        #: with envelope; only for voices that draw contours (voice.info) (1/s); number from 0 to 20; default: that of the request, or with envelope none
        "density": NotRequired[float],
        #: as class; text, 1 to 128 characters
        "avoid": NotRequired[str],
        #: text, 1 to 128 characters; default: that of the request
        "voice": NotRequired[str],
        #: loudness that the takes follow; map
        "envelope": NotRequired[FoleySpotArgsCuesEnvelope],
        #: text
        "catId": NotRequired[str],
        #: of the file's name; text, 0 to 128 characters; default: the name in the sheet, or the class
        "fxName": NotRequired[str],
        #: last part of the file name; text, 0 to 128 characters; default: c and the number of the cue
        "userData": NotRequired[str],
        #: of iXML; text, 0 to 128 characters
        "take": NotRequired[str],
    },
)


class FoleySpotArgs(TypedDict):
    #: text of a sheet (CSV or TSV with a line of names: Start or At, Name or Class, and any of End, Length and the fields of a cue; as REAPER,
    #: Resolve and Premiere export them) or of a CMX3600 edit list (markers, else names of clips); text, 1 to 1048576 characters
    sheet: NotRequired[str]
    #: or the cues themselves; list of map
    cues: NotRequired[list[FoleySpotArgsCues]]
    #: frame rate of timecode in the sheet, as 24, 25 or 29.97; number from 1 to 240; default: 29.97 for drop-frame timecode (00:01:02;12)
    fps: NotRequired[float]
    #: markers that name no class of the voice: refuse the sheet, or skip them; "refuse" or "skip"; default: "refuse"
    unknown: NotRequired[Literal["refuse", "skip"]]
    #: takes of each cue; integer from 1 to 64; default: 1
    alternates: NotRequired[int]
    #: seed of the first cue; integer from 0 to 4294967295 or decimal text; default: chosen at random by the server
    seed: NotRequired[int | str]
    #: voice id; text, 1 to 128 characters; default: the active voice
    voice: NotRequired[str]
    #: generate this many and return the best according to the voice's own embedder: most likely of its class and most like a real clip, neither
    #: silent nor late nor similar to the others; costs as much as that many clips; integer from 1 to 16; default: 1
    candidates: NotRequired[int]
    #: classifier-free guidance: codes are drawn from log p(class) + guidance * (log p(class) - log p(avoid)); 0 is off, above 0 sampling costs up to
    #: twice as much; number from 0 to 8; default: the voice's default for the class
    guidance: NotRequired[float]
    #: events (footsteps, keystrokes, barks, shots, drops) per second that the sound is to have: of the loudness contours that the voice draws, one
    #: with as many onsets is followed, or the nearest there is; classes whose recordings have no events, like rain, stay as they are; 0 is off; not
    #: with envelope; only for voices that draw contours (voice.info) (1/s); number from 0 to 20; default: as many as a recording of the class has
    density: NotRequired[float]
    #: destination: the server's export folder, the delivery folder, or the answer itself; "exports" or "delivery" or "bytes"; default: "exports"
    to: NotRequired[Literal["exports", "delivery", "bytes"]]
    #: subfolder of the delivery folder; text, 0 to 128 characters; default: ""
    folder: NotRequired[str]
    #: name of the sheet that lists the files, without folder and extension; text, 1 to 128 characters; default: batch and the job
    list: NotRequired[str]
    #: also mix the first take of every row that has at to one file of this name, each at its time; at most 15 minutes; text, 1 to 128 characters
    stem: NotRequired[str]
    #: container; FLAC files carry the WAV's chunks as well; "wav" or "flac"; default: "wav"
    format: NotRequired[Literal["wav", "flac"]]
    #: bits per sample; 16 is dithered, 32 is float (WAV only); 16 or 24 or 32; default: 24
    bits: NotRequired[Literal[16, 24, 32]]
    #: sample rate (Hz); integer from 8000 to 192000; default: 48000
    rate: NotRequired[int]
    #: 1: mono; 2: stereo with the sound at pan; 1 or 2; default: 1
    channels: NotRequired[Literal[1, 2]]
    #: constant-power pan position from -1 (left) to 1 (right); number from -1 to 1; default: 0
    pan: NotRequired[float]
    #: true-peak ceiling: a a louder clip is attenuated as a whole; a quieter one is not raised (dBTP); number from -60 to 0; default: -2
    peak: NotRequired[float]
    #: target integrated loudness, as far as the ceiling allows; replaces gain (LUFS); number from -60 to -5
    lufs: NotRequired[float]
    #: time reference of bext: samples since midnight at the file's rate (samples); integer from 0 or decimal text; default: 0
    timeReference: NotRequired[int | str]
    #: CreatorID; text, 0 to 128 characters; default: FOLEYD
    creator: NotRequired[str]
    #: SourceID: show, project or library; text, 0 to 128 characters; default: NONE
    source: NotRequired[str]
    #: of iXML; text, 0 to 128 characters
    project: NotRequired[str]
    #: of iXML; text, 0 to 128 characters
    scene: NotRequired[str]
    #: remove this much from the beginning (s); number from 0 to 60
    trim: NotRequired[float]
    #: cut exactly at length instead of at a quiet point; boolean; default: false
    exact: NotRequired[bool]
    #: fade-in time (s); number from 0 to 60
    fadeIn: NotRequired[float]
    #: fade-out time (s); number from 0 to 60
    fadeOut: NotRequired[float]
    #: gain, limited by the ceiling; nothing is clipped (dB); number from -80 to 40; default: 0
    gain: NotRequired[float]
    #: with at: keep at most this much before the onset, faded in (s); number from 0 to 5; default: 0.01
    lead: NotRequired[float]


class FoleySpotAcceptedLeft(TypedDict):
    #: integer from 1
    line: int
    #: text
    name: str


class FoleySpotAccepted(TypedDict):
    #: job id; text
    job: str
    #: number of files; integer from 1
    files: int
    #: names that are not classes of the voice, and the class that each was understood as: another spelling, a CatID of the Universal Category System,
    #: or a word for the sound in English, German, French, Spanish, Italian, Portuguese, Japanese or Chinese; absent if there were none; list of map
    understood: NotRequired[list[FoleyGenerateAcceptedUnderstood]]
    #: number of cues; integer from 1
    cues: int
    #: cues that begin before an earlier cue of the same class ends; integer from 0
    overlaps: int
    #: markers that were left out because they name no class; list of map
    left: NotRequired[list[FoleySpotAcceptedLeft]]


class FoleySpotProgress(TypedDict):
    #: integer from 0
    done: int
    #: integer from 1
    of: int


class FoleySpotFilePlaced(TypedDict):
    #: time at which the onset was wanted (s); number from 0 to 356400
    at: float
    #: start time of the file, as in its time reference (s); number
    start: float
    #: onset measured in the file, from its start (s); number from 0
    onset: float
    #: time from at to the measured onset (s); number
    offset: float


class FoleySpotFile(TypedDict):
    #: index of the file, from 0, in the order of the sheet; integer from 0
    index: int
    #: clip id; text
    clip: str
    #: contents of the file, if requested in the answer; bytes
    content: NotRequired[bytes]
    #: file name, without folder; text
    name: str
    #: file path; null if it was sent in the answer; text or null
    path: str | None
    #: integer from 0
    bytes: int
    #: (s); number from 0
    seconds: float
    #: integrated loudness; null for silence and for less than 0.4 s (LUFS); number or null
    lufs: float | None
    #: null for silence (dBTP); number or null
    truePeak: float | None
    #: gain applied relative to the clip (dB); number
    gain: float
    #: whether loop points were written; boolean
    looped: bool
    #: where the sound lies on the timeline; absent without at; map
    placed: NotRequired[FoleySpotFilePlaced]


class FoleySpotSkipped(TypedDict):
    #: index of the file, from 0, in the order of the sheet; integer from 0
    index: int
    #: error code; text
    code: str
    #: text
    message: str


class FoleySpotStem(TypedDict):
    #: file name, without folder; text
    name: str
    #: file path; null if it was sent in the answer; text or null
    path: str | None
    #: contents of the file, if requested in the answer; bytes
    content: NotRequired[bytes]
    #: number of clips in it; integer from 1
    clips: int
    #: (s); number from 0
    seconds: float
    #: time of its beginning on the timeline (s); number from 0
    start: float
    #: attenuation that brought the sum of the files below the ceiling (dB); number to 0
    gain: float


class FoleySpotDone(TypedDict):
    #: number of files written; integer from 0
    files: int
    #: number of files that failed; integer from 0
    skipped: int
    #: path of the sheet; null if the files were sent in the answer; text or null
    path: str | None
    #: contents of the sheet; text
    sheet: str
    #: names that are not classes of the voice, and the class that each was understood as: another spelling, a CatID of the Universal Category System,
    #: or a word for the sound in English, German, French, Spanish, Italian, Portuguese, Japanese or Chinese; absent if there were none; list of map
    understood: NotRequired[list[FoleyGenerateAcceptedUnderstood]]


FoleySpotEvent = (
    tuple[Literal["accepted"], FoleySpotAccepted]
    | tuple[Literal["progress"], FoleySpotProgress]
    | tuple[Literal["file"], FoleySpotFile]
    | tuple[Literal["skipped"], FoleySpotSkipped]
    | tuple[Literal["stem"], FoleySpotStem]
)


class FoleyAttachArgs(TypedDict):
    #: job id, from accepted; text, 1 to 128 characters
    job: str


StreamStartArgsChanges = TypedDict(
    "StreamStartArgsChanges",
    {
        #: row of the endless code grid, from 0; integer from 0 to 2147483647
        "step": int,
        #: true: the rows from step on had already been sampled and were sampled again; the sound crossfades there; boolean
        "redrawn": NotRequired[bool],
        #: if redrawn: mel frame of step, from 0, at which the crossfade begins; integer from 0; default: 0
        "frame": NotRequired[int],
        #: class, or mix of classes, from now on; text, 1 to 128 characters or integer from 0 to 65535 or map of text to number above 0
        "class": "NotRequired[str | int | dict[str, float]]",
        #: class or mix of classes that guidance steers away from, in the form of class; text, 1 to 128 characters or integer from 0 to 65535 or map of
        #: text to number above 0; default: no class; an equal mix of all classes if the voice was not trained without class labels
        "avoid": "NotRequired[str | int | dict[str, float]]",
        #: classifier-free guidance: codes are drawn from log p(class) + guidance * (log p(class) - log p(avoid)); 0 is off, above 0 sampling costs up to
        #: twice as much; number from 0 to 8; default: the voice's default for the class
        "guidance": NotRequired[float],
        #: temperature from now on; number from 0 to 2
        "temperature": NotRequired[float],
        #: events per second from now on, instead of an envelope; 0 is off (1/s); number from 0 to 20
        "density": NotRequired[float],
        #: loudness over time that it follows from now on, instead of a density; its last level holds after it; map
        "envelope": NotRequired[FoleyGenerateArgsEnvelope],
        #: gain from now on (dB); number from -80 to 40
        "level": NotRequired[float],
    },
)


StreamStartArgsControls = TypedDict(
    "StreamStartArgsControls",
    {
        #: MIDI controller; integer from 0 to 127
        "cc": NotRequired[int],
        #: or what else of MIDI: the aftertouch of the channel or of any key, or the velocity of each note; "aftertouch" or "velocity"
        "midi": NotRequired[Literal["aftertouch", "velocity"]],
        #: MIDI channel; integer from 1 to 16; default: any
        "channel": NotRequired[int],
        #: what it changes; mix: the share of class; "level" or "temperature" or "guidance" or "density" or "mix"
        "set": Literal["level", "temperature", "guidance", "density", "mix"],
        #: value at 0; number
        "from": float,
        #: value at 127; number
        "to": float,
        #: for mix: the class that the stream's class is mixed with; text, 1 to 128 characters or integer from 0 to 65535 or map of text to number above 0
        "class": "NotRequired[str | int | dict[str, float]]",
    },
)


StreamStartArgs = TypedDict(
    "StreamStartArgs",
    {
        #: class name (case-insensitive), id, or another word for it (understood tells which class that was), or a mix {name: weight} of at most 16
        #: classes; text, 1 to 128 characters or integer from 0 to 65535 or map of text to number above 0
        "class": "str | int | dict[str, float]",
        #: voice id; text, 1 to 128 characters; default: the active voice
        "voice": NotRequired[str],
        #: uint32, as a number or a decimal string; integer from 0 to 4294967295 or decimal text; default: chosen at random by the server
        "seed": "NotRequired[int | str]",
        #: divides the logits; 0 always takes the most likely code, 1 samples the trained distribution; number from 0 to 2; default: 1
        "temperature": NotRequired[float],
        #: sample from the k most likely codes; 0 is off; integer from 0 to 512; default: 0
        "topK": NotRequired[int],
        #: sample from the most likely codes that together have this probability (nucleus sampling); 1 is off; number above 0 to 1; default: 1
        "topP": NotRequired[float],
        #: classifier-free guidance: codes are drawn from log p(class) + guidance * (log p(class) - log p(avoid)); 0 is off, above 0 sampling costs up to
        #: twice as much; number from 0 to 8; default: the voice's default for the class
        "guidance": NotRequired[float],
        #: class or mix of classes that guidance steers away from, in the form of class; text, 1 to 128 characters or integer from 0 to 65535 or map of
        #: text to number above 0; default: no class; an equal mix of all classes if the voice was not trained without class labels
        "avoid": "NotRequired[str | int | dict[str, float]]",
        #: events (footsteps, keystrokes, barks, shots, drops) per second that the sound is to have: of the loudness contours that the voice draws, one
        #: with as many onsets is followed, or the nearest there is; classes whose recordings have no events, like rain, stay as they are; 0 is off; not
        #: with envelope; only for voices that draw contours (voice.info) (1/s); number from 0 to 20; default: as many as a recording of the class has
        "density": NotRequired[float],
        #: loudness over time that it follows from its beginning; its last level holds after it, until envelope or density change; only for voices that
        #: were trained with a loudness contour (voice.info); map
        "envelope": NotRequired[FoleyGenerateArgsEnvelope],
        #: gain; samples beyond full scale are clipped (dB); number from -80 to 40; default: 0
        "level": NotRequired[float],
        #: changes known in advance, each at its step, in order; those of recipe repeat a stream exactly; list of map; default: []
        "changes": NotRequired[list[StreamStartArgsChanges]],
        #: length; required, and at most 3600, if live is false (s); number above 0 to 86400; default: without end
        "seconds": NotRequired[float],
        #: real time; false makes and sends it as fast as possible; boolean; default: true
        "live": NotRequired[bool],
        #: how far the audio may be ahead of real time; without revise, changes are heard after this time. At most 0.6 of it is rendered at once: a
        #: smaller value costs more processor time, and below 0.2 gaps are likely (s); number from 0.1 to 10; default: 1
        "ahead": NotRequired[float],
        #: sample format of the audio; "f32" or "s16"; default: "f32"
        "format": NotRequired[Literal["f32", "s16"]],
        #: send audio; never over OSC; boolean; default: true
        "audio": NotRequired[bool],
        #: changes are heard as soon as possible (0.1 to 0.2 s), whatever ahead is: audio may begin before the end of what was sent, and replaces
        #: everything from its offset on; not over HTTP; boolean; default: false
        "revise": NotRequired[bool],
        #: play it on the server's own output; needs live; boolean; default: false
        "play": NotRequired[bool],
        #: of play: -1 left, 1 right; number from -1 to 1; default: 0
        "pan": NotRequired[float],
        #: of play: pair of output channels; integer from 0 to 31; default: 0
        "bus": NotRequired[int],
        #: MIDI controllers, aftertouch or velocity that change it while it plays, as stream.set does, at most ten times a second; list of map; default:
        #: []
        "controls": NotRequired[list[StreamStartArgsControls]],
        #: over OSC, where a client cannot be seen to leave: how long the stream continues without a message from its client. Any message renews the
        #: lease, /foley/ping included, and so does stream.set or stream.keep from any client; 0 never expires, if the server allows that (s); number from
        #: 0 to 86400; default: 60, or as the server is set
        "lease": NotRequired[float],
        #: stream id of your choice, for controllers that cannot read a generated one; text, 1 to 128 characters; default: an id that cannot be guessed
        "as": NotRequired[str],
    },
)


StreamStartAccepted = TypedDict(
    "StreamStartAccepted",
    {
        #: stream id, from accepted, or the one chosen by as; text, 1 to 128 characters
        "stream": str,
        #: integer from 0 to 4294967295
        "seed": int,
        #: voice id; text
        "voice": str,
        #: class name in the voice's spelling, or the mix; text or map of text to number
        "class": "str | dict[str, float]",
        #: the voice's sample rate (Hz); integer
        "rate": int,
        #: length of one row of the code grid (s); number
        "stepSeconds": float,
        #: of play: the output device; null if there is none; text or null
        "device": "NotRequired[str | None]",
        #: recipe at the start; the one in done also has the length and the changes; map
        "recipe": NotRequired[dict[str, Any]],
        #: names that are not classes of the voice, and the class that each was understood as: another spelling, a CatID of the Universal Category System,
        #: or a word for the sound in English, German, French, Spanish, Italian, Portuguese, Japanese or Chinese; absent if there were none; list of map
        "understood": NotRequired[list[FoleyGenerateAcceptedUnderstood]],
    },
)


class StreamStartAudio(TypedDict):
    #: row of the endless code grid, from 0; integer from 0
    step: int
    #: first sample frame of this chunk; with revise it may have been sent before (frames); integer from 0
    offset: int
    #: sample rate (Hz); integer
    rate: int
    #: always 1 in this version; integer from 1
    channels: int
    #: "f32" or "s16"
    format: Literal["f32", "s16"]
    #: samples of this chunk; bytes
    pcm: bytes


StreamStartChanged = TypedDict(
    "StreamStartChanged",
    {
        #: first row that the change applies to; integer from 0
        "step": int,
        #: true: the rows from step on had already been sampled and were sampled again; the sound crossfades there; boolean
        "redrawn": NotRequired[bool],
        #: if redrawn: mel frame of step, from 0, at which the crossfade begins; integer from 0; default: 0
        "frame": NotRequired[int],
        #: text or map of text to number
        "class": "NotRequired[str | dict[str, float]]",
        #: text or map of text to number
        "avoid": "NotRequired[str | dict[str, float]]",
        #: number
        "guidance": NotRequired[float],
        #: number
        "temperature": NotRequired[float],
        #: (1/s); number
        "density": NotRequired[float],
        #: the envelope, with the levels of its clip or recording in its place; map
        "envelope": NotRequired[dict[str, Any]],
        #: (dB); number
        "level": NotRequired[float],
        #: names that are not classes of the voice, and the class that each was understood as: another spelling, a CatID of the Universal Category System,
        #: or a word for the sound in English, German, French, Spanish, Italian, Portuguese, Japanese or Chinese; absent if there were none; list of map
        "understood": NotRequired[list[FoleyGenerateAcceptedUnderstood]],
    },
)


class StreamStartDone(TypedDict):
    #: stream id, from accepted, or the one chosen by as; text, 1 to 128 characters
    stream: str
    #: length of the audio that was sent (s); number from 0
    seconds: float
    #: chunks that were late, and the gaps in play that they caused; integer from 0
    gaps: int
    #: quiet: its lease expired; "quiet"
    ended: NotRequired[Literal["quiet"]]
    #: recipe; its stream.args are the arguments of stream.start that repeat this stream exactly; map
    recipe: dict[str, Any]


StreamStartEvent = (
    tuple[Literal["accepted"], StreamStartAccepted]
    | tuple[Literal["audio"], StreamStartAudio]
    | tuple[Literal["changed"], StreamStartChanged]
)


StreamSetArgs = TypedDict(
    "StreamSetArgs",
    {
        #: stream id, from accepted, or the one chosen by as; text, 1 to 128 characters
        "stream": str,
        #: class, or mix of classes, from now on; text, 1 to 128 characters or integer from 0 to 65535 or map of text to number above 0
        "class": "NotRequired[str | int | dict[str, float]]",
        #: class or mix of classes that guidance steers away from, in the form of class; text, 1 to 128 characters or integer from 0 to 65535 or map of
        #: text to number above 0; default: no class; an equal mix of all classes if the voice was not trained without class labels
        "avoid": "NotRequired[str | int | dict[str, float]]",
        #: classifier-free guidance: codes are drawn from log p(class) + guidance * (log p(class) - log p(avoid)); 0 is off, above 0 sampling costs up to
        #: twice as much; number from 0 to 8; default: the voice's default for the class
        "guidance": NotRequired[float],
        #: temperature from now on; number from 0 to 2
        "temperature": NotRequired[float],
        #: events per second from now on, instead of an envelope; 0 is off (1/s); number from 0 to 20
        "density": NotRequired[float],
        #: loudness over time that it follows from now on, instead of a density; its last level holds after it; map
        "envelope": NotRequired[FoleyGenerateArgsEnvelope],
        #: gain from now on (dB); number from -80 to 40
        "level": NotRequired[float],
    },
)


class StreamSetDone(TypedDict):
    #: stream id, from accepted, or the one chosen by as; text, 1 to 128 characters
    stream: str


class StreamKeepArgs(TypedDict):
    #: stream id, from accepted, or the one chosen by as; text, 1 to 128 characters
    stream: str
    #: how much to save, at most what was sent (s); number above 0 to 60
    seconds: float
    #: name of the clip; text, 0 to 128 characters
    name: NotRequired[str]


class StreamKeepDone(TypedDict):
    #: clip id; text
    clip: str
    #: (s); number from 0
    seconds: float
    #: URL path of its WAV on the HTTP port; text
    url: str
    #: file path of its WAV; text
    path: str


class FoleyCancelArgs(TypedDict):
    #: job id, from accepted; works from any connection; text, 1 to 128 characters
    job: NotRequired[str]
    #: or the id of the request that started it on this connection; text, 1 to 64 characters
    request: NotRequired[str]


class FoleyCancelDone(TypedDict):
    #: false if the job had already ended; boolean
    cancelled: bool


ClipListArgs = TypedDict(
    "ClipListArgs",
    {
        #: only clips of this class, including mixes that contain it; text, 1 to 128 characters
        "class": NotRequired[str],
        #: true: only starred clips; false: only unstarred clips; boolean
        "starred": NotRequired[bool],
        #: only clips made from this clip; text, 1 to 128 characters
        "of": NotRequired[str],
        #: text to find in the name, class, voice or id; text, 1 to 128 characters
        "text": NotRequired[str],
        #: of one page; integer from 1 to 500; default: 50
        "limit": NotRequired[int],
        #: next of the previous page; text, 1 to 128 characters
        "after": NotRequired[str],
    },
)


ClipListDoneClips = TypedDict(
    "ClipListDoneClips",
    {
        #: clip id; text
        "clip": str,
        #: name given by a user; empty if none; text
        "name": str,
        #: whether it is starred: exempt from the automatic removal of old clips; boolean
        "starred": bool,
        #: since 1970 (ms); number
        "created": float,
        #: (s); number from 0
        "seconds": float,
        #: null if the file does not say; text or map of text to number or null
        "class": "str | dict[str, float] | None",
        #: voice id; text or null
        "voice": "str | None",
        #: integer from 0 to 4294967295 or null
        "seed": "int | None",
        #: path of its WAV on the HTTP port; text
        "url": str,
        #: path of its WAV on disk; text
        "path": str,
        #: clip id that it was varied, branched or continued from; null if none; text or null
        "from": "str | None",
    },
)


class ClipListDone(TypedDict):
    #: list of map
    clips: list[ClipListDoneClips]
    #: number of matching clips on all pages; integer from 0
    total: int
    #: start of the next page; null on the last page; text or null
    next: str | None


class ClipGetArgs(TypedDict):
    #: clip id; text, 1 to 128 characters
    clip: str


class ClipGetDoneClipMakers(TypedDict):
    #: text
    worker: str
    #: text
    fingerprint: str


ClipGetDoneClip = TypedDict(
    "ClipGetDoneClip",
    {
        #: clip id; text
        "clip": str,
        #: name given by a user; empty if none; text
        "name": str,
        #: whether it is starred: exempt from the automatic removal of old clips; boolean
        "starred": bool,
        #: since 1970 (ms); number
        "created": float,
        #: (s); number from 0
        "seconds": float,
        #: null if the file does not say; text or map of text to number or null
        "class": "str | dict[str, float] | None",
        #: voice id; text or null
        "voice": "str | None",
        #: integer from 0 to 4294967295 or null
        "seed": "int | None",
        #: path of its WAV on the HTTP port; text
        "url": str,
        #: path of its WAV on disk; text
        "path": str,
        #: clip id that it was varied, branched or continued from; null if none; text or null
        "from": "str | None",
        #: recipe: voice hash, class weights, seed, temperature and other settings; map or null
        "recipe": "dict[str, Any] | None",
        #: source clip and operation, for varied, branched and continued clips; map or null
        "lineage": "dict[str, Any] | None",
        #: processing applied to the decoded audio; map or null
        "shape": "dict[str, Any] | None",
        #: its code grid in raster order, one after the other for longer clips; null for clips of older servers; list of integer from 0 or null
        "codes": "list[int] | None",
        #: workers of a render farm that made it, and the fingerprint of their arithmetic; null if made by this server; list of map or null
        "makers": "list[ClipGetDoneClipMakers] | None",
    },
)


class ClipGetDone(TypedDict):
    #: map
    clip: ClipGetDoneClip


class ClipRenameArgs(TypedDict):
    #: clip id; text, 1 to 128 characters
    clip: str
    #: empty removes the name; text, 0 to 128 characters
    name: str


class ClipRenameDone(TypedDict):
    #: map
    clip: ClipListDoneClips


class ClipStarArgs(TypedDict):
    #: clip id; text, 1 to 128 characters
    clip: str
    #: boolean; default: true
    starred: NotRequired[bool]


class ClipDeleteDone(TypedDict):
    #: clip id; text
    deleted: str
    #: number or null
    until: float | None


class ClipExportArgs(TypedDict):
    #: clip id; text, 1 to 128 characters
    clip: str
    #: file name, without folder; text, 1 to 128 characters; default: a name by the rules of UCS
    name: NotRequired[str]
    #: destination: the server's export folder, the delivery folder, or the answer itself; "exports" or "delivery" or "bytes"; default: "exports"
    to: NotRequired[Literal["exports", "delivery", "bytes"]]
    #: subfolder of the delivery folder; text, 0 to 128 characters; default: ""
    folder: NotRequired[str]
    #: container; FLAC files carry the WAV's chunks as well; "wav" or "flac"; default: "wav"
    format: NotRequired[Literal["wav", "flac"]]
    #: bits per sample; 16 is dithered, 32 is float (WAV only); 16 or 24 or 32; default: 24
    bits: NotRequired[Literal[16, 24, 32]]
    #: sample rate (Hz); integer from 8000 to 192000; default: 48000
    rate: NotRequired[int]
    #: 1: mono; 2: stereo with the sound at pan; 1 or 2; default: 1
    channels: NotRequired[Literal[1, 2]]
    #: constant-power pan position from -1 (left) to 1 (right); number from -1 to 1; default: 0
    pan: NotRequired[float]
    #: true-peak ceiling: a a louder clip is attenuated as a whole; a quieter one is not raised (dBTP); number from -60 to 0; default: -2
    peak: NotRequired[float]
    #: target integrated loudness, as far as the ceiling allows; replaces gain (LUFS); number from -60 to -5
    lufs: NotRequired[float]
    #: write seamless loop points if the sound has a steady region; boolean; default: false
    loop: NotRequired[bool]
    #: time reference of bext: samples since midnight at the file's rate (samples); integer from 0 or decimal text; default: 0
    timeReference: NotRequired[int | str]
    #: of UCS; text; default: the server's list, then the voice's card, then the class
    catId: NotRequired[str]
    #: the first 24 characters are used; text, 0 to 128 characters; default: the clip's name, otherwise its class
    fxName: NotRequired[str]
    #: CreatorID; text, 0 to 128 characters; default: FOLEYD
    creator: NotRequired[str]
    #: SourceID: show, project or library; text, 0 to 128 characters; default: NONE
    source: NotRequired[str]
    #: last part of the file name; text, 0 to 128 characters; default: s and the seed
    userData: NotRequired[str]
    #: of iXML; text, 0 to 128 characters
    project: NotRequired[str]
    #: of iXML; text, 0 to 128 characters
    scene: NotRequired[str]
    #: of iXML; text, 0 to 128 characters
    take: NotRequired[str]
    #: remove this much from the beginning (s); number from 0 to 60
    trim: NotRequired[float]
    #: cut exactly at length instead of at a quiet point; boolean; default: false
    exact: NotRequired[bool]
    #: reverse the audio; boolean; default: false
    reverse: NotRequired[bool]
    #: fade-in time (s); number from 0 to 60
    fadeIn: NotRequired[float]
    #: fade-out time (s); number from 0 to 60
    fadeOut: NotRequired[float]
    #: wanted length, from the onset if at is given: a longer clip is cut at a quiet point (s); number above 0 to 60
    length: NotRequired[float]
    #: gain, limited by the ceiling; nothing is clipped (dB); number from -80 to 40; default: 0
    gain: NotRequired[float]
    #: time on the timeline at which the sound begins: the file starts shortly before its onset, and its time reference says where it belongs;
    #: timeReference is that of the start of the timeline (s); number from 0 to 356400
    at: NotRequired[float]
    #: with at: keep at most this much before the onset, faded in (s); number from 0 to 5; default: 0.01
    lead: NotRequired[float]


class ClipExportDone(TypedDict):
    #: contents of the file, if requested in the answer; bytes
    content: NotRequired[bytes]
    #: file name, without folder; text
    name: str
    #: file path; null if it was sent in the answer; text or null
    path: str | None
    #: integer from 0
    bytes: int
    #: (s); number from 0
    seconds: float
    #: integrated loudness; null for silence and for less than 0.4 s (LUFS); number or null
    lufs: float | None
    #: null for silence (dBTP); number or null
    truePeak: float | None
    #: gain applied relative to the clip (dB); number
    gain: float
    #: whether loop points were written; boolean
    looped: bool
    #: where the sound lies on the timeline; absent without at; map
    placed: NotRequired[FoleySpotFilePlaced]


ClipBatchArgsRows = TypedDict(
    "ClipBatchArgsRows",
    {
        #: clip id; text, 1 to 128 characters
        "clip": NotRequired[str],
        #: name, id or a mix like DogBark:0.7+Rain:0.3; text, 1 to 128 characters
        "class": NotRequired[str],
        #: integer from 0 to 4294967295 or decimal text
        "seed": "NotRequired[int | str]",
        #: integer from 1 to 64; default: 1
        "count": NotRequired[int],
        #: text, 1 to 128 characters
        "voice": NotRequired[str],
        #: classifier-free guidance: codes are drawn from log p(class) + guidance * (log p(class) - log p(avoid)); 0 is off, above 0 sampling costs up to
        #: twice as much; number from 0 to 8; default: the voice's default for the class
        "guidance": NotRequired[float],
        #: events (footsteps, keystrokes, barks, shots, drops) per second that the sound is to have: of the loudness contours that the voice draws, one
        #: with as many onsets is followed, or the nearest there is; classes whose recordings have no events, like rain, stay as they are; 0 is off; not
        #: with envelope; only for voices that draw contours (voice.info) (1/s); number from 0 to 20; default: as many as a recording of the class has
        "density": NotRequired[float],
        #: generate this many and return the best according to the voice's own embedder: most likely of its class and most like a real clip, neither
        #: silent nor late nor similar to the others; costs as much as that many clips; integer from 1 to 16; default: 1
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
        #: time on the timeline at which the sound begins: the file starts shortly before its onset, and its time reference says where it belongs;
        #: timeReference is that of the start of the timeline (s); number from 0 to 356400
        "at": NotRequired[float],
        #: wanted length, from the onset if at is given: a longer clip is cut at a quiet point, a class makes a sound of this length (s); number above 0
        #: to 60
        "length": NotRequired[float],
        #: number that its files are named by; integer from 1 to 1000
        "cue": NotRequired[int],
        #: loudness that the clips of a class follow; map
        "envelope": NotRequired[FoleySpotArgsCuesEnvelope],
    },
)


class ClipBatchArgs(TypedDict):
    #: clip ids; list of text, 1 to 128 characters
    clips: NotRequired[list[str]]
    #: lines of the sheet: a clip, or a class with seed and count; a line's own settings override the common ones; list of map
    rows: NotRequired[list[ClipBatchArgsRows]]
    #: destination: the server's export folder, the delivery folder, or the answer itself; "exports" or "delivery" or "bytes"; default: "exports"
    to: NotRequired[Literal["exports", "delivery", "bytes"]]
    #: subfolder of the delivery folder; text, 0 to 128 characters; default: ""
    folder: NotRequired[str]
    #: name of the sheet, without folder and extension; text, 1 to 128 characters; default: batch and the job
    sheet: NotRequired[str]
    #: also mix the first take of every row that has at to one file of this name, each at its time; at most 15 minutes; text, 1 to 128 characters
    stem: NotRequired[str]
    #: container; FLAC files carry the WAV's chunks as well; "wav" or "flac"; default: "wav"
    format: NotRequired[Literal["wav", "flac"]]
    #: bits per sample; 16 is dithered, 32 is float (WAV only); 16 or 24 or 32; default: 24
    bits: NotRequired[Literal[16, 24, 32]]
    #: sample rate (Hz); integer from 8000 to 192000; default: 48000
    rate: NotRequired[int]
    #: 1: mono; 2: stereo with the sound at pan; 1 or 2; default: 1
    channels: NotRequired[Literal[1, 2]]
    #: constant-power pan position from -1 (left) to 1 (right); number from -1 to 1; default: 0
    pan: NotRequired[float]
    #: true-peak ceiling: a a louder clip is attenuated as a whole; a quieter one is not raised (dBTP); number from -60 to 0; default: -2
    peak: NotRequired[float]
    #: target integrated loudness, as far as the ceiling allows; replaces gain (LUFS); number from -60 to -5
    lufs: NotRequired[float]
    #: write seamless loop points if the sound has a steady region; boolean; default: false
    loop: NotRequired[bool]
    #: time reference of bext: samples since midnight at the file's rate (samples); integer from 0 or decimal text; default: 0
    timeReference: NotRequired[int | str]
    #: of UCS; text; default: the server's list, then the voice's card, then the class
    catId: NotRequired[str]
    #: the first 24 characters are used; text, 0 to 128 characters; default: the clip's name, otherwise its class
    fxName: NotRequired[str]
    #: CreatorID; text, 0 to 128 characters; default: FOLEYD
    creator: NotRequired[str]
    #: SourceID: show, project or library; text, 0 to 128 characters; default: NONE
    source: NotRequired[str]
    #: last part of the file name; text, 0 to 128 characters; default: s and the seed
    userData: NotRequired[str]
    #: of iXML; text, 0 to 128 characters
    project: NotRequired[str]
    #: of iXML; text, 0 to 128 characters
    scene: NotRequired[str]
    #: of iXML; text, 0 to 128 characters
    take: NotRequired[str]
    #: remove this much from the beginning (s); number from 0 to 60
    trim: NotRequired[float]
    #: cut exactly at length instead of at a quiet point; boolean; default: false
    exact: NotRequired[bool]
    #: reverse the audio; boolean; default: false
    reverse: NotRequired[bool]
    #: fade-in time (s); number from 0 to 60
    fadeIn: NotRequired[float]
    #: fade-out time (s); number from 0 to 60
    fadeOut: NotRequired[float]
    #: wanted length, from the onset if at is given: a longer clip is cut at a quiet point (s); number above 0 to 60
    length: NotRequired[float]
    #: gain, limited by the ceiling; nothing is clipped (dB); number from -80 to 40; default: 0
    gain: NotRequired[float]
    #: with at: keep at most this much before the onset, faded in (s); number from 0 to 5; default: 0.01
    lead: NotRequired[float]


class ClipBatchAccepted(TypedDict):
    #: job id; text
    job: str
    #: number of files; integer from 1
    files: int
    #: names that are not classes of the voice, and the class that each was understood as: another spelling, a CatID of the Universal Category System,
    #: or a word for the sound in English, German, French, Spanish, Italian, Portuguese, Japanese or Chinese; absent if there were none; list of map
    understood: NotRequired[list[FoleyGenerateAcceptedUnderstood]]


ClipBatchEvent = (
    tuple[Literal["accepted"], ClipBatchAccepted]
    | tuple[Literal["progress"], FoleySpotProgress]
    | tuple[Literal["file"], FoleySpotFile]
    | tuple[Literal["skipped"], FoleySpotSkipped]
    | tuple[Literal["stem"], FoleySpotStem]
)


class DeliverSetArgsSettings(TypedDict):
    #: container; FLAC files carry the WAV's chunks as well; "wav" or "flac"; default: as before
    format: NotRequired[Literal["wav", "flac"]]
    #: bits per sample; 16 is dithered, 32 is float (WAV only); 16 or 24 or 32; default: as before
    bits: NotRequired[Literal[16, 24, 32]]
    #: sample rate (Hz); integer from 8000 to 192000; default: as before
    rate: NotRequired[int]
    #: 1: mono; 2: stereo with the sound at pan; 1 or 2; default: as before
    channels: NotRequired[Literal[1, 2]]
    #: constant-power pan position from -1 (left) to 1 (right); number from -1 to 1; default: as before
    pan: NotRequired[float]
    #: true-peak ceiling: a a louder clip is attenuated as a whole; a quieter one is not raised (dBTP); number from -60 to 0; default: as before
    peak: NotRequired[float]
    #: target integrated loudness, as far as the ceiling allows; replaces gain (LUFS); number from -60 to -5; default: as before
    lufs: NotRequired[float]
    #: write seamless loop points if the sound has a steady region; boolean; default: as before
    loop: NotRequired[bool]
    #: time reference of bext: samples since midnight at the file's rate (samples); integer from 0 or decimal text; default: as before
    timeReference: NotRequired[int | str]
    #: of UCS; text; default: as before
    catId: NotRequired[str]
    #: the first 24 characters are used; text, 0 to 128 characters; default: as before
    fxName: NotRequired[str]
    #: CreatorID; text, 0 to 128 characters; default: as before
    creator: NotRequired[str]
    #: SourceID: show, project or library; text, 0 to 128 characters; default: as before
    source: NotRequired[str]
    #: last part of the file name; text, 0 to 128 characters; default: as before
    userData: NotRequired[str]
    #: of iXML; text, 0 to 128 characters; default: as before
    project: NotRequired[str]
    #: of iXML; text, 0 to 128 characters; default: as before
    scene: NotRequired[str]
    #: of iXML; text, 0 to 128 characters; default: as before
    take: NotRequired[str]
    #: remove this much from the beginning (s); number from 0 to 60; default: as before
    trim: NotRequired[float]
    #: cut exactly at length instead of at a quiet point; boolean; default: as before
    exact: NotRequired[bool]
    #: reverse the audio; boolean; default: as before
    reverse: NotRequired[bool]
    #: fade-in time (s); number from 0 to 60; default: as before
    fadeIn: NotRequired[float]
    #: fade-out time (s); number from 0 to 60; default: as before
    fadeOut: NotRequired[float]
    #: wanted length, from the onset if at is given: a longer clip is cut at a quiet point (s); number above 0 to 60; default: as before
    length: NotRequired[float]
    #: gain, limited by the ceiling; nothing is clipped (dB); number from -80 to 40; default: as before
    gain: NotRequired[float]


class DeliverSetArgs(TypedDict):
    #: boolean; default: true
    on: NotRequired[bool]
    #: subfolder of the delivery folder; text, 0 to 128 characters; default: as before; at first none
    folder: NotRequired[str]
    #: only starred clips, including clips that are already starred; boolean; default: as before; at first false
    starred: NotRequired[bool]
    #: also deliver clips saved before delivery was switched on; boolean; default: false
    earlier: NotRequired[bool]
    #: only clips of these classes; null for all; list of text, 1 to 128 characters or null; default: as before; at first all
    classes: NotRequired[list[str] | None]
    #: export settings to change, as for clip.export; map; default: as before
    settings: NotRequired[DeliverSetArgsSettings]
    #: start from the defaults instead of the current rule; boolean; default: false
    reset: NotRequired[bool]


class DeliverSetDone(TypedDict):
    #: boolean
    on: bool
    #: delivery folder; null if none is set; text or null
    root: str | None
    #: below it; text
    folder: str
    #: only starred clips; boolean
    starred: bool
    #: only clips of these classes; null for all; list of text or null
    classes: list[str] | None
    #: export settings, as for clip.export; map
    settings: dict[str, Any]
    #: files since the server started; integer from 0
    delivered: int
    #: clips waiting to be delivered; integer from 0
    waiting: int
    #: path of the most recent file; text or null
    last: str | None
    #: why the last clip could not be delivered; deliver.set or a restart retries it; text or null
    problem: str | None


class VoiceListDoneVoicesClasses(TypedDict):
    #: integer from 0
    id: int
    #: text
    name: str


class VoiceListDoneVoices(TypedDict):
    #: voice id, as used in foley.generate; text
    id: str
    #: display name; text
    name: str
    #: classes it can generate; list of map
    classes: list[VoiceListDoneVoicesClasses]
    #: SHA-256 of its graphs, hex; text
    hash: str
    #: whether it is the active voice, used if a request names none; boolean
    active: bool


class VoiceListDone(TypedDict):
    #: every voice on disk; list of map
    voices: list[VoiceListDoneVoices]


class VoiceInfoArgs(TypedDict):
    #: voice id; text, 1 to 128 characters; default: the active voice
    voice: NotRequired[str]


class VoiceInfoDone(TypedDict):
    #: the voice's card.json; map
    card: dict[str, Any]


class VoiceNearestArgs(TypedDict):
    #: id of a saved clip; text, 1 to 128 characters
    clip: NotRequired[str]
    #: or a recording: a WAV file or raw mono samples; bytes in msgpack, base64 in JSON and OSC; text, 0 to 1048576 characters or bytes
    recording: NotRequired[str | bytes]
    #: of raw samples (Hz); integer from 4000 to 384000; default: read from the WAV header
    recordingRate: NotRequired[int]
    #: of raw samples; "f32" or "s16"; default: "s16"
    recordingFormat: NotRequired[Literal["f32", "s16"]]
    #: voice id; text, 1 to 128 characters; default: the clip's voice; the active voice for a recording
    voice: NotRequired[str]
    #: how many, nearest first; integer from 1 to 32; default: 3
    count: NotRequired[int]


VoiceNearestDoneRecordings = TypedDict(
    "VoiceNearestDoneRecordings",
    {
        #: original as in the voice's credits; ; between several; text
        "name": str,
        #: text
        "class": str,
        #: -1 to 1; 1 is the same recording; number
        "likeness": float,
        #: highest similarity of two recordings of this class with different originals; number
        "limit": float,
    },
)


class VoiceNearestDone(TypedDict):
    #: text
    voice: str
    #: whether its similarity to one of them exceeds that one's limit; boolean
    memorised: bool
    #: list of map
    recordings: list[VoiceNearestDoneRecordings]


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
    #: open MIDI inputs; list of text
    inputs: list[str]
    #: other MIDI inputs on this machine; list of text
    others: list[str]
    #: why no input, or not the requested one, is open; text or null
    problem: str | None
    #: the input whose MIDI clock is followed; text or null
    clock: str | None
    #: tempo of that clock (beats per minute); number or null
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
    #: state, execution provider, threads, engine processes (lanes) running and allowed, restarts; map
    engine: ServerInfoDoneEngine
    #: ports in use; null if off; map
    ports: ServerInfoDonePorts
    #: the limits of this protocol, as in its table; map of text to number
    limits: dict[str, float]
    #: state, device or reason there is none, rate, latency, sounding voices; null until something has been played; map or null
    playback: ServerInfoDonePlayback | None
    #: map
    midi: ServerInfoDoneMidi
    #: queued and running jobs; map
    queue: ServerInfoDoneQueue


class ServerPingArgs(TypedDict):
    #: text or number to echo; text, 0 to 1024 characters or number
    payload: NotRequired[str | float]


class ServerPingDone(TypedDict):
    #: the echoed value; text, 0 to 1024 characters or number
    payload: NotRequired[str | float]
    #: the server's clock, since 1970 (ms); number
    time: float


class ServerClockArgs(TypedDict):
    #: the client's clock, echoed (ms); number
    t1: NotRequired[float]


class ServerClockDone(TypedDict):
    #: the echoed value (ms); number or null
    t1: float | None
    #: arrival of the request, since 1970 (ms); number
    t2: float
    #: departure of the answer, since 1970 (ms); number
    t3: float
    #: null until something has been played; number or null
    audio: float | None
    #: latency from scheduling to the output (s); number from 0
    latency: float


class FarmStatusDoneWorkersVoices(TypedDict):
    #: text
    voice: str
    #: text
    name: str
    #: fingerprint: voice, engine, arithmetic and canary clip in one hash; text
    fingerprint: str
    #: execution provider or class of the processor, and rendering threads; text
    arithmetic: str


class FarmStatusDoneWorkers(TypedDict):
    #: text
    worker: str
    #: text
    host: str
    #: text
    version: str
    #: integer from 0
    lanes: int
    #: bulk clips at a time, plus as many live ones; integer from 0
    slots: int
    #: list of map
    voices: list[FarmStatusDoneWorkersVoices]
    #: live clips in progress; integer from 0
    live: int
    #: bulk clips in progress; integer from 0
    bulk: int
    #: clips since it started; integer from 0
    made: int
    #: integer from 0
    failed: int
    #: over the last minute (clips/s); number from 0
    rate: float
    #: (s); number from 0
    uptime: float
    #: it is shutting down and takes no more jobs; boolean
    leaving: bool


class FarmStatusDoneQueues(TypedDict):
    #: fingerprint: voice, engine, arithmetic and canary clip in one hash; text
    fingerprint: str
    #: "live" or "bulk"
    urgency: Literal["live", "bulk"]
    #: jobs that no worker has taken; integer from 0
    waiting: int
    #: jobs that workers are processing; integer from 0
    taken: int
    #: of these, jobs delivered more than once; integer from 0
    repeated: int


class FarmStatusDoneOwn(TypedDict):
    #: text
    voice: str
    #: fingerprint: voice, engine, arithmetic and canary clip in one hash; text
    fingerprint: str
    #: execution provider or class of the processor, and rendering threads; text
    arithmetic: str


class FarmStatusDone(TypedDict):
    #: none: the server has no farm; lost: its broker is unavailable; "none" or "open" or "lost"
    state: Literal["none", "open", "lost"]
    #: why the broker is unavailable; text or null
    problem: str | None
    #: its address and version; text or null
    broker: str | None
    #: those heard from in the last seconds; list of map
    workers: list[FarmStatusDoneWorkers]
    #: list of map
    queues: list[FarmStatusDoneQueues]
    #: fingerprints of this server's voices: only workers with the same ones make its clips; list of map
    own: list[FarmStatusDoneOwn]
    #: size of the clips stored at the broker (bytes); integer from 0
    clipBytes: int
    #: size of the voices stored there (bytes); integer from 0
    voiceBytes: int
    #: clips pending for this server; integer from 0
    pending: int
    #: of these, clips held until the broker is back; integer from 0
    held: int
    #: clips from the farm, since this server started; integer from 0
    made: int
    #: clips from the farm's cache; integer from 0
    cached: int
    #: clips made by this server instead; integer from 0
    local: int


class ServerWatchArgs(TypedDict):
    #: send job events; boolean; default: true
    jobs: NotRequired[bool]
    #: send hit and underrun events; boolean; default: true
    hits: NotRequired[bool]
    #: send pool events; boolean; default: true
    pools: NotRequired[bool]
    #: send refused events; boolean; default: false
    refused: NotRequired[bool]
    #: first send job events (queued, and started if it runs) for each job that is open already; boolean; default: false
    open: NotRequired[bool]


class ServerWatchAccepted(TypedDict):
    #: boolean
    jobs: bool
    #: boolean
    hits: bool
    #: boolean
    pools: bool


class ServerWatchJob(TypedDict):
    #: job id for admins; for others an alias that only distinguishes jobs; text
    job: str
    #: "queued" or "started" or "row" or "done" or "failed" or "cancelled"
    state: Literal["queued", "started", "row", "done", "failed", "cancelled"]
    #: queued: number of clips; integer from 0
    clips: NotRequired[int]
    #: queued, of a job that was open already: when it was accepted, since 1970 (ms); number
    created: NotRequired[float]
    #: queued, of a job that was open already: finished clips; integer from 0
    made: NotRequired[int]
    #: row: index of the clip; integer from 0
    index: NotRequired[int]
    #: row: index of the finished row, from 0; integer from 0
    row: NotRequired[int]
    #: row: total rows; integer from 0
    rows: NotRequired[int]


ServerWatchHit = TypedDict(
    "ServerWatchHit",
    {
        #: text
        "map": str,
        #: id of the sounding voice, for trigger.stop; integer from 0
        "voice": int,
        #: pool: a ready clip; generated: made for this hit; live: made for this hit, and played while it is made; again: a clip played before, slightly
        #: altered; "pool" or "generated" or "live" or "again"
        "from": Literal["pool", "generated", "live", "again"],
        #: start of the sound, since 1970 (ms); number
        "at": float,
        #: output clock: samples since it was opened; number
        "frame": float,
        #: lateness relative to the requested time (ms); number from 0
        "late": float,
        #: text or map of text to number
        "class": "str | dict[str, float]",
        #: reproduces this clip with foley.generate at the same temperature, guidance and density; integer from 0 to 4294967295
        "seed": int,
        #: number
        "temperature": float,
        #: number
        "guidance": float,
        #: if the map has one (1/s); number
        "density": NotRequired[float],
        #: clips ready; integer from 0
        "remaining": int,
    },
)


class ServerWatchUnderrun(TypedDict):
    #: text
    map: str
    #: id of the voice, from its hit; integer from 0
    voice: int
    #: integer from 0 to 4294967295
    seed: int
    #: how much of the clip was played (s); number from 0
    seconds: float
    #: length of the whole clip (s); number from 0
    of: float


class ServerWatchPool(TypedDict):
    #: text
    map: str
    #: clips ready to play; integer from 0
    ready: int
    #: target number of ready clips; integer from 0
    want: int
    #: clips being generated; integer from 0
    coming: int
    #: hits played; integer from 0
    played: int
    #: of these, replays of an earlier clip, slightly altered; integer from 0
    starved: int
    #: of these, clips that were played while they were generated; integer from 0
    live: int
    #: of these, clips that faded out because the rest was not generated in time; integer from 0
    underruns: int
    #: why the pool is not filled; text or null
    problem: str | None


class ServerWatchRefused(TypedDict):
    #: "osc" or "ws" or "http"
    transport: Literal["osc", "ws", "http"]
    #: address of the sender; empty for clients without the admin role; text
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
    | tuple[Literal["underrun"], ServerWatchUnderrun]
    | tuple[Literal["pool"], ServerWatchPool]
    | tuple[Literal["refused"], ServerWatchRefused]
)


class DeviceListDone(TypedDict):
    #: audio devices, as --output takes them; list of text
    outputs: list[str]
    #: why there are none, if known; text or null
    outputsProblem: str | None
    #: the open output; null before the first sound or if there is none; text or null
    output: str | None
    #: map
    midi: ServerInfoDoneMidi


class TriggerMapArgsSource(TypedDict):
    #: MIDI note; integer from 0 to 127
    note: int
    #: MIDI channel; integer from 1 to 16; default: any
    channel: NotRequired[int]


class TriggerMapArgsSource2(TypedDict):
    #: MIDI controller: fires when its value reaches 64; integer from 0 to 127
    cc: int
    #: MIDI channel; integer from 1 to 16; default: any
    channel: NotRequired[int]


class TriggerMapArgsSource3(TypedDict):
    #: MIDI program change; integer from 0 to 127
    program: int
    #: MIDI channel; integer from 1 to 16; default: any
    channel: NotRequired[int]


class TriggerMapArgsSource4(TypedDict):
    #: OSC address of your own; its first number, 0 to 1 or 2 to 127, is the velocity; text
    osc: str


TriggerMapArgs = TypedDict(
    "TriggerMapArgs",
    {
        #: name of the map; text
        "id": str,
        #: source that triggers it; map or map or map or map; default: only trigger.fire
        "source": "NotRequired[TriggerMapArgsSource | TriggerMapArgsSource2 | TriggerMapArgsSource3 | TriggerMapArgsSource4]",
        #: class it plays, in the form of foley.generate; text, 1 to 128 characters or integer from 0 to 65535 or map of text to number above 0
        "class": "str | int | dict[str, float]",
        #: voice id; text, 1 to 128 characters; default: the active voice
        "voice": NotRequired[str],
        #: temperature for its clips; number from 0 to 2; default: 1
        "temperature": NotRequired[float],
        #: temperature for the softest hits, interpolated for velocities in between; number from 0 to 2; default: temperature
        "softTemperature": NotRequired[float],
        #: classifier-free guidance: codes are drawn from log p(class) + guidance * (log p(class) - log p(avoid)); 0 is off, above 0 sampling costs up to
        #: twice as much; number from 0 to 8; default: the voice's default for the class
        "guidance": NotRequired[float],
        #: class or mix of classes that guidance steers away from, in the form of class; text, 1 to 128 characters or integer from 0 to 65535 or map of
        #: text to number above 0; default: no class; an equal mix of all classes if the voice was not trained without class labels
        "avoid": "NotRequired[str | int | dict[str, float]]",
        #: events (footsteps, keystrokes, barks, shots, drops) per second that the sound is to have: of the loudness contours that the voice draws, one
        #: with as many onsets is followed, or the nearest there is; classes whose recordings have no events, like rain, stay as they are; 0 is off; not
        #: with envelope; only for voices that draw contours (voice.info) (1/s); number from 0 to 20; default: as many as a recording of the class has
        "density": NotRequired[float],
        #: generate this many and return the best according to the voice's own embedder: most likely of its class and most like a real clip, neither
        #: silent nor late nor similar to the others; costs as much as that many clips; a clip that a hit is waiting for has no other candidates; integer
        #: from 1 to 16; default: 4 while at least half of the clips are ready, if there is an embedder that tells real clips from generated ones;
        #: otherwise 1
        "candidates": NotRequired[int],
        #: number of clips kept ready; integer from 1 to 16; default: 3
        "ready": NotRequired[int],
        #: with no fresh clip ready, a hit plays a clip while it is generated, if it is expected to be heard within this time; otherwise an earlier clip
        #: is replayed. The limit does not apply if there is none to replay (s); number from 0 to 10; default: 0.15
        "liveWithin": NotRequired[float],
        #: replay the ready clips in turn; otherwise no clip is played twice while fresh ones are ready; boolean; default: false
        "reuse": NotRequired[bool],
        #: shot: plays to its end; gate: plays until the note ends; loop: loops until the note ends; "shot" or "gate" or "loop"; default: "shot"
        "mode": NotRequired[Literal["shot", "gate", "loop"]],
        #: loudness (dB); number from -80 to 20; default: 0
        "gain": NotRequired[float],
        #: velocity sensitivity of the level: 0 is none; number from 0 to 1; default: 1
        "velocity": NotRequired[float],
        #: -1 left, 1 right; number from -1 to 1; default: 0
        "pan": NotRequired[float],
        #: pair of output channels; integer from 0 to 31; default: 0
        "bus": NotRequired[int],
        #: choke group: a new sound of the group stops the others; text, 1 to 128 characters; default: none
        "choke": NotRequired[str],
        #: at most (s); number above 0 to 60; default: the whole clip
        "length": NotRequired[float],
        #: fade-in time (s); number from 0 to 10; default: 0
        "fadeIn": NotRequired[float],
        #: fade-out time, also used when it is stopped (s); number from 0 to 10; default: 0.01
        "fadeOut": NotRequired[float],
        #: start on the next multiple of this many beats of the song (transport.set or a MIDI clock); 0 starts at once; number from 0 to 64; default: 0
        "quantise": NotRequired[float],
    },
)


TriggerMapDoneMap = TypedDict(
    "TriggerMapDoneMap",
    {
        #: name of the map; text
        "id": str,
        #: source that triggers it; map or map or map or map; default: only trigger.fire
        "source": "NotRequired[TriggerMapArgsSource | TriggerMapArgsSource2 | TriggerMapArgsSource3 | TriggerMapArgsSource4]",
        #: class it plays, in the form of foley.generate; text, 1 to 128 characters or integer from 0 to 65535 or map of text to number above 0
        "class": "str | int | dict[str, float]",
        #: voice id; text, 1 to 128 characters; default: the active voice
        "voice": NotRequired[str],
        #: temperature for its clips; number from 0 to 2; default: 1
        "temperature": float,
        #: temperature for the softest hits, interpolated for velocities in between; number from 0 to 2; default: temperature
        "softTemperature": NotRequired[float],
        #: classifier-free guidance: codes are drawn from log p(class) + guidance * (log p(class) - log p(avoid)); 0 is off, above 0 sampling costs up to
        #: twice as much; number from 0 to 8; default: the voice's default for the class
        "guidance": NotRequired[float],
        #: class or mix of classes that guidance steers away from, in the form of class; text, 1 to 128 characters or integer from 0 to 65535 or map of
        #: text to number above 0; default: no class; an equal mix of all classes if the voice was not trained without class labels
        "avoid": "NotRequired[str | int | dict[str, float]]",
        #: events (footsteps, keystrokes, barks, shots, drops) per second that the sound is to have: of the loudness contours that the voice draws, one
        #: with as many onsets is followed, or the nearest there is; classes whose recordings have no events, like rain, stay as they are; 0 is off; not
        #: with envelope; only for voices that draw contours (voice.info) (1/s); number from 0 to 20; default: as many as a recording of the class has
        "density": NotRequired[float],
        #: generate this many and return the best according to the voice's own embedder: most likely of its class and most like a real clip, neither
        #: silent nor late nor similar to the others; costs as much as that many clips; a clip that a hit is waiting for has no other candidates; integer
        #: from 1 to 16; default: 4 while at least half of the clips are ready, if there is an embedder that tells real clips from generated ones;
        #: otherwise 1
        "candidates": NotRequired[int],
        #: number of clips kept ready; integer from 1 to 16; default: 3
        "ready": int,
        #: with no fresh clip ready, a hit plays a clip while it is generated, if it is expected to be heard within this time; otherwise an earlier clip
        #: is replayed. The limit does not apply if there is none to replay (s); number from 0 to 10; default: 0.15
        "liveWithin": float,
        #: replay the ready clips in turn; otherwise no clip is played twice while fresh ones are ready; boolean; default: false
        "reuse": bool,
        #: shot: plays to its end; gate: plays until the note ends; loop: loops until the note ends; "shot" or "gate" or "loop"; default: "shot"
        "mode": Literal["shot", "gate", "loop"],
        #: loudness (dB); number from -80 to 20; default: 0
        "gain": float,
        #: velocity sensitivity of the level: 0 is none; number from 0 to 1; default: 1
        "velocity": float,
        #: -1 left, 1 right; number from -1 to 1; default: 0
        "pan": float,
        #: pair of output channels; integer from 0 to 31; default: 0
        "bus": int,
        #: choke group: a new sound of the group stops the others; text, 1 to 128 characters; default: none
        "choke": NotRequired[str],
        #: at most (s); number above 0 to 60; default: the whole clip
        "length": NotRequired[float],
        #: fade-in time (s); number from 0 to 10; default: 0
        "fadeIn": float,
        #: fade-out time, also used when it is stopped (s); number from 0 to 10; default: 0.01
        "fadeOut": float,
        #: start on the next multiple of this many beats of the song (transport.set or a MIDI clock); 0 starts at once; number from 0 to 64; default: 0
        "quantise": float,
    },
)


class TriggerMapDone(TypedDict):
    #: map
    map: TriggerMapDoneMap
    #: names that are not classes of the voice, and the class that each was understood as: another spelling, a CatID of the Universal Category System,
    #: or a word for the sound in English, German, French, Spanish, Italian, Portuguese, Japanese or Chinese; absent if there were none; list of map
    understood: NotRequired[list[FoleyGenerateAcceptedUnderstood]]


class TriggerEditArgs(TypedDict):
    #: name of the map; text
    id: str
    #: fields of trigger.map to change; null removes an optional one; map
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
    #: name of the map; list of text; default: all of them
    ids: NotRequired[list[str]]


class TriggerExportDone(TypedDict):
    #: list of map
    maps: list[TriggerMapDoneMap]


class TriggerImportArgs(TypedDict):
    #: list of map
    maps: list[TriggerMapArgs]
    #: remove all other maps; boolean; default: false
    replace: NotRequired[bool]


class TriggerImportDone(TypedDict):
    #: number of maps afterwards; integer from 0
    maps: int
    #: names that are not classes of the voice, and the class that each was understood as: another spelling, a CatID of the Universal Category System,
    #: or a word for the sound in English, German, French, Spanish, Italian, Portuguese, Japanese or Chinese; absent if there were none; list of map
    understood: NotRequired[list[FoleyGenerateAcceptedUnderstood]]


class TriggerFireArgs(TypedDict):
    #: name of the map; text
    id: NotRequired[str]
    #: or all maps of this OSC address; text
    osc: NotRequired[str]
    #: 0 releases a gate or a loop; number from 0 to 1; default: 1
    velocity: NotRequired[float]
    #: if nothing is ready and nothing was played before: generate a clip and play it late; boolean; default: true
    wait: NotRequired[bool]
    #: send the samples that are played as audio; needs id; never over OSC; boolean; default: false
    audio: NotRequired[bool]
    #: sample format of the audio; "f32" or "s16"; default: "f32"
    format: NotRequired[Literal["f32", "s16"]]
    #: false: silent on the output of the server, for clients that play audio; boolean; default: true
    play: NotRequired[bool]


class TriggerFireAudio(TypedDict):
    #: first sample frame of this chunk (frames); integer from 0
    offset: int
    #: sample frames of the whole sound (frames); integer from 0
    total: int
    #: sample rate to play it at, again included (Hz); integer from 1
    rate: int
    #: linear, of map and velocity; number from 0
    gain: float
    #: repeats until it is stopped; boolean
    loop: bool
    #: always 1 in this version; integer from 1
    channels: int
    #: "f32" or "s16"
    format: Literal["f32", "s16"]
    #: samples of this chunk, faded and cut as the map says; bytes
    pcm: bytes


class TriggerFireDone(TypedDict):
    #: one per map; none for a release; list of map
    hits: list[ServerWatchHit]


class TriggerFireLate(TypedDict):
    #: lateness (ms); number
    late: float
    #: requested time, since 1970 (ms); number
    asked: float
    #: actual time, since 1970 (ms); number
    at: float


TriggerFireEvent = (
    tuple[Literal["audio"], TriggerFireAudio]
    | tuple[Literal["late"], TriggerFireLate]
)


class TriggerStopArgs(TypedDict):
    #: id of the sounding voice, from a hit; integer from 0
    voice: NotRequired[int]
    #: or a map; text
    id: NotRequired[str]
    #: fade-out time (s); number from 0 to 60; default: 0.02
    fade: NotRequired[float]


class TriggerStopDone(TypedDict):
    #: number of sounds stopped; integer from 0
    stopped: int


class TransportSetArgs(TypedDict):
    #: false: the song is stopped; boolean
    playing: bool
    #: tempo (beats per minute); number from 1 to 1000; default: unchanged; 120 at first
    tempo: NotRequired[float]
    #: position in beats from the start of the song; negative in a count-in; number from -1000000 to 1000000000; default: the position that follows
    #: from the previous call
    beat: NotRequired[float]
    #: stop after this long without another call, for hosts that may disappear (s); number from 0.1 to 86400; default: never stops by itself
    lasts: NotRequired[float]


class TransportSetDone(TypedDict):
    #: whether the song is playing; boolean
    playing: bool
    #: tempo (beats per minute); null if there is no tempo source; number or null
    tempo: float | None
    #: position at at, in beats from the start of the song; negative in a count-in; number or null
    beat: float | None
    #: since 1970 (ms); number
    at: float
    #: tempo source: client, or the MIDI input whose clock is followed; null if there is none; text or null
    source: str | None


TransportSetEvent = (
    tuple[Literal["late"], TriggerFireLate]
)


class PoolInfoArgs(TypedDict):
    #: a map; text, 1 to 128 characters; default: all of them
    id: NotRequired[str]


class PoolInfoDone(TypedDict):
    #: list of map
    pools: list[ServerWatchPool]
    #: memory of all pools, including clips kept for replay; integer from 0
    bytes: int
    #: memory allowed; integer from 0
    most: int


class AdminActivateArgs(TypedDict):
    #: voice id; text, 1 to 128 characters
    voice: str
    #: activate even if the quality gate refuses it; boolean; default: false
    force: NotRequired[bool]


class AdminActivateDone(TypedDict):
    #: id of the active voice; text
    voice: str
    #: id of the previously active voice; text
    previous: str
    #: findings of the quality gate if it only warns; text or null
    warning: str | None


class AdminFadArgs(TypedDict):
    #: voice id; text, 1 to 128 characters; default: the active voice
    voice: NotRequired[str]
    #: only these classes; list of text, 1 to 128 characters; default: every class of the voice
    classes: NotRequired[list[str]]
    #: clips per class; fewer than 8 give no interval; integer from 2 to 200; default: 40
    clips: NotRequired[int]
    #: seed of the first clip of each class; the following clips use the next seeds; integer from 0 to 4294967295 or decimal text
    seed: NotRequired[int | str]
    #: as in foley.generate; number from 0 to 2; default: 1
    temperature: NotRequired[float]
    #: as in foley.generate; number from 0 to 8; default: the voice's default for the class
    guidance: NotRequired[float]
    #: name, without extension, of an .npz file of statistics or embeddings in the server's references folder; text, 1 to 128 characters; default: the
    #: real clips that ship with the embedder
    reference: NotRequired[str]


class AdminFadAccepted(TypedDict):
    #: job id; text
    job: str
    #: voice id; text
    voice: str
    #: classes to be measured; list of text
    classes: list[str]
    #: classes that the reference lacks; list of text
    missing: list[str]
    #: names that are not classes of the voice, and the class that each was understood as: another spelling, a CatID of the Universal Category System,
    #: or a word for the sound in English, German, French, Spanish, Italian, Portuguese, Japanese or Chinese; absent if there were none; list of map
    understood: NotRequired[list[FoleyGenerateAcceptedUnderstood]]


class AdminFadProgress(TypedDict):
    #: current stage; "clips" or "distances"
    part: Literal["clips", "distances"]
    #: finished clips or classes; integer from 0
    done: int
    #: total number; integer from 0
    of: int


class AdminFadClassDistancesReference(TypedDict):
    #: embeddings behind the reference; integer from 0
    embeddings: int
    #: clips behind the reference, if it says; integer from 0 or null
    clips: int | None
    #: true if there are fewer embeddings than twice their dimensions: the covariance is unreliable; boolean
    small: bool


class AdminFadClassDistances(TypedDict):
    #: clips included in the distances; integer from 0
    clips: int
    #: clips left out because they have no sounding patch; integer from 0
    silent: int
    #: their embeddings, one per included patch of 0.96 s; integer from 0
    embeddings: int
    #: Fréchet audio distance to the reference; number from 0
    fad: float
    #: lower bound of the 95 % confidence interval over clips; null below 8 clips; number or null
    low: float | None
    #: upper bound; number or null
    high: float | None
    #: FAD extrapolated to infinitely many clips; null below 8 clips; number or null
    infinity: float | None
    #: R² of that extrapolation; 1 is a perfect line; number or null
    r2: float | None
    #: kernel audio distance; null if the reference holds only statistics; number or null
    kad: float | None
    #: its standard error over clips; number or null
    kadError: float | None
    #: share of the clips that the embedder classifies as this class; number from 0 to 1
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
    #: lower bound of the 95 % confidence interval, from those of the classes; null if one has none; number or null
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
    #: hash of the voice, because an id may be reused; text
    hash: str
    #: SHA-256 of the embedder; only distances by the same embedder are comparable; text
    embedder: str
    #: reference of the distances; text
    reference: str
    #: patches included on both sides: sounding ones, whose loudest 10 ms are within 45 dB of the clip's peak and above -50 dBFS, or all of them if
    #: the reference includes all; the two kinds of score are not comparable; "sounding" or "all"
    patches: Literal["sounding", "all"]
    #: clips per class; integer from 0
    clips: int
    #: seed of the first clip of each class; integer from 0 to 4294967295
    seed: int
    #: of the clips; null if it was not recorded; number or null
    temperature: float | None
    #: of the clips; null if each class used the voice's default; number or null
    guidance: float | None
    #: share of clips that count as memorised, from the voice's card; null if the card has none; number from 0 to 1 or null
    memorised: float | None
    #: each class of the reference; map of text to map
    classes: dict[str, AdminFadClassDistances]
    #: unweighted means over these classes; map
    average: AdminFadDoneScoreAverage


class AdminFadDone(TypedDict):
    #: map
    score: AdminFadDoneScore
    #: duration (s); number from 0
    seconds: float
    #: names that are not classes of the voice, and the class that each was understood as: another spelling, a CatID of the Universal Category System,
    #: or a word for the sound in English, German, French, Spanish, Italian, Portuguese, Japanese or Chinese; absent if there were none; list of map
    understood: NotRequired[list[FoleyGenerateAcceptedUnderstood]]


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
        #: voice ids, in playing order; list of text, 1 to 128 characters
        "voices": list[str],
        #: class by name (case does not matter), by its id in the first voice, or a mix; every voice must have it; text, 1 to 128 characters or integer
        #: from 0 to 65535 or map of text to number above 0; default: only the cards are compared
        "class": "NotRequired[str | int | dict[str, float]]",
        #: uint32, as a number or a decimal string; integer from 0 to 4294967295 or decimal text; default: chosen at random by the server
        "seed": "NotRequired[int | str]",
        #: divides the logits; 0 always takes the most likely code, 1 samples the trained distribution; number from 0 to 2; default: 1
        "temperature": NotRequired[float],
        #: sample from the k most likely codes; 0 is off; integer from 0 to 512; default: 0
        "topK": NotRequired[int],
        #: sample from the most likely codes that together have this probability (nucleus sampling); 1 is off; number above 0 to 1; default: 1
        "topP": NotRequired[float],
        #: classifier-free guidance: codes are drawn from log p(class) + guidance * (log p(class) - log p(avoid)); 0 is off, above 0 sampling costs up to
        #: twice as much; number from 0 to 8; default: the voice's default for the class
        "guidance": NotRequired[float],
        #: class or mix of classes that guidance steers away from, in the form of class; text, 1 to 128 characters or integer from 0 to 65535 or map of
        #: text to number above 0; default: no class; an equal mix of all classes if the voice was not trained without class labels
        "avoid": "NotRequired[str | int | dict[str, float]]",
        #: whether guidance also strengthens the loudness contour and the average spectrum that the clip follows, by steering away from a clip that
        #: follows neither; boolean; default: the voice's default for the class
        "guideFollowed": NotRequired[bool],
        #: events (footsteps, keystrokes, barks, shots, drops) per second that the sound is to have: of the loudness contours that the voice draws, one
        #: with as many onsets is followed, or the nearest there is; classes whose recordings have no events, like rain, stay as they are; 0 is off; not
        #: with envelope; only for voices that draw contours (voice.info) (1/s); number from 0 to 20; default: as many as a recording of the class has
        "density": NotRequired[float],
        #: loudness over time that the clip follows, from its beginning after trim; only for voices that were trained with a loudness contour
        #: (voice.info); map
        "envelope": NotRequired[FoleyGenerateArgsEnvelope],
        #: long-term average spectrum that the clip follows, as an EQ match does; only for voices that were trained with one (voice.info); map
        "spectrum": NotRequired[FoleyGenerateArgsSpectrum],
        #: sample format of previews and audio; "f32" or "s16"; default: "f32"
        "format": NotRequired[Literal["f32", "s16"]],
        #: output rate (Hz); integer from 8000 to 192000; default: the voice's rate
        "rate": NotRequired[int],
        #: send preview events; boolean; default: false
        "previews": NotRequired[bool],
        #: send row events; boolean; default: true
        "rows": NotRequired[bool],
        #: send audio events; boolean; default: true
        "audio": NotRequired[bool],
        #: for sound that is played as it arrives: audio in smaller chunks in quick succession, whose samples equal those of the clip within 1e-5; only
        #: for voices whose rows are time steps, and for one clip at the voice's rate that is neither edited nor saved; boolean; default: false
        "live": NotRequired[bool],
        #: low priority: the clips of all other jobs are made first; boolean; default: false
        "patient": NotRequired[bool],
        #: write a WAV into the server's clip folder; boolean; default: false
        "save": NotRequired[bool],
        #: clips per voice; clip k of each uses seed + k modulo 2^32; integer from 1 to 8; default: 1
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
        #: class name in the voice's spelling, or the mix; text or map of text to number
        "class": "str | dict[str, float]",
        #: number of clips; integer from 1
        "count": int,
        #: names that are not classes of the voice, and the class that each was understood as: another spelling, a CatID of the Universal Category System,
        #: or a word for the sound in English, German, French, Spanish, Italian, Portuguese, Japanese or Chinese; absent if there were none; list of map
        "understood": NotRequired[list[FoleyGenerateAcceptedUnderstood]],
        #: voice ids: clip i is from voice floor(i / (count / voices)); list of text
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
    #: reference of the distances; text
    reference: str
    #: clips per class; integer from 0
    clips: int
    #: mean Fréchet audio distance over the classes; number from 0
    average: float
    #: of each class; map of text to map
    classes: dict[str, VoiceCompareDoneVoicesMeasuredClasses]


class VoiceCompareDoneVoices(TypedDict):
    #: voice id; text
    voice: str
    #: display name; text
    name: str
    #: SHA-256 of its graphs, hex; text
    hash: str
    #: boolean
    active: bool
    #: preset it was trained with; text or null
    preset: str | None
    #: ISO 8601; text or null
    created: str | None
    #: text or null
    licence: str | None
    #: id of the voice it was fine-tuned from; text or null
    base: str | None
    #: names, in the order of ids; list of text
    classes: list[str]
    #: its own sample rate (Hz); integer
    rate: int
    #: length of its clips (s); number from 0
    seconds: float
    #: size of its graphs, including embedded base voices; integer from 0
    bytes: int
    #: training and evaluation clips per class, if its card says; map of text to map or null
    data: dict[str, VoiceCompareDoneVoicesData] | None
    #: of each stage, if its card says; map of text to map
    training: dict[str, VoiceCompareDoneVoicesTraining]
    #: latest admin.fad result on this server; null if there is none; map or null
    measured: VoiceCompareDoneVoicesMeasured | None


class VoiceCompareDoneClips(TypedDict):
    #: index of the clip within count, from 0; integer from 0
    index: int
    #: seed that reproduces this clip by itself; integer from 0 to 4294967295
    seed: int
    #: score that selected it, if candidates is above 1; higher is better; number
    score: NotRequired[float]
    #: URL path of its WAV on the HTTP port, if saved; text
    url: NotRequired[str]
    #: file path of its WAV, if saved; text
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
    #: true if all were measured alike (same embedder, reference, classes and number of clips), so that the distances are comparable; boolean
    alike: bool
    #: one entry per clip, grouped by voice; empty without a class; list of map
    clips: list[VoiceCompareDoneClips]
    #: time spent in each stage; null without a class; map or null
    timings: FoleyGenerateDoneTimings | None
    #: names that are not classes of the voice, and the class that each was understood as: another spelling, a CatID of the Universal Category System,
    #: or a word for the sound in English, German, French, Spanish, Italian, Portuguese, Japanese or Chinese; absent if there were none; list of map
    understood: NotRequired[list[FoleyGenerateAcceptedUnderstood]]


VoiceCompareEvent = (
    tuple[Literal["accepted"], VoiceCompareAccepted]
    | tuple[Literal["row"], FoleyGenerateRow]
    | tuple[Literal["preview"], FoleyGeneratePreview]
    | tuple[Literal["audio"], FoleyGenerateAudio]
)


VoiceVoteArgs = TypedDict(
    "VoiceVoteArgs",
    {
        #: ids of the two voices; list of text, 1 to 128 characters
        "voices": list[str],
        #: the preferred voice, in the order of voices; "first" or "second" or "alike"
        "liked": Literal["first", "second", "alike"],
        #: class of the clips that were compared; text, 1 to 128 characters or integer from 0 to 65535 or map of text to number above 0
        "class": "NotRequired[str | int | dict[str, float]]",
        #: seed of the clips that were compared; integer from 0 to 4294967295 or decimal text
        "seed": "NotRequired[int | str]",
    },
)


class VoiceVoteDonePreference(TypedDict):
    #: ids of the two voices; list of text
    voices: list[str]
    #: their hashes, because an id may be reused; list of text
    hashes: list[str]
    #: votes on this pair; integer from 0
    votes: int
    #: votes for each of them; list of integer from 0
    liked: list[int]
    #: votes for no difference; integer from 0
    alike: int
    #: share of votes for the first; a vote for neither counts half; number from 0 to 1
    share: float
    #: lower bound of its 95 % confidence interval, by Wilson; number from 0 to 1
    low: float
    #: upper bound; number from 0 to 1
    high: float


class VoiceVoteDone(TypedDict):
    #: map
    preference: VoiceVoteDonePreference


class VoiceVotesArgs(TypedDict):
    #: only pairs with this voice id, which then comes first in each; text, 1 to 128 characters
    voice: NotRequired[str]


class VoiceVotesDone(TypedDict):
    #: list of map
    preferences: list[VoiceVoteDonePreference]


class VoiceUnvoteArgs(TypedDict):
    #: ids of the two voices; list of text, 1 to 128 characters
    voices: list[str]


class VoiceUnvoteDone(TypedDict):
    #: list of text
    voices: list[str]
    #: votes that were deleted; integer from 0
    deleted: int


class VoiceDeleteArgs(TypedDict):
    #: voice id; a broken voice can be deleted too; text, 1 to 128 characters
    voice: str
    #: also delete a voice that admin.rollback would return to or that trigger maps name; boolean; default: false
    force: NotRequired[bool]


class VoiceDeleteDone(TypedDict):
    #: voice id; text
    deleted: str
    #: number or null
    until: float | None


class VoiceRestoreArgs(TypedDict):
    #: voice id; text, 1 to 128 characters
    voice: str


class VoiceRestoreDone(TypedDict):
    #: voice id; text
    restored: str


class VoiceExportArgs(TypedDict):
    #: voice id; text, 1 to 128 characters; default: the active voice
    voice: NotRequired[str]
    #: refuse a voice whose card names data under copyleft or unknown licences (licence_refused); boolean; default: false
    permissiveOnly: NotRequired[bool]
    #: first byte of the requested piece, if the file is read in pieces (bytes); integer from 0; default: 0
    offset: NotRequired[int]
    #: size of that piece (bytes); integer from 0 to 4194304; default: 1048576
    length: NotRequired[int]


class VoiceExportDone(TypedDict):
    #: voice id; text
    voice: str
    #: suggested file name; text
    name: str
    #: of the whole file (bytes); integer from 0
    size: int
    #: version tag: only pieces with the same tag belong together; text
    tag: str
    #: first byte of the piece (bytes); integer from 0
    offset: int
    #: contents, shorter at the end of the file; bytes
    piece: bytes


class VoiceUploadArgs(TypedDict):
    #: upload name of your choice; the first piece starts the upload; text
    upload: str
    #: number of bytes uploaded so far; 0 restarts the upload (bytes); integer from 0; default: 0
    offset: NotRequired[int]
    #: base64 of the bytes; text, 0 to 700000 characters
    data: str


class VoiceUploadDone(TypedDict):
    #: text
    upload: str
    #: bytes uploaded so far (bytes); integer from 0
    bytes: int


VoiceImportArgs = TypedDict(
    "VoiceImportArgs",
    {
        #: the file uploaded by voice.upload; removed after the import; text; default: the body of a PUT
        "upload": NotRequired[str],
        #: id of the imported voice; text; default: its original id; refused if that is taken
        "as": NotRequired[str],
    },
)


class VoiceImportProgress(TypedDict):
    #: current stage; "bytes" or "tried"
    part: Literal["bytes", "tried"]
    #: bytes so far; 1 once the test clip is finished; integer from 0
    done: int
    #: total number; integer from 0
    of: int


class VoiceImportDone(TypedDict):
    #: id of the imported voice; text
    voice: str
    #: display name; text
    name: str
    #: SHA-256 of its graphs, hex; the same as on the exporting server; text
    hash: str
    #: of the file (bytes); integer from 0
    bytes: int


VoiceImportEvent = (
    tuple[Literal["progress"], VoiceImportProgress]
)


class JobListArgs(TypedDict):
    #: also these jobs, by id; list of text, 1 to 128 characters
    jobs: NotRequired[list[str]]


class JobListDoneJobs(TypedDict):
    #: job id; text
    job: str
    #: clip.batch, or foley.generate for any other job that makes clips; text
    cmd: str
    #: "queued" or "running" or "paused" or "done" or "failed" or "cancelled"
    state: Literal["queued", "running", "paused", "done", "failed", "cancelled"]
    #: clips to make, candidates included; of a batch its files; integer from 0
    clips: int
    #: how many are done; integer from 0
    made: int
    #: when it was accepted, since 1970 (ms); number
    created: float
    #: whether it continues after a restart of the server; boolean
    lasting: bool
    #: whether this connection started it; boolean
    own: bool
    #: why it failed; text or null
    message: str | None


class JobListDone(TypedDict):
    #: list of map
    jobs: list[JobListDoneJobs]


class JobPauseDone(TypedDict):
    #: text
    job: str
    #: false if nothing changed; boolean
    changed: bool


class DatasetUploadArgs(TypedDict):
    #: upload name of your choice; the first piece starts the upload; text
    upload: str
    #: name.wav, or Class/name.wav; WAV, FLAC, Ogg, MP3 or AIFF; text, 1 to 128 characters
    file: str
    #: position in the file: number of bytes uploaded so far; 0 restarts the file (bytes); integer from 0; default: 0
    offset: NotRequired[int]
    #: base64 of the bytes; text, 0 to 700000 characters
    data: str


class DatasetUploadDone(TypedDict):
    #: text
    upload: str
    #: text
    file: str
    #: bytes of this file uploaded so far; integer from 0
    bytes: int


DatasetAddArgs = TypedDict(
    "DatasetAddArgs",
    {
        #: id of the new data set; text
        "dataset": str,
        #: upload of dataset.upload; removed afterwards; text
        "upload": NotRequired[str],
        #: or a folder on the server, inside one allowed by --dataset-folder; text, 1 to 1024 characters
        "folder": NotRequired[str],
        #: or saved clips, by id; list of text, 1 to 128 characters
        "clips": NotRequired[list[str]],
        #: or every starred clip; boolean
        "starred": NotRequired[bool],
        #: class of all recordings; text, 1 to 128 characters; default: one folder per class; for clips, their own class
        "class": NotRequired[str],
        #: length of the longest clip (s); number from 0.5 to 60; default: 4
        "seconds": NotRequired[float],
        #: licence of the recordings; listed in the credits of every voice trained on them; text, 1 to 128 characters; default: "unknown"
        "licence": NotRequired[str],
        #: who recorded them; text, 1 to 128 characters; default: "unknown"
        "author": NotRequired[str],
        #: for people; text, 0 to 4000 characters; default: ""
        "notes": NotRequired[str],
    },
)


class DatasetAddAccepted(TypedDict):
    #: text
    dataset: str


class DatasetAddProgress(TypedDict):
    #: recording being segmented; text
    file: str
    #: clips that it gave; integer from 0
    clips: int
    #: reason it could not be read and was left out; absent otherwise; text
    unreadable: NotRequired[str]
    #: recordings processed; integer from 0
    done: int


DatasetAddDoneClasses = TypedDict(
    "DatasetAddDoneClasses",
    {
        #: text
        "class": str,
        #: integer from 0
        "clips": int,
        #: training clips; integer from 0
        "train": int,
        #: evaluation clips, from other recordings; integer from 0
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


class DatasetAddDoneCopies(TypedDict):
    #: text
    file: str
    #: text
    of: str


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
    #: source of the recordings; text
    source: str
    #: usable clips; integer from 0
    clips: int
    #: total length of the clips (min); number from 0
    minutes: float
    #: source recordings; integer from 0
    originals: int
    #: silence removed (min); number from 0
    minutesSilent: float
    #: list of map
    classes: list[DatasetAddDoneClasses]
    #: clips below -60 dBFS; map
    silent: DatasetAddDoneSilent
    #: clipped clips: runs of samples at full scale; map
    clipped: DatasetAddDoneSilent
    #: pairs of nearly identical clips from different recordings; map
    duplicates: DatasetAddDoneSilent
    #: evaluation clips removed because they are nearly identical to a training clip; map
    dropped: DatasetAddDoneSilent
    #: files that were not read, each with the reason; map
    skipped: DatasetAddDoneSilent
    #: recordings that are nearly identical to an earlier one, of; absent in data sets of older servers; list of map
    copies: NotRequired[list[DatasetAddDoneCopies]]


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
    #: source of the recordings; text
    source: str
    #: usable clips; integer from 0
    clips: int
    #: total length of the clips (min); number from 0
    minutes: float
    #: source recordings; integer from 0
    originals: int
    #: silence removed (min); number from 0
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
    #: number or null
    until: float | None


class DatasetRestoreDone(TypedDict):
    #: data set id; text
    restored: str


class TrashListArgs(TypedDict):
    #: only these; "clip" or "voice" or "dataset"; default: all
    kind: NotRequired[Literal["clip", "voice", "dataset"]]
    #: most items in the answer; integer from 1 to 500; default: 50
    limit: NotRequired[int]


TrashListDoneItems = TypedDict(
    "TrashListDoneItems",
    {
        #: "clip" or "voice" or "dataset"
        "kind": Literal["clip", "voice", "dataset"],
        #: id that it had; text
        "id": str,
        #: name of a clip; empty for anything else; text
        "name": str,
        #: class of a clip, or null; text or map of text to number or null
        "class": "str | dict[str, float] | None",
        #: integer from 0
        "bytes": int,
        #: time of its deletion, since 1970 (ms); number
        "deleted": float,
        #: time since 1970 until which it can be restored (ms); number
        "until": float,
    },
)


class TrashListDone(TypedDict):
    #: list of map
    items: list[TrashListDoneItems]
    #: number of items; integer from 0
    total: int
    #: size of all of them; integer from 0
    bytes: int


class TrashEmptyArgs(TypedDict):
    #: only these; "clip" or "voice" or "dataset"; default: all
    kind: NotRequired[Literal["clip", "voice", "dataset"]]
    #: only this clip, voice or data set; text, 1 to 128 characters; default: all
    id: NotRequired[str]


class TrashEmptyDone(TypedDict):
    #: number of items; integer from 0
    removed: int
    #: bytes freed; integer from 0
    bytes: int


class AdminRetrainArgs(TypedDict):
    #: id of the new voice; text
    voice: str
    #: data sets to train on; list of text
    datasets: list[str]
    #: display name of the voice; text, 1 to 128 characters; default: its id
    name: NotRequired[str]
    #: voice to fine-tune: new classes are added, its own are kept; text; default: the active voice
    base: NotRequired[str]
    #: train from scratch instead: the voice has only the classes of the data sets; boolean; default: false
    scratch: NotRequired[bool]
    #: of the data sets; list of text, 1 to 128 characters; default: all of them
    classes: NotRequired[list[str]]
    #: stages to train; of a codec only the decoder; list of "codec" or "vocoder" or "prior"; default: prior; all from scratch
    stages: NotRequired[list[Literal["codec", "vocoder", "prior"]]]
    #: training time, all stages together (min); number above 0 to 20160; default: 20, unless steps are given
    minutes: NotRequired[float]
    #: or steps per stage; integer from 1 to 10000000
    steps: NotRequired[int]
    #: preset of the trainer for training from scratch; tiny tests the whole path in minutes; text; default: "rvq"
    preset: NotRequired[str]
    #: seed of the training; integer from 0 to 4294967295 or decimal text
    seed: NotRequired[int | str]
    #: false: done follows at once with an empty hash; use admin.attach for the rest; boolean; default: true
    wait: NotRequired[bool]


class AdminRetrainAccepted(TypedDict):
    #: job id; the training continues if this connection closes; text
    job: str
    #: text
    voice: str
    #: text or null
    base: str | None
    #: trainings ahead in the queue; integer from 0
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
    #: finished steps of this stage; integer from 0
    step: int
    #: number from 0 to 1
    share: float
    #: time left until the end of the last stage; null if unknown (s); number from 0 or null
    eta: float | None
    #: map of text to number
    losses: dict[str, float]


class AdminRetrainEval(TypedDict):
    #: codec, vocoder, prior or export; text
    stage: str
    #: finished steps of this stage; integer from 0
    step: int
    #: metrics on evaluation clips; score selects the best checkpoint, lower is better; map of text to number
    scores: dict[str, float]


AdminRetrainAudition = TypedDict(
    "AdminRetrainAudition",
    {
        #: codec, vocoder, prior or export; text
        "stage": str,
        #: finished steps of this stage; integer from 0
        "step": int,
        #: text
        "class": str,
        #: path of the WAV; text
        "path": str,
        #: a clip of the current state; bytes
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
    #: time from the request to the finished voice (s); number from 0
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
    #: id of the new voice; text
    voice: str
    #: base voice; null if trained from scratch; text or null
    base: str | None
    #: list of text
    datasets: list[str]
    #: since 1970 (ms); integer
    created: int
    #: since 1970 (ms); integer or null
    ended: int | None
    #: text or null
    stage: str | None
    #: finished steps of this stage; integer from 0
    step: int
    #: of this stage's budget; number from 0 to 1
    share: float
    #: time left until the end of the last stage; null if unknown (s); number from 0 or null
    eta: float | None
    #: time per training step of each stage, measured on this machine (s); map of text to number
    pace: dict[str, float]
    #: error code; text or null
    code: str | None
    #: reason for this state, if any; text or null
    message: str | None
    #: last lines of the trainer's log, after a failure; list of text
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
    #: false if nothing changed; boolean
    changed: bool


class Commands:
    """One method for each command."""

    def _request(self, cmd: str, args: Mapping[str, Any] | None, at: float | None = None) -> Request[Any, Any]:
        raise NotImplementedError

    def foley_generate(self, args: FoleyGenerateArgs) -> Request[FoleyGenerateEvent, FoleyGenerateDone]:
        """Generates one or more clips of a class and streams rows of codes, previews and audio as soon as they are available."""
        return self._request("foley.generate", args)

    def foley_vary(self, args: FoleyVaryArgs | None = None) -> Request[FoleyGenerateEvent, FoleyGenerateDone]:
        """Keeps part of the codes of a clip, or of your own recording, and samples the rest again: the same body with different detail."""
        return self._request("foley.vary", args)

    def foley_branch(self, args: FoleyBranchArgs | None = None) -> Request[FoleyGenerateEvent, FoleyGenerateDone]:
        """Continues a clip, finished or still running, from one row in several ways; the shared rows are computed once."""
        return self._request("foley.branch", args)

    def foley_spot(self, args: FoleySpotArgs | None = None) -> Request[FoleySpotEvent, FoleySpotDone]:
        """Makes a sound for every marker of a sheet, an edit list or a list of cues: one file per take, with its onset on the cue, as one job like
        `clip.batch`.
        """
        return self._request("foley.spot", args)

    def foley_attach(self, args: FoleyAttachArgs) -> Request[FoleyGenerateEvent, FoleyGenerateDone]:
        """Repeats the events of a job that was started with `keep`, then streams the rest: for use after a reload or a lost connection."""
        return self._request("foley.attach", args)

    def stream_start(self, args: StreamStartArgs) -> Request[StreamStartEvent, StreamStartDone]:
        """Plays a class endlessly: audio is sent as it is made, at most `ahead` seconds before it is due, until `stream.stop`, until `seconds` have
        passed, the connection closes or, over OSC, its `lease` expires; over OSC, or with `play`, it plays on the server's audio output. Needs a
        voice whose code rows are time steps.
        """
        return self._request("stream.start", args)

    def stream_set(self, args: StreamSetArgs) -> Request[tuple[str, Any], StreamSetDone]:
        """Changes a stream while it plays: from the end of what was sent or, with `revise` or on the server's audio output, as soon as possible. Rows
        that were already sampled are sampled again for that; if there is no time, the change applies from the next row. The stream's `changed` event
        says when.
        """
        return self._request("stream.set", args)

    def stream_stop(self, args: StreamSetDone) -> Request[tuple[str, Any], StreamSetDone]:
        """Ends a stream; its `stream.start` then ends with `done`."""
        return self._request("stream.stop", args)

    def stream_keep(self, args: StreamKeepArgs) -> Request[tuple[str, Any], StreamKeepDone]:
        """Saves the latest seconds of a stream as a clip, after the fact; its recipe repeats the stream."""
        return self._request("stream.keep", args)

    def foley_cancel(self, args: FoleyCancelArgs | None = None) -> Request[tuple[str, Any], FoleyCancelDone]:
        """Cancels a queued or running job; its request then ends with `failed` and the code `cancelled`."""
        return self._request("foley.cancel", args)

    def clip_list(self, args: ClipListArgs | None = None) -> Request[tuple[str, Any], ClipListDone]:
        """Lists saved clips, newest first."""
        return self._request("clip.list", args)

    def clip_get(self, args: ClipGetArgs) -> Request[tuple[str, Any], ClipGetDone]:
        """Returns all metadata of a saved clip: recipe, codes, lineage."""
        return self._request("clip.get", args)

    def clip_rename(self, args: ClipRenameArgs) -> Request[tuple[str, Any], ClipRenameDone]:
        """Names a saved clip."""
        return self._request("clip.rename", args)

    def clip_star(self, args: ClipStarArgs) -> Request[tuple[str, Any], ClipRenameDone]:
        """Stars a saved clip, which exempts it from automatic removal, or unstars it."""
        return self._request("clip.star", args)

    def clip_delete(self, args: ClipGetArgs) -> Request[tuple[str, Any], ClipDeleteDone]:
        """Deletes a saved clip; `clip.restore` restores it. A starred clip must be unstarred first."""
        return self._request("clip.delete", args)

    def clip_restore(self, args: ClipGetArgs) -> Request[tuple[str, Any], ClipRenameDone]:
        """Restores a deleted clip, with its id, name and recipe."""
        return self._request("clip.restore", args)

    def clip_export(self, args: ClipExportArgs) -> Request[tuple[str, Any], ClipExportDone]:
        """Exports a saved clip as a file for a sound department: WAV with bext, iXML and cues, or FLAC. Existing files are never replaced."""
        return self._request("clip.export", args)

    def clip_batch(self, args: ClipBatchArgs | None = None) -> Request[ClipBatchEvent, FoleySpotDone]:
        """Exports many clips, saved or newly generated, with a sheet (CSV) that lists them, as one job."""
        return self._request("clip.batch", args)

    def deliver_set(self, args: DeliverSetArgs | None = None) -> Request[tuple[str, Any], DeliverSetDone]:
        """Sets which saved clips are delivered automatically to the delivery folder, and in which form; each clip is delivered exactly once. Fields that
        are left out keep their values. A server with a delivery folder delivers every clip saved since its first start, unless this command changes
        it. Needs the admin role.
        """
        return self._request("deliver.set", args)

    def deliver_info(self) -> Request[tuple[str, Any], DeliverSetDone]:
        """Returns the delivery rule, its folder and its progress."""
        return self._request("deliver.info", None)

    def voice_list(self) -> Request[tuple[str, Any], VoiceListDone]:
        """Lists the voices and their classes."""
        return self._request("voice.list", None)

    def voice_info(self, args: VoiceInfoArgs | None = None) -> Request[tuple[str, Any], VoiceInfoDone]:
        """Returns a voice's card: classes, grid, rates, data, licences, credits, scores."""
        return self._request("voice.info", args)

    def voice_nearest(self, args: VoiceNearestArgs | None = None) -> Request[tuple[str, Any], VoiceNearestDone]:
        """Names the training recordings nearest to a clip or to any recording, by the voice's fingerprints: whether a sound is memorised, and who
        recorded it. The comparison is independent of level and start; of a longer sound every window of a clip's length is compared. Only voices with
        fingerprints support this.
        """
        return self._request("voice.nearest", args)

    def server_info(self) -> Request[tuple[str, Any], ServerInfoDone]:
        """Returns the state of the server: version, engine, ports, limits, queue."""
        return self._request("server.info", None)

    def server_ping(self, args: ServerPingArgs | None = None) -> Request[tuple[str, Any], ServerPingDone]:
        """Echoes its argument immediately."""
        return self._request("server.ping", args)

    def server_clock(self, args: ServerClockArgs | None = None) -> Request[tuple[str, Any], ServerClockDone]:
        """Synchronises clocks as NTP does: with t4, the arrival time of the answer, the client's offset is ((t2 - t1) + (t3 - t4)) / 2."""
        return self._request("server.clock", args)

    def farm_status(self) -> Request[tuple[str, Any], FarmStatusDone]:
        """Returns the state of the render farm (`serve --farm`): broker, workers, queues, rates, failures. Needs the admin role."""
        return self._request("farm.status", None)

    def server_watch(self, args: ServerWatchArgs | None = None) -> Request[ServerWatchEvent, ServerWatchDone]:
        """Subscribes to the events of the whole server, including other clients': jobs and their rows, hits, pools, refused messages. Runs until
        cancelled; over OSC while the client sends at least one message a minute. A slow client misses some events.
        """
        return self._request("server.watch", args)

    def device_list(self) -> Request[tuple[str, Any], DeviceListDone]:
        """Lists the audio outputs and MIDI inputs of the server's machine, and which are open."""
        return self._request("device.list", None)

    def trigger_map(self, args: TriggerMapArgs) -> Request[tuple[str, Any], TriggerMapDone]:
        """Maps a MIDI note, controller or program, or an OSC address, to a class with a pool of ready clips; replaces a map of the same id. If several
        maps share a source, all of them play, in the order of their creation.
        """
        return self._request("trigger.map", args)

    def trigger_edit(self, args: TriggerEditArgs) -> Request[tuple[str, Any], TriggerMapDone]:
        """Changes settings of a map while it plays; its ready clips are kept unless the change affects what is generated."""
        return self._request("trigger.edit", args)

    def trigger_unmap(self, args: TriggerUnmapArgs) -> Request[tuple[str, Any], TriggerUnmapDone]:
        """Removes a map; its shots play to their end, its gates and loops stop."""
        return self._request("trigger.unmap", args)

    def trigger_list(self) -> Request[tuple[str, Any], TriggerListDone]:
        """Lists all maps with their pools."""
        return self._request("trigger.list", None)

    def trigger_export(self, args: TriggerExportArgs | None = None) -> Request[tuple[str, Any], TriggerExportDone]:
        """Returns all maps in the form that `trigger.import` accepts."""
        return self._request("trigger.export", args)

    def trigger_import(self, args: TriggerImportArgs) -> Request[tuple[str, Any], TriggerImportDone]:
        """Imports maps as returned by `trigger.export` or `trigger.list`, all or none; maps with the same ids are replaced."""
        return self._request("trigger.import", args)

    def trigger_fire(self, args: TriggerFireArgs | None = None, *, at: float | None = None) -> Request[TriggerFireEvent, TriggerFireDone]:
        """Triggers a map. If its time is far enough ahead, a new clip is generated for this hit; otherwise, or if that clip is late, a ready clip plays.
        With none ready, a voice whose code rows are time steps plays a clip while it is generated. `at`: when it is meant, in ms since 1970.
        """
        return self._request("trigger.fire", args, at)

    def trigger_stop(self, args: TriggerStopArgs | None = None) -> Request[tuple[str, Any], TriggerStopDone]:
        """Stops one sound, all sounds of a map, or all sounds."""
        return self._request("trigger.stop", args)

    def transport_set(self, args: TransportSetArgs, *, at: float | None = None) -> Request[TransportSetEvent, TransportSetDone]:
        """Sets the song position and tempo of a host. The position advances by itself until the next call, and maps with `quantise` wait for its beats.
        While it plays it takes precedence over a MIDI clock. With `at`, it applies at that time. `at`: when it is meant, in ms since 1970.
        """
        return self._request("transport.set", args, at)

    def transport_info(self) -> Request[tuple[str, Any], TransportSetDone]:
        """Returns the song position, tempo and tempo source."""
        return self._request("transport.info", None)

    def pool_info(self, args: PoolInfoArgs | None = None) -> Request[tuple[str, Any], PoolInfoDone]:
        """Returns the pools of ready clips and their memory. Over OSC, `/foley/maps` reports them; `server.watch` sends each change."""
        return self._request("pool.info", args)

    def admin_activate(self, args: AdminActivateArgs) -> Request[tuple[str, Any], AdminActivateDone]:
        """Activates a voice: it is loaded and tested beside the current one, then serves new requests; running jobs finish with the old voice. Needs the
        admin role.
        """
        return self._request("admin.activate", args)

    def admin_rollback(self) -> Request[tuple[str, Any], AdminActivateDone]:
        """Reactivates the previously active voice. Needs the admin role."""
        return self._request("admin.rollback", None)

    def admin_fad(self, args: AdminFadArgs | None = None) -> Request[AdminFadEvent, AdminFadDone]:
        """Generates clips of each class and computes their Fréchet and kernel audio distance to real clips, over sounding patches, per class. Needs the
        admin role.
        """
        return self._request("admin.fad", args)

    def voice_scores(self, args: VoiceScoresArgs | None = None) -> Request[tuple[str, Any], VoiceScoresDone]:
        """Lists the results of `admin.fad` on this server, oldest first."""
        return self._request("voice.scores", args)

    def voice_compare(self, args: VoiceCompareArgs) -> Request[VoiceCompareEvent, VoiceCompareDone]:
        """Compares voices: their cards and scores and, if a class is given, clips of the same seeds and settings from each, as one job."""
        return self._request("voice.compare", args)

    def voice_vote(self, args: VoiceVoteArgs) -> Request[tuple[str, Any], VoiceVoteDone]:
        """Saves which of two voices a listener preferred in one comparison (`voice.compare`), and returns the preference so far."""
        return self._request("voice.vote", args)

    def voice_votes(self, args: VoiceVotesArgs | None = None) -> Request[tuple[str, Any], VoiceVotesDone]:
        """Returns the preferences between voices that `voice.vote` saved, one entry per pair of installed voices."""
        return self._request("voice.votes", args)

    def voice_unvote(self, args: VoiceUnvoteArgs) -> Request[tuple[str, Any], VoiceUnvoteDone]:
        """Deletes all votes on a pair of voices. Needs the admin role."""
        return self._request("voice.unvote", args)

    def voice_delete(self, args: VoiceDeleteArgs) -> Request[tuple[str, Any], VoiceDeleteDone]:
        """Deletes a voice; `voice.restore` restores it. The active voice, built-in voices and voices in use by a job or training are refused. Needs the
        admin role.
        """
        return self._request("voice.delete", args)

    def voice_restore(self, args: VoiceRestoreArgs) -> Request[tuple[str, Any], VoiceRestoreDone]:
        """Restores the last deleted voice of this id. Needs the admin role."""
        return self._request("voice.restore", args)

    def voice_export(self, args: VoiceExportArgs | None = None) -> Request[tuple[str, Any], VoiceExportDone]:
        """Exports a voice as one file: graphs, card, embedder, reference statistics and credits. The same voice gives the same bytes. Needs the admin
        role.
        """
        return self._request("voice.export", args)

    def voice_upload(self, args: VoiceUploadArgs) -> Request[tuple[str, Any], VoiceUploadDone]:
        """Uploads a piece of a voice file. Pieces are sent in order; `voice.import` then imports the file. Needs the admin role."""
        return self._request("voice.upload", args)

    def voice_import(self, args: VoiceImportArgs | None = None) -> Request[VoiceImportEvent, VoiceImportDone]:
        """Imports a file made by `voice.export`: all hashes are verified, executable content is refused, and a test clip is generated in a separate
        process before the voice is added. Needs the admin role.
        """
        return self._request("voice.import", args)

    def job_list(self, args: JobListArgs | None = None) -> Request[tuple[str, Any], JobListDone]:
        """Lists jobs that have not ended, in the order in which they were accepted, and those taken up after a restart that ended in the last ten
        minutes: those of this connection and those named, for admins all.
        """
        return self._request("job.list", args)

    def job_pause(self, args: FoleyAttachArgs) -> Request[tuple[str, Any], JobPauseDone]:
        """Pauses a job: clips in progress are finished, and no further one starts. Any client that knows the job id may do this."""
        return self._request("job.pause", args)

    def job_resume(self, args: FoleyAttachArgs) -> Request[tuple[str, Any], JobPauseDone]:
        """Resumes a paused job."""
        return self._request("job.resume", args)

    def job_move(self, args: FoleyAttachArgs) -> Request[tuple[str, Any], JobPauseDone]:
        """Moves a job to the front of this client's jobs; with the admin role to the front of the queue."""
        return self._request("job.move", args)

    def job_cancel(self, args: FoleyAttachArgs) -> Request[tuple[str, Any], JobPauseDone]:
        """Cancels a job, as `foley.cancel` does by job id; what it saved stays."""
        return self._request("job.cancel", args)

    def dataset_upload(self, args: DatasetUploadArgs) -> Request[tuple[str, Any], DatasetUploadDone]:
        """Uploads a piece of a recording. Pieces of a file are sent in order; `dataset.add` then makes a data set of all uploaded files. Needs the admin
        role.
        """
        return self._request("dataset.upload", args)

    def dataset_add(self, args: DatasetAddArgs) -> Request[DatasetAddEvent, DatasetAddDone]:
        """Creates a data set from recordings: cuts them at quiet points, removes silence, splits them into training and evaluation clips by recording,
        and reports broken and duplicate clips. Needs the admin role.
        """
        return self._request("dataset.add", args)

    def dataset_list(self) -> Request[tuple[str, Any], DatasetListDone]:
        """Lists the data sets. Needs the admin role."""
        return self._request("dataset.list", None)

    def dataset_info(self, args: DatasetInfoArgs) -> Request[tuple[str, Any], DatasetAddDone]:
        """Returns all information about a data set. Needs the admin role."""
        return self._request("dataset.info", args)

    def dataset_remove(self, args: DatasetInfoArgs) -> Request[tuple[str, Any], DatasetRemoveDone]:
        """Removes a data set that no training uses; `dataset.restore` restores it. Voices trained on it are kept. Needs the admin role."""
        return self._request("dataset.remove", args)

    def dataset_restore(self, args: DatasetInfoArgs) -> Request[tuple[str, Any], DatasetRestoreDone]:
        """Restores the last removed data set of this id. Needs the admin role."""
        return self._request("dataset.restore", args)

    def trash_list(self, args: TrashListArgs | None = None) -> Request[tuple[str, Any], TrashListDone]:
        """Lists deleted clips and, for the admin role, voices and data sets that can be restored, the latest first. They are kept for `trashDays` days
        and until they exceed `trashBytes` together (limits of `server.info`).
        """
        return self._request("trash.list", args)

    def trash_empty(self, args: TrashEmptyArgs | None = None) -> Request[tuple[str, Any], TrashEmptyDone]:
        """Deletes everything in the trash, or one deleted item, permanently. Needs the admin role."""
        return self._request("trash.empty", args)

    def admin_retrain(self, args: AdminRetrainArgs) -> Request[AdminRetrainEvent, AdminRetrainDone]:
        """Trains a new voice on data sets, by fine-tuning another voice or from scratch, at lower priority than everything that plays, and reports
        progress. Needs the admin role.
        """
        return self._request("admin.retrain", args)

    def admin_jobs(self) -> Request[tuple[str, Any], AdminJobsDone]:
        """Lists the trainings, oldest first: queued, running and ended. Needs the admin role."""
        return self._request("admin.jobs", None)

    def admin_attach(self, args: AdminAttachArgs) -> Request[AdminRetrainEvent, AdminRetrainDone]:
        """Reports the state of a training, then its progress as `admin.retrain` does: for use after a lost connection or a restart of the server. Needs
        the admin role.
        """
        return self._request("admin.attach", args)

    def admin_pause(self, args: AdminAttachArgs) -> Request[tuple[str, Any], AdminPauseDone]:
        """Pauses a training: frees its memory and keeps its checkpoint. Needs the admin role."""
        return self._request("admin.pause", args)

    def admin_resume(self, args: AdminAttachArgs) -> Request[tuple[str, Any], AdminPauseDone]:
        """Resumes a paused training, behind those already queued. Needs the admin role."""
        return self._request("admin.resume", args)

    def admin_cancel(self, args: AdminAttachArgs) -> Request[tuple[str, Any], AdminPauseDone]:
        """Cancels a training and deletes its checkpoints. Needs the admin role."""
        return self._request("admin.cancel", args)
