/** Every size and count that the protocol bounds, in one place. Bytes are bytes, times are milliseconds. */
const table = {
  frameBytes: {
    value: 1024 * 1024,
    meaning:
      'One incoming WebSocket frame or HTTP body. Larger ones are refused with `too_large` (WebSocket close 1009, HTTP 413)',
  },
  answerFrameBytes: {
    value: 64 * 1024 * 1024,
    meaning: 'One frame that a client accepts (a whole clip at 192 kHz fits)',
  },
  idChars: {
    value: 64,
    meaning: 'Characters of a request id',
  },
  depth: {
    value: 16,
    meaning: 'Nesting of arrays and maps in a request',
  },
  nodes: {
    value: 20_000,
    meaning: 'Arrays, maps, strings, numbers of a request, all counted together',
  },
  entries: {
    value: 4096,
    meaning: 'Entries of one array or map in a request',
  },
  nameChars: {
    value: 128,
    meaning: 'Characters of one string argument (names, ids)',
  },
  payloadChars: {
    value: 1024,
    meaning: 'Characters of the text that `server.ping` returns',
  },
  mixClasses: {
    value: 16,
    meaning: 'Classes in a mix',
  },
  count: {
    value: 64,
    meaning: 'Clips per request',
  },
  candidates: {
    value: 16,
    meaning: 'Candidates that one clip is chosen from; each counts as a clip wherever clips are counted',
  },
  nearest: {
    value: 32,
    meaning: 'Training recordings that one answer of `voice.nearest` names',
  },
  keptMs: {
    value: 600_000,
    meaning: 'How long a job with `keep` is remembered after its end',
  },
  keptJobs: {
    value: 256,
    meaning: 'Jobs that are remembered this way; those that ended first are forgotten first',
  },
  keptBytes: {
    value: 128 * 1024 * 1024,
    meaning: 'Bytes of the audio of these jobs',
  },
  maps: {
    value: 256,
    meaning: 'Maps of triggers',
  },
  poolClips: {
    value: 16,
    meaning: 'Clips one map keeps ready; all maps together keep at most `poolTotal`',
  },
  poolTotal: {
    value: 256,
    meaning: 'Clips kept ready by all maps together',
  },
  poolBytes: {
    value: 384 * 1024 * 1024,
    meaning:
      'Bytes of all their clips, including those kept for replay, shared among the maps by the number of clips they keep ready',
  },
  seconds: {
    value: 60,
    meaning: 'Longest clip in seconds',
  },
  batchFiles: {
    value: 1000,
    meaning: 'Files of one `clip.batch`',
  },
  timelineSeconds: {
    value: 99 * 3600,
    meaning: 'Latest time of a cue, in seconds',
  },
  stemSeconds: {
    value: 900,
    meaning: 'Longest mix of all cues in seconds',
  },
  sentFileBytes: {
    value: 40 * 1024 * 1024,
    meaning: 'Bytes of one file that is sent in an answer; larger ones can only be written',
  },
  notesChars: {
    value: 4000,
    meaning: 'Characters of the notes of a data set',
  },
  uploadChunkChars: {
    value: 700_000,
    meaning: 'Characters of base64 of one piece of an upload (512 KiB of a file fit)',
  },
  voiceFileBytes: {
    value: 1024 * 1024 * 1024,
    meaning: 'Bytes of a voice as one file',
  },
  voicePieceBytes: {
    value: 4 * 1024 * 1024,
    meaning: 'Bytes of one piece of a voice file in an answer',
  },
  compareVoices: {
    value: 8,
    meaning: 'Voices in one `voice.compare`',
  },
  trainingMinutes: {
    value: 20_160,
    meaning: 'Longest budget of a training in minutes; a fortnight',
  },
  trainingSteps: {
    value: 10_000_000,
    meaning: 'Largest budget of a training in steps',
  },
  seedMax: {
    value: 4_294_967_295,
    meaning: 'Seeds are uint32',
  },
  drawnSeedMax: {
    value: 2_147_483_647,
    meaning: 'Seeds drawn by the server stay in int32, so that every OSC client can hold them',
  },
  rateMin: {
    value: 8000,
    meaning: 'Lowest output rate in Hz',
  },
  rateMax: {
    value: 192_000,
    meaning: 'Highest output rate in Hz',
  },
  topKMax: {
    value: 512,
    meaning: 'Highest `topK`; 0 means off',
  },
  densityMax: {
    value: 20,
    meaning: 'Highest `density`, in events per second',
  },
  temperatureMax: {
    value: 2,
    meaning: 'Highest `temperature`',
  },
  guidanceMax: {
    value: 8,
    meaning: 'Highest `guidance`',
  },
  envelopePoints: {
    value: 256,
    meaning: 'Breakpoints or events of an `envelope`',
  },
  spectrumPoints: {
    value: 256,
    meaning: 'Breakpoints of a `spectrum`',
  },
  levelMin: {
    value: -90,
    meaning: 'Lowest level of an `envelope`, in dB',
  },
  audioChunkFrames: {
    value: 32_768,
    meaning: 'Sample frames of one `audio` event; longer clips come in several',
  },
  connections: {
    value: 1024,
    meaning:
      'Connections over HTTP and WebSocket together, a quarter of them for one other machine. Beyond this, a new one takes the place of the oldest without a complete request; else of the oldest WebSocket that never sent a message; else of the one silent for longest, if for `connectionIdleMs`. Such a WebSocket is closed with `idle_client`. One with an open request (a job, a stream, a watch), a LISTEN of OSCQuery or unsent answers is never closed for another',
  },
  connectionIdleMs: {
    value: 60_000,
    meaning:
      'How long a WebSocket must have been silent both ways to be closed for a new one when all `connections` are taken',
  },
  openRequests: {
    value: 128,
    meaning:
      'Requests that one connection may have open at a time. Over HTTP they are handled one after the other, and one more ends the connection',
  },
  streams: {
    value: 4,
    meaning: 'Streams playing at a time; one more is refused with `too_many_streams`',
  },
  streamSeconds: {
    value: 3600,
    meaning: 'Longest stream in seconds that is made faster than real time',
  },
  streamChanges: {
    value: 10_000,
    meaning:
      'Changes of one stream: a quarter of an hour of a controller in constant motion. An envelope counts as one more for each 32 numbers, or 4 s, of it',
  },
  streamQuietMs: {
    value: 60_000,
    meaning:
      'How long a stream that was begun over OSC goes on without a message of its client, unless it asks for another `lease`: any renews it, `/foley/ping` too, and so does `stream.set` of anybody',
  },
  streamKeepSeconds: {
    value: 60,
    meaning: 'Seconds at the end of a stream that `stream.keep` can still save',
  },
  watches: {
    value: 4,
    meaning: '`server.watch` requests that one connection may have open',
  },
  watchesTotal: {
    value: 64,
    meaning: 'Those of all connections together',
  },
  watchQuietMs: {
    value: 60_000,
    meaning:
      'How long a watch over OSC goes on without a message from its client; any message renews it, even `/foley/ping`',
  },
  watchPerSecond: {
    value: 300,
    meaning: 'Messages a second of a watch over OSC; further ones are dropped, rows first',
  },
  queueJobs: {
    value: 256,
    meaning: 'Jobs that wait in the server; one more is refused with `queue_full`',
  },
  bufferedSoftBytes: {
    value: 8 * 1024 * 1024,
    meaning: 'Unsent bytes of one connection above which its progress events (row, preview) are dropped',
  },
  bufferedHardBytes: {
    value: 64 * 1024 * 1024,
    meaning: 'Unsent bytes of one connection above which it is closed with `slow_client`',
  },
  oscDatagramBytes: {
    value: 65_507,
    meaning: 'Largest UDP payload',
  },
  oscArgs: {
    value: 64,
    meaning: 'Arguments of one OSC message',
  },
  oscMessages: {
    value: 256,
    meaning: 'Messages of one datagram, nested bundles included',
  },
  oscDepth: {
    value: 8,
    meaning: 'Bundles inside bundles',
  },
  oscFreeBytes: {
    value: 256 * 1024,
    meaning:
      'Bytes that may be sent to another machine over OSC at once. Beyond this and the next two limits, its progress messages are dropped and its requests are refused with `rate_limited` until enough time has passed; `done` and `failed` are still sent. Programs on this machine are exempt',
  },
  oscFreeBytesPerSecond: {
    value: 32 * 1024,
    meaning: 'Bytes per second that may be sent to it in the long run, whatever it sends',
  },
  oscAmplification: {
    value: 4,
    meaning: 'Further bytes that may be sent to it for each byte that it sends',
  },
  oscHorizonMs: {
    value: 60_000,
    meaning: 'How far ahead a timetag may lie; later ones are refused',
  },
} as const;

type Table = typeof table;
type LimitName = keyof Table;

export const limits = Object.fromEntries(Object.entries(table).map(([name, { value }]) => [name, value])) as {
  readonly [K in LimitName]: Table[K]['value'];
};

/** What each limit bounds; PROTOCOL.md prints them. */
export const limitMeanings: Readonly<Record<LimitName, string>> = Object.fromEntries(
  Object.entries(table).map(([name, { meaning }]) => [name, meaning]),
) as Record<LimitName, string>;
