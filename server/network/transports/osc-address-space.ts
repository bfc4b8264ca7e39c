import {
  access,
  commandMethods,
  nodeAt,
  type OscMethod,
  type OscNode,
  type PoolState,
  type Role,
  type TriggerMap,
  treeOf,
} from '../../../protocol/index.ts';

/** Where the parts of the address space come from that change. */
export interface SpaceSources {
  maps: () => readonly TriggerMap[];
  pools: () => readonly PoolState[];
  /** Id of the active voice. */
  voice: () => string;
  jobs: () => { running: number; waiting: number };
}

export type SpaceEvent =
  /** Addresses that came, went, or are described otherwise, and the container that holds all of them. */
  | { type: 'paths'; added: readonly string[]; removed: readonly string[]; changed: readonly string[]; within: string }
  /** A method was sent these, or has them now; `tags` are their OSC types. */
  | { type: 'value'; path: string; tags: string; values: readonly (string | number)[] };

/** The OSCQuery address space: every OSC address of the server, and the values that can be read. */
export class OscSpace {
  readonly #sources: SpaceSources;
  readonly #watchers = new Set<(event: SpaceEvent) => void>();
  /** What each of the users' addresses was sent last. */
  readonly #heard = new Map<string, number>();
  /** As the watchers know it; null without any. */
  #known: Map<string, OscMethod> | null = null;
  #isTouched = false;

  constructor(sources: SpaceSources) {
    this.#sources = sources;
  }

  /** The node of a path, everything below it included; null where there is none. Commands of the admin role are its own. */
  find(path: string, role: Role): OscNode | null {
    const commands = commandMethods().filter((one) => one.role === 'play' || role === 'admin');
    return nodeAt(treeOf([...commands.map(({ method }) => method), ...this.#changing()]), path);
  }

  /** Hears what changes from now on. Returns the way to stop. */
  watch(watcher: (event: SpaceEvent) => void): () => void {
    this.#known ??= this.#snapshot();
    this.#watchers.add(watcher);
    return () => {
      this.#watchers.delete(watcher);
      if (this.#watchers.size === 0) this.#known = null;
    };
  }

  /** One of the users' addresses was sent a velocity, 0 to 1. */
  heard(path: string, velocity: number): void {
    this.#heard.set(path, velocity);
    const known = this.#known?.get(path);
    if (known !== undefined) this.#known!.set(path, { ...known, VALUE: [velocity] });
    this.#tell({ type: 'value', path, tags: 'f', values: [velocity] });
  }

  /** Something may be different: looked at once at the end of this turn, however often this is called. */
  touch(): void {
    if (this.#isTouched) return;
    this.#isTouched = true;
    setImmediate(() => {
      this.#isTouched = false;
      this.#compare();
    });
  }

  #compare(): void {
    if (this.#known === null && this.#heard.size === 0) return;
    const now = this.#snapshot();
    for (const path of this.#heard.keys()) if (!now.has(path)) this.#heard.delete(path);
    const before = this.#known;
    if (before === null) return;
    this.#known = now;
    const added = [...now.keys()].filter((path) => !before.has(path));
    const removed = [...before.keys()].filter((path) => !now.has(path));
    const kept = [...now].flatMap(([path, method]) =>
      before.has(path) ? [{ path, method, old: before.get(path)! }] : [],
    );
    const changed = kept.filter(({ method, old }) => method.DESCRIPTION !== old.DESCRIPTION).map(({ path }) => path);
    if (added.length + removed.length + changed.length > 0) {
      const within = containerOf([...added, ...removed, ...changed]);
      this.#tell({ type: 'paths', added, removed, changed, within });
    }
    for (const { path, method, old } of kept) {
      const values = method.VALUE ?? [];
      if (values.some((value, i) => value !== old.VALUE?.[i]))
        this.#tell({ type: 'value', path, tags: method.TYPE ?? '', values });
    }
  }

  #snapshot(): Map<string, OscMethod> {
    return new Map(this.#changing().map((method) => [method.FULL_PATH, method]));
  }

  /** All but the commands, which stay as they are. */
  #changing(): OscMethod[] {
    const { voice, jobs, pools, maps } = this.#sources;
    const { running, waiting } = jobs();
    const played = new Map<string, string[]>();
    for (const { id, source, class: what } of maps()) {
      if (source === undefined || !('osc' in source)) continue;
      const name = typeof what === 'object' ? Object.keys(what).join('+') : String(what);
      played.set(source.osc, [...(played.get(source.osc) ?? []), `${id} (${name})`]);
    }
    return [
      state('voice', 'The active voice.', ['voice'], [voice()]),
      state('jobs', 'Jobs of the engine.', ['running', 'waiting'], [running, waiting]),
      ...pools().map(({ map, ready, want, coming }) =>
        state(`pool/${map}`, `Clips of the map ${map}.`, ['ready', 'want', 'coming'], [ready, want, coming]),
      ),
      ...[...played].map(
        ([path, sounds]): OscMethod => ({
          FULL_PATH: path,
          ACCESS: access.both,
          TYPE: 'f',
          VALUE: [this.#heard.get(path) ?? 0],
          EXTENDED_TYPE: ['velocity'],
          RANGE: [{ MIN: 0, MAX: 1 }],
          OVERLOADS: [{ TYPE: 'N' }],
          DESCRIPTION: `Plays ${sounds.join(', ')}; 0 ends what a gate or a loop holds.`,
        }),
      ),
    ];
  }

  #tell(event: SpaceEvent): void {
    for (const watcher of this.#watchers) watcher(event);
  }
}

/** A value that is read and never sent. */
function state(name: string, doc: string, names: readonly string[], values: readonly (string | number)[]): OscMethod {
  return {
    FULL_PATH: `/foley/state/${name}`,
    ACCESS: access.read,
    DESCRIPTION: doc,
    TYPE: values.map((value) => (typeof value === 'string' ? 's' : 'i')).join(''),
    VALUE: values,
    EXTENDED_TYPE: names,
  };
}

/** The deepest container above all of these. */
function containerOf(paths: readonly string[]): string {
  const [first = [], ...others] = paths.map((path) => path.split('/').slice(1, -1));
  const differs = first.findIndex((part, i) => others.some((other) => other[i] !== part));
  return `/${first.slice(0, differs === -1 ? first.length : differs).join('/')}`;
}
