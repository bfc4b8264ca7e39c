import { type Args, type ClassArg, commandOf, ProtocolError } from '../../protocol/index.ts';

/** MIDI, as far as it moves anything. */
export interface ControllerEvent {
  type: string;
  channel: number;
  controller?: number;
  value?: number;
  velocity?: number;
  on?: boolean;
}

export interface ControllerEvents {
  /** Returns the way to stop. */
  on(listener: (event: ControllerEvent) => void): () => void;
}

export type Control = Args<'stream.start'>['controls'][number];
type Change = Omit<Args<'stream.set'>, 'stream'>;

/** A controller's last value is 127. */
const MAX_CC = 127;
/** So often a stream is changed at most (ms): a wheel sends far more values than rows are drawn. */
const EACH_MS = 100;

/** What a controller's value, 0 to 1, changes of a stream that began with a class. */
export function changeOf({ set, from, to, class: other }: Control, value: number, first: ClassArg): Change {
  const at = from + (to - from) * value;
  return set === 'mix' ? { class: mixed(first, other!, at) } : { [set]: at };
}

/** Throws bad_args where an end of a controller's range is not what `stream.set` takes. */
export function checkControls(controls: readonly Control[], first: ClassArg): void {
  for (const [i, control] of controls.entries()) {
    const at = `args.controls.${i}`;
    const wrong = (path: string, message: string): never => {
      throw new ProtocolError('bad_args', `${path}: ${message}`, { path });
    };
    if ((control.set === 'mix') !== (control.class !== undefined))
      wrong(`${at}.class`, 'expected a class if set is mix, and none otherwise');
    for (const [end, value] of [
      ['from', 0],
      ['to', 1],
    ] as const) {
      if (control.set === 'mix' && !(control[end] >= 0 && control[end] <= 1))
        wrong(`${at}.${end}`, 'expected 0 to 1, the share of the other class');
      const read = commandOf('stream.set').args.safeParse({ stream: 'any', ...changeOf(control, value, first) });
      if (!read.success) wrong(`${at}.${end}`, read.error.issues[0]?.message ?? 'out of range');
    }
  }
}

/** Lets MIDI controllers change a stream while it plays; of many values between two changes the last one counts. */
export class StreamControls {
  readonly #apply: (change: Change) => void;
  readonly #stop: () => void;
  #waiting: Change = {};
  #timer: NodeJS.Timeout | null = null;

  /** @param apply is called no more once it has thrown */
  constructor(controls: readonly Control[], first: ClassArg, midi: ControllerEvents, apply: (change: Change) => void) {
    this.#apply = apply;
    this.#stop = midi.on((event) => {
      const { channel } = event;
      for (const control of controls) {
        const value = movedTo(control, event);
        if (value === null || (control.channel ?? channel) !== channel) continue;
        Object.assign(this.#waiting, changeOf(control, value / MAX_CC, first));
        this.#change();
      }
    });
  }

  close(): void {
    this.#stop();
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#waiting = {};
  }

  #change(): void {
    if (this.#timer !== null || Object.keys(this.#waiting).length === 0) return;
    const change = this.#waiting;
    this.#waiting = {};
    try {
      this.#apply(change);
    } catch {
      // Its limit of changes, or its end: whoever set it up hears of these from the stream.
      this.close();
      return;
    }
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#change();
    }, EACH_MS);
    this.#timer.unref();
  }
}

/** Where an event moves what a control listens to; null if it does not. */
function movedTo({ cc, midi }: Control, { type, controller, value, velocity, on }: ControllerEvent): number | null {
  if (type === 'note') return midi === 'velocity' && on === true ? velocity! : null;
  if (type === 'aftertouch') return midi === 'aftertouch' ? value! : null;
  return type === 'cc' && cc !== undefined && cc === controller ? value! : null;
}

function mixed(first: ClassArg, other: ClassArg, share: number): ClassArg {
  const sum: Record<string, number> = {};
  for (const [label, part] of [
    [first, 1 - share],
    [other, share],
  ] as const) {
    const weights = typeof label === 'object' ? label : { [String(label)]: 1 };
    const total = Object.values(weights).reduce((all, weight) => all + weight, 0);
    for (const [name, weight] of Object.entries(weights)) {
      const scaled = (weight / total) * part;
      if (scaled > 0) sum[name] = (sum[name] ?? 0) + scaled;
    }
  }
  return sum;
}
