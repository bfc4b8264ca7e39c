import { errors } from '../errors.ts';
import { limitMeanings, limits } from '../limits.ts';
import { paragraphs, table } from './markdown.ts';

/** What holds for every command. */
export function envelopeText(): string {
  return `## Messages

A request is \`{id, cmd, args}\`, every answer \`{id, event, data}\`.

- \`id\` is yours: 1 to ${limits.idChars} characters, unique among the open requests of this connection. Answers carry it back. After \`done\` or
  \`failed\` it may be used again.
- \`args\` may be left out when none are needed. Unknown arguments are refused, so a misspelt one is never ignored.
- Each request ends in exactly one \`done\` or \`failed\`; other events come before. Ignore events and fields that you do not know.
- \`failed\` has \`{code, message}\`, and, where they apply, \`path\` (the argument) and \`job\`. Its \`id\` is \`null\` when yours could not be read.
- A client that reads slowly loses \`row\` and \`preview\` events, never the others. One that does not read is disconnected.
- Closing a connection cancels its jobs, except those with \`keep\`: \`foley.attach\` repeats their events on another connection.`;
}

export function webSocketText(): string {
  return `## WebSocket

\`ws://127.0.0.1:9247/ws\`, with one of these subprotocols:

| subprotocol | frames | bytes (\`pcm\`) |
| --- | --- | --- |
| \`foley.v1.json\` | text, UTF-8 | base64 (RFC 4648, padded) |
| \`foley.v1.msgpack\` | binary | bin |

msgpack is plain: maps with text keys, no extension types. Where a token is set, send \`Authorization: Bearer TOKEN\` or \`?token=TOKEN\`.`;
}

export function pcmText(): string {
  return `## PCM

Samples are little-endian, interleaved, without a header; \`rate\` and \`channels\` are fields of the same event. \`f32\` is IEEE float, nominally -1 to 1.
\`s16\` is the float times 32768, rounded (halves to even) and clipped to -32768 to 32767; divide by 32768 to read it. \`audio\` chunks of one clip come
in order, have at most ${limits.audioChunkFrames} frames, and together \`total\` frames: \`offset\` is the first frame of the chunk. They may
begin before the whole clip is made (a single clip at the voice's own rate does). Each \`preview\` is a whole clip, and is sent while rows are still being sampled.
In msgpack the bytes may be unaligned: copy them before you view them as floats.`;
}

export function oscText(): string {
  return `## OSC

UDP, port 9248, OSC 1.0. Answers go to the port that a message came from, or to a port of your choice:

- \`/foley/reply port\` sets it for all messages from the same address and port, until that sender is gone or sends \`/foley/reply 0\`.
  For programs that always send from one port, as Max, Pd, SuperCollider and most apps do. Other programs are not affected.
- \`/foley/reply/<port>\` before an address sets it for this message only: \`/foley/reply/9300/foley/info\`. For programs that send each
  message from another port, as oscsend does. Messages with the same reply port count as one client: one can cancel what another requested.

Every refused message is answered with \`/foley/failed id code message\`; without an id, the id is the address, and for an unreadable datagram "".

- Addresses are compared literally; patterns do not match.
- Ids are strings or int32 (whole floats too) and come back as they were sent; \`1\` and \`"1"\` are the same id.
- Seeds are int32 or decimal strings. Floats above 16777216 are refused: they are not exact, and a rounded seed gives another clip. In answers,
  whole numbers above 16777216 are strings, which programs that only have floats (Pd, TouchOSC) can send back unchanged.
- Ordered arguments may end early; pairs of a name and a value follow, as in \`temperature 0.9 topK 50\`.
- Values may be int32, int64, float, double, or text that reads as a number. Switches are T and F, 1 and 0, \`on\` and \`off\`.
  A float is read as its shortest decimal: 0.9f is 0.9, so that the same arguments give the same clip over JSON and OSC.
- A lone 1.0, T, nil or impulse with a command that needs no argument is a button press; 0.0 and F are its release, which does nothing.
  A velocity is 0 to 1, or 2 to 127 as in MIDI. An address of your own takes the first number, also as text or in an array of one; 0 is a release.
- A mix of classes is one word: \`DogBark:0.7+Rain:0.3\`.
- A bundle is read as a whole: if one part is malformed, all of it is refused. Its messages are handled together, in order, at its timetag.
- Timetags are NTP time, honoured to the fraction; 1 (immediately) and the past are now. At most ${limits.oscHorizonMs / 1000} s ahead. A bundle inside
  another is never earlier than the outer one. Timed commands are scheduled to the sample; one that arrives too late
  runs at once and is answered \`/late id ms asked at\` as well. Other transports give the time as \`at\` beside \`args\`.
- A UDP client cannot be seen to leave: \`/foley/watch\` ends with \`/foley/watch/done\` after no message from it for ${limits.watchQuietMs / 1000} s.
- Audio is not sent in datagrams: \`/foley/done\` names a WAV file.`;
}

export function oscQueryText(): string {
  return `## OSCQuery, and OSC over WebSocket

Where OSC is on, the HTTP port describes it as the [OSCQuery proposal](https://github.com/Vidvox/OSCQueryProposal) says, and announces it
over mDNS (\`_oscjson._tcp\`, \`_osc._udp\`, \`_foleyd._tcp\`) on the networks that \`--host\` opens it to.

- \`GET /<address>\` is a node with everything below it, \`GET /<address>?TYPE\` one attribute of it, \`?HOST_INFO\` the server. 204: no such
  content, as \`VALUE\` of what can only be sent; 400: unknown attribute; 404: unknown address.
- Arguments given by name are in \`PAIRS\`, an extension of foleyd; \`EXTENDED_TYPE\` has the names of the ordered ones, \`OVERLOADS\` the shorter forms.
- \`/foley/state/voice\`, \`/foley/state/jobs\` and \`/foley/state/pool/<map>\` can be read. So can the addresses of trigger maps, which exist as long as
  their map: their value is the last velocity sent to them.
- A WebSocket at \`ws://127.0.0.1:9247/\` (no subprotocol) carries OSC packets in binary frames, both ways, so osc-js works as it is. Text frames are
  \`{"COMMAND": "LISTEN" or "IGNORE", "DATA": address}\`, and from the server \`PATH_ADDED\`, \`PATH_REMOVED\`, \`PATH_CHANGED\`, or \`FAILED\` with
  \`{code, message}\`. A client that has sent packets and no text is sent no text.
- A token, where one is set, goes into the address (\`?TYPE&token=TOKEN\`) or the \`Authorization\` header; \`?HOST_INFO\` needs none.`;
}

export function httpText(): string {
  return `## HTTP

| route | answer |
| --- | --- |
| \`POST /v1/<command>\` | the body is \`args\` as JSON; the response is \`{event, data}\` of the terminal event, its status from the table of errors (200 for \`done\`). Commands that make clips (\`foley.generate\`, \`foley.vary\`, \`foley.branch\`) answer when the clips are done, and save them unless \`save\` is false; the answer contains no audio, so fetch the \`url\`. |
| \`POST /v1/stream.start\` | the body is \`args\` as JSON; the response is the sound, in chunks as it is made: \`audio/wav\`, or bare samples with \`Accept: application/octet-stream\`. Disconnecting ends it; \`stream.set\`, \`stream.keep\` and \`stream.stop\` are separate requests |
| \`GET /v1/<command>?<args>\` | the file that the command returns (\`voice.export\`); \`Range\` is supported, so an interrupted download can be continued |
| \`PUT /v1/<command>?<args>\` | the body is the file that the command takes (\`voice.import\`), sent within five minutes; \`POST\` with \`Content-Type: application/octet-stream\` is the same |
| \`GET /clips/<id>.wav\` | a clip; \`Range\` is supported |
| \`GET /health\` | \`{status, version, ...}\` |
| every other \`GET\` | OSCQuery, see above |

A page of another origin is refused, and so is a \`Host\` that is not this machine (DNS rebinding).`;
}

export function voiceFileText(): string {
  return `## Voices as files

\`voice.export\` writes, and \`voice.import\` reads, \`<id>.foleyvoice\`:

| bytes | meaning |
| --- | --- |
| 8 | \`FOLEYVOX\` |
| 4 | version, 1 (uint32, little-endian) |
| 4 | length of the manifest (uint32, little-endian), at most 65536 |
| that many | the manifest, JSON in UTF-8: \`{"voice": id, "parts": [[{"name", "bytes", "sha256"}, ...], ...]}\` |
| the rest | the bytes of the files, one after the other in that order, and nothing after them |

The first part is the voice, each further one the base voice of the part before, which is in its folder \`base\`. In each the order is
\`card.json\`, \`embedder.json\` and \`credits.csv\` where there are any, then what the two cards name: the graphs
(condition, row, pixel, encoder, decoder, vocoder, excitation, depth1 to depth7, contour, spectrum, grain), the embedder's graph, its reference statistics. Anything else is refused, and so
are names with a path, names that differ in case alone, sizes and hashes that are not those of manifest and card, graphs with operators beyond
ai.onnx, loops or weights in other files, arrays of Python objects, and voices that make no clip. The code is \`bad_voice\`.

\`foleyd voice export ID DIR --hub\` writes these files as a folder, with \`README.md\`, \`LICENCES.md\`, \`scores.json\` and \`model.safetensors\` beside them;
\`foleyd voice import DIR\` sends the card and the files that it names.`;
}

export function errorsText(): string {
  const rows = Object.entries(errors).map(([code, { meaning, http, wsClose }]) => [
    `\`${code}\``,
    meaning,
    String(http),
    wsClose === undefined ? '' : String(wsClose),
  ]);
  return paragraphs('## Errors', table(['code', 'meaning', 'HTTP', 'WebSocket close'], rows));
}

export function limitsText(): string {
  const rows = Object.entries(limits).map(([key, value]) => [
    `\`${key}\``,
    String(value),
    limitMeanings[key as keyof typeof limits],
  ]);
  return paragraphs(
    '## Limits',
    '`server.info` gives those of a running server.',
    table(['limit', 'value', 'meaning'], rows),
  );
}
