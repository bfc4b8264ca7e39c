// Which folder may import which: the table that scripts/boundaries.mjs checks.

/**
 * The first line whose `of` is the file, or a folder above it, decides.
 * `may`: our own files and folders; `types`: ones that only `import type` may reach; `packages`: from the registry.
 * @type {{of: string, may: string[], types?: string[], packages?: string[]}[]}
 */
export const RULES = [
  { of: 'protocol', may: ['protocol'], packages: ['zod', '@msgpack/msgpack', 'msgpackr', 'osc-min'] },

  { of: 'server/util/log.ts', may: ['server/util', 'protocol/printable.ts'], packages: ['pino'] },
  // How TypeScript is started where it is not compiled.
  { of: 'server/util/program.ts', may: ['server/util'], packages: ['tsx'] },
  { of: 'server/util/ts-thread.mjs', may: [], packages: ['tsx'] },
  { of: 'server/util', may: ['server/util'] },
  { of: 'server/c2pa', may: ['server/c2pa'] },
  { of: 'server/audio', may: ['server/audio'], packages: ['@alexanderolsen/libsamplerate-js', 'zod'] },
  // Beats and tempo of the host's song: MIDI clocks and hosts set them, triggers wait for them.
  { of: 'server/tempo', may: ['server/tempo', 'protocol'] },

  // Which class a name means: a table of words for sounds, and how a name is read.
  { of: 'server/words', may: ['server/words', 'protocol/suggestion.ts'] },

  // What card.json and embedder.json of a voice say: one schema for all that read them.
  { of: 'server/cards', may: ['server/cards', 'protocol/printable.ts'], packages: ['zod'] },

  // One file loads ONNX Runtime; nothing in the engine knows that a protocol exists.
  {
    of: 'server/engine/onnx/runtime.ts',
    may: ['server/engine', 'server/cards', 'server/util/shortage.ts'],
    packages: ['onnxruntime-node'],
  },
  { of: 'server/engine/dsp', may: ['server/engine/dsp'] },
  {
    of: 'server/engine',
    may: [
      'server/engine',
      'server/cards',
      'server/audio',
      'server/util/log-line.ts',
      'server/util/program.ts',
      'server/util/protobuf.ts',
      'server/util/serial-queue.ts',
      'server/util/shortage.ts',
      'server/util/start-child.ts',
      'server/util/hang-detector.ts',
    ],
  },

  // Plays the clips it is given; knows neither the protocol nor where clips come from.
  {
    of: 'server/playback',
    may: [
      ...['server/playback', 'server/audio', 'server/util/program.ts', 'server/util/log-line.ts'],
      ...['server/util/disk-reason.ts', 'server/util/run-child.ts', 'server/util/serial-queue.ts'],
    ],
    packages: ['node-web-audio-api'],
  },

  // FAD and KAD of sets of clips, and the process that embeds them.
  {
    of: 'server/evaluation',
    may: ['server/evaluation', 'server/cards', 'server/util', 'server/audio', 'server/engine'],
  },

  // Parse, authorise, handle; queue jobs; publish their events.
  { of: 'server/dispatch/job-journal.ts', may: ['server/util', 'protocol'] },
  {
    of: 'server/dispatch',
    may: ['server/dispatch', 'server/util/folders.ts', 'server/util/new-id.ts', 'protocol'],
    types: ['server/engine/engine.ts'],
  },

  { of: 'server/network/loopback.ts', may: [] },
  { of: 'server/network/addresses.ts', may: [], types: ['server/network/discovery'] },
  // Tokens, the secret that local programs read, certificates, and the audit log.
  {
    of: 'server/network/access',
    may: ['server/network/access', 'server/util', 'protocol'],
    packages: ['zod'],
  },
  {
    of: 'server/network/discovery',
    may: ['server/network/discovery', 'server/network/loopback.ts', 'server/network/transports/rate.ts'],
    types: ['server/util/log-line.ts'],
    packages: ['multicast-dns'],
  },
  {
    of: 'server/network/transports',
    may: [
      ...['server/network/transports', 'server/network/loopback.ts', 'protocol'],
      ...['server/dispatch/dispatcher.ts', 'server/dispatch/job-events.ts'],
    ],
    types: [
      'server/network/access',
      'server/dispatch/file-transfer.ts',
      'server/dispatch/refusals.ts',
      'server/util/log-line.ts',
    ],
    packages: ['ws'],
  },
  {
    of: 'server/network/listeners.ts',
    may: ['server/network', 'server/util/log.ts'],
    types: ['protocol', 'server/dispatch/dispatcher.ts', 'server/dispatch/refusals.ts'],
  },

  {
    of: 'server/voices',
    may: ['server/voices', 'server/cards', 'server/util', 'protocol'],
    packages: ['zod'],
  },
  {
    of: 'server/clips',
    may: ['server/clips', 'server/util', 'server/audio', 'protocol'],
    packages: ['zod'],
  },
  {
    of: 'server/midi',
    may: ['server/midi', 'server/tempo/beats.ts'],
    types: ['server/util/log-line.ts'],
    packages: ['midi'],
  },
  { of: 'server/triggers/test', may: ['server/triggers', 'server/playback', 'protocol'] },
  {
    of: 'server/triggers',
    may: ['server/triggers', 'server/tempo/beats.ts', 'server/util', 'protocol'],
    types: ['server/playback'],
  },
  { of: 'server/training', may: ['server/training', 'server/util', 'protocol'] },
  // Audio files for other programs, and the folders they go to.
  {
    of: 'server/delivery',
    may: ['server/delivery', 'server/words', 'server/audio', 'server/util', 'protocol'],
    types: ['server/clips', 'server/voices'],
    packages: ['zod'],
  },

  // Markers of sheets and edit lists, and their times.
  { of: 'server/spotting', may: ['server/spotting', 'server/delivery/csv.ts'] },

  // From what a client asked for to jobs of the scheduler and finished clips; the handlers of several commands share it.
  {
    of: 'server/generation',
    may: [
      ...[
        'server/generation',
        'server/words',
        'server/cards',
        'server/audio',
        'server/dispatch/dispatcher.ts',
        ...['server/util/folders.ts', 'server/util/either-signal.ts', 'server/util/new-id.ts'],
        'protocol',
      ],
      'server/engine/inference/code-grid.ts',
      'server/engine/inference/cut-place.ts',
      ...['philox', 'loudness', 'mel', 'spectrum'].map((part) => `server/engine/dsp/${part}.ts`),
    ],
    types: [
      'server/dispatch',
      'server/voices',
      'server/clips',
      'server/triggers/generator.ts',
      'server/engine/engine.ts',
    ],
    packages: ['zod'],
  },
  {
    of: 'server/handlers',
    may: [
      ...['server/handlers', 'server/generation', 'server/spotting', 'protocol', 'server/dispatch/dispatcher.ts'],
      ...['server/dispatch/job-events.ts', 'server/delivery/csv.ts', 'server/util/read-chunks.ts'],
      ...['server/util/either-signal.ts', 'server/util/new-id.ts', 'server/util/serial-queue.ts'],
      // Whether a file that an earlier run began is there.
      ...['server/util/file-digest.ts', 'server/util/disk-reason.ts', 'server/voices/licences.ts'],
    ],
    types: [
      'server/util/trash.ts',
      ...['server/dispatch', 'server/voices', 'server/clips', 'server/playback', 'server/evaluation', 'server/audio'],
      ...['server/engine/process/encoder.ts', 'server/triggers', 'server/tempo', 'server/training', 'server/delivery'],
    ],
  },

  // A farm of workers behind the engine's interface, over NATS. What a URL of its broker is, the configuration asks.
  { of: 'server/farm/address.ts', may: [] },
  { of: 'server/farm/test', may: ['server/farm', 'server/worker.ts', 'server/engine', 'server/test/support'] },
  {
    of: 'server/farm',
    may: [
      ...['server/farm', 'server/util', 'server/cards', 'server/engine/engine.ts', 'server/engine/errors.ts'],
      'server/engine/fresh-events.ts',
      'server/engine/farm-status.ts',
      ...['read-voice', 'pack', 'unpack', 'voice'].map((name) => `server/voices/${name}.ts`),
    ],
    packages: [
      ...['@nats-io/transport-node', '@nats-io/jetstream', '@nats-io/kv', '@nats-io/obj'],
      ...['@msgpack/msgpack', 'zod'],
    ],
  },

  // What Prometheus reads of a server or a worker.
  {
    of: 'server/metrics',
    may: ['server/metrics', 'server/util/serial-queue.ts'],
    types: ['server/engine/engine.ts', 'server/dispatch/scheduler.ts'],
    packages: ['prom-client'],
  },

  { of: 'server/limits.ts', may: ['protocol/limits.ts'], packages: ['zod'] },
  { of: 'server/settings.ts', may: ['server/engine/onnx/provider-names.ts'] },
  {
    of: 'server/config.ts',
    may: [
      ...['protocol', 'server/network/loopback.ts', 'server/network/access/allowed.ts'],
      ...['server/network/access/tokens.ts', 'server/engine/onnx/provider-names.ts', 'server/settings.ts'],
      ...['server/util/data-folder.ts', 'server/farm/address.ts', 'server/limits.ts'],
    ],
    packages: ['zod'],
  },
  { of: 'server/data-owner.ts', may: ['protocol', 'server/util'] },
  // The engine's start, and the first voice in it.
  {
    of: 'server/engine-start.ts',
    may: ['protocol', 'server/engine', 'server/farm', 'server/config.ts', 'server/util/log.ts'],
    types: ['server/voices'],
  },
  // Only these see everything.
  { of: 'server/app', may: ['protocol', 'server'] },
  { of: 'server/app.ts', may: ['protocol', 'server'] },
  { of: 'server/main.ts', may: ['protocol', 'server'] },
  { of: 'server/worker.ts', may: ['protocol', 'server'] },

  // A real server and a real browser.
  { of: 'server/console/test', may: ['server', 'protocol', 'scripts/console.mjs'], packages: ['playwright-core'] },
  // The page in the browser: it shares the typed client, and the mel that voices are trained on.
  {
    of: 'server/console',
    may: ['server/console', 'protocol', 'server/engine/dsp'],
    packages: ['svelte', 'uplot', 'vite', '@sveltejs/vite-plugin-svelte'],
  },

  // SVG charts of measured values, as text.
  { of: 'server/cli/charts', may: ['server/cli/charts'] },
  // The doctor tries providers as the engine does.
  { of: 'server/cli/doctor/providers.ts', may: ['server/engine/onnx/provider.ts', 'server/cli'] },
  // It looks for the trainer as the server does.
  {
    of: 'server/cli/doctor/python.ts',
    may: [
      ...['server/training/python.ts', 'server/util/folders.ts', 'server/util/trainer-environment.ts', 'server/cli'],
    ],
  },
  // Voices as files and folders.
  { of: 'server/cli/voice-file.ts', may: ['server/cli', 'server/util', 'server/voices', 'protocol'] },
  // Writes a delivered file again, as the server wrote it.
  {
    of: 'server/cli/compare-regenerated.ts',
    may: ['server/cli', 'server/audio', 'server/delivery/file.ts', 'protocol'],
  },
  // It understands words for classes as the server does.
  { of: 'server/cli/class-name.ts', may: ['server/cli', 'server/words', 'protocol'] },
  // Commands as tools of the Model Context Protocol.
  {
    of: 'server/cli/mcp',
    may: ['server/cli', 'server/util', 'protocol'],
    packages: ['@modelcontextprotocol/sdk', 'zod'],
  },
  {
    of: 'server/cli',
    may: [
      ...[
        'server/cli',
        'server/util',
        'protocol',
        'server/app.ts',
        'server/main.ts',
        'server/worker.ts',
        'server/settings.ts',
        'server/config.ts',
        'server/audio',
        'server/c2pa',
      ],
      ...['server/evaluation', 'server/network/access', 'server/delivery/csv.ts', 'scripts/python.mjs'],
    ],
    packages: ['commander', 'ws', 'node-web-audio-api', 'midi'],
  },
  { of: 'server/bin', may: ['server/bin', 'server/cli'], packages: ['tsx', 'esbuild'] },
  // The plugin is measured in the host of its tests.
  { of: 'server/bench', may: ['protocol', 'scripts', 'server', 'examples/plugin/tests'], packages: ['*'] },
  { of: 'server/test', may: ['protocol', 'server'], packages: ['*'] },
  // The examples run against a real server, where those of a user run.
  { of: 'examples/test', may: ['examples/test', 'protocol', 'server/cli/test', 'server/audio'] },
  // The plugin's tests start a server as the CLI's own do.
  { of: 'examples/plugin/tests', may: ['examples/plugin/tests', 'protocol', 'server/cli/test'], packages: ['ws'] },
  {
    of: 'examples/pictures',
    may: ['examples', 'server/cli/test', 'server/audio', 'scripts/python.mjs'],
    packages: ['@modelcontextprotocol/sdk'],
  },
  { of: 'examples', may: ['examples', 'protocol'], packages: ['*'] },
  { of: 'scripts/test.mjs', may: ['scripts', 'server/bin/compiled.mjs'] },
  { of: 'scripts/package', may: ['scripts', 'server/bin/compiled.mjs'], packages: ['esbuild', 'typescript'] },
  { of: 'scripts', may: ['scripts'], packages: ['typescript', 'vite'] },
];
