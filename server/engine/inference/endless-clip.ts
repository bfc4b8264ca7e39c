import type { EndlessChange, EndlessRequest, EngineEvent, EngineRequest, EngineResult } from '../engine.ts';
import { EngineError } from '../errors.ts';
import { type EndlessPlan, rowsOfStreamPart } from './endless-plan.ts';
import { checkRequest } from './generate-clip.ts';
import { Level } from './level.ts';
import type { Drawing, Steering } from './sampled-clip.ts';
import type { Voice } from './voice.ts';

/** Chunks that may wait to be rendered before no more rows are drawn. */
const MOST_WAITING = 2;

/**
 * A sound without end from a prior of so many rows: windows, each beginning with the last rows of the one before, so
 * that positions and memory stay what they were in training. A code is drawn by its place in the endless grid, and the
 * sound is rendered from that grid with all around it that it depends on: windows leave no seam. Seed and changes with
 * their steps make the same again, bit for bit.
 */
export class EndlessClip implements Steering {
  readonly #voice: Voice;
  readonly #request: EngineRequest;
  readonly #endless: EndlessRequest;
  readonly #on: (event: EngineEvent) => void;
  readonly #cancelled: () => boolean;
  readonly #level: Level;
  /** Codes of the latest rows. */
  readonly #rows = new Map<number, Uint16Array>();
  #plan: EndlessPlan | null = null;
  #drawing: Drawing;
  /** How grainy the noise is, from which row on; the first is that of the part that is rendered next. */
  readonly #grains: { step: number; grain: number }[] = [];
  /** Changes of what is drawn: those known before, and those asked for meanwhile. */
  readonly #script: (EndlessChange & { step: number })[];
  #asked: EndlessChange[] = [];
  /** Rows that are drawn, the one that the window began with, and those that are given to be rendered, in so many parts. */
  #known = 0;
  #windowFrom = 0;
  #rendered = 0;
  #parts = 0;
  /** The window was begun with guidance: only then it can have any. */
  #guided = false;
  #rendering: Promise<void> = Promise.resolve();
  #waiting = 0;
  #problem: { error: unknown } | null = null;
  /** When row 0 sounds, by performance.now(), once it was told. */
  #clock: number | null = null;
  #gaps = 0;
  #awake: (() => void) | null = null;
  readonly #times = { decodeMs: 0, vocodeMs: 0, firstRowMs: 0 };

  constructor(
    voice: Voice,
    request: EngineRequest,
    endless: EndlessRequest,
    on: (event: EngineEvent) => void,
    cancelled: () => boolean,
  ) {
    const { classWeights, guidance = 0, avoid, temperature, topK, topP } = request;
    this.#voice = voice;
    this.#request = request;
    this.#endless = endless;
    this.#on = on;
    this.#cancelled = cancelled;
    this.#drawing = { classWeights, guidance, avoid, temperature, topK, topP };
    this.#grains.push({ step: 0, grain: voice.grain(classWeights) });
    this.#level = new Level(endless.level, voice.card.audio.rate);
    this.#script = [];
    for (const { level, ...change } of endless.changes) {
      const { step } = change;
      if (level !== undefined) this.#level.plan(step, level);
      if (Object.keys(change).length > 1) this.#script.push(change);
    }
  }

  /** Ends after the steps that were asked for; rejects with `cancelled`, or with what went wrong. */
  async run(): Promise<EngineResult> {
    const begun = performance.now();
    const { rate, steps } = { ...this.#request, ...this.#endless };
    checkRequest(this.#voice, this.#request);
    if (rate !== this.#voice.card.audio.rate)
      throw new EngineError('engine_failed', `a stream has the rate of its voice, ${this.#voice.card.audio.rate} Hz`);
    this.#on({ type: 'started' });
    try {
      const plan = this.#voice.endlessPlan(this.#endless.partSeconds);
      this.#plan = plan;
      while (steps === null || this.#known < steps + plan.behind) await this.#window(plan, begun);
      await this.#rendering;
      this.#check();
    } finally {
      await this.#rendering;
    }
    const totalMs = performance.now() - begun;
    const timings = { sampleMs: totalMs, firstPreviewMs: null, totalMs, ...this.#times };
    return { codes: new Uint16Array(0), rate, pcm: new Float32Array(0), timings };
  }

  steer({ level, ...change }: EndlessChange): void {
    if (level !== undefined) this.#level.ask(level);
    if (Object.keys(change).length > 0) this.#asked.push(change);
  }

  /** Lets it go on, or end, that waits for its time. */
  wake(): void {
    this.#awake?.();
  }

  wait(): Promise<void> | null {
    const { ahead } = this.#endless;
    const plan = this.#plan!;
    if (this.#cancelled() || this.#problem !== null) return null;
    if (this.#waiting > MOST_WAITING) return this.#rendering;
    if (ahead === null) return null;
    const sounding = this.#known + 1 - plan.behind;
    if (this.#clock === null) return sounding * this.#stepMs <= ahead * 1000 ? null : this.#rendering;
    const ms = this.#clock + sounding * this.#stepMs - ahead * 1000 - performance.now();
    return ms <= 0 ? null : this.#sleep(ms);
  }

  drawing(): Drawing | null {
    this.#check();
    const { steps } = this.#endless;
    if (steps !== null && this.#known >= steps + this.#plan!.behind) return null;
    // The rows that a window is given were computed by what it began with: so at its first row nothing changes, or it
    // would depend on when the change came.
    if (this.#known > this.#windowFrom) this.#change();
    return this.#drawing.guidance > 0 && !this.#guided ? null : this.#drawing;
  }

  get #stepMs(): number {
    const { mel, audio } = this.#voice.card;
    return (this.#plan!.each * mel.hop * 1000) / audio.rate;
  }

  async #window(plan: EndlessPlan, begun: number): Promise<void> {
    const { perRow, rows, absent } = this.#voice.axes;
    this.#check();
    this.#change();
    const from = this.#known;
    const given = Math.min(from, plan.prefix);
    this.#windowFrom = from;
    this.#guided = this.#drawing.guidance > 0;
    const start = {
      codes: this.#codes(from - given, from, new Uint16Array(rows * perRow).fill(absent)),
      given: new Uint8Array(rows * perRow).fill(1, 0, given * perRow),
    };
    await this.#voice.sampler.sample({
      ...this.#drawing,
      seed: this.#request.seed,
      urgent: this.#request.urgent === true,
      origin: from - given,
      steering: this,
      ...(given === 0 ? {} : { start }),
      onRow: (row, codes) => {
        this.#check();
        if (row < given) return;
        if (this.#known === 0) this.#times.firstRowMs = performance.now() - begun;
        this.#rows.set(this.#known++, codes);
        this.#rows.delete(this.#known - rows - 1);
        this.#renderKnown(plan);
      },
    });
  }

  /** Rows from..to of the endless grid, at the beginning of one. */
  #codes(from: number, to: number, out: Uint16Array): Uint16Array {
    for (let row = from; row < to; row++) out.set(this.#rows.get(row)!, (row - from) * this.#voice.axes.perRow);
    return out;
  }

  #check(): void {
    if (this.#problem !== null) throw this.#problem.error;
    if (this.#cancelled()) throw new EngineError('cancelled', 'the stream was cancelled');
  }

  /** Takes what has changed before the next row. */
  #change(): void {
    while (this.#script.length > 0 && this.#script[0]!.step <= this.#known) {
      const { step: _, ...change } = this.#script.shift()!;
      this.#apply(change);
    }
    for (const change of this.#asked.splice(0)) this.#apply(change);
  }

  #apply(change: EndlessChange): void {
    const { avoid, level: _, label: __, ...rest } = change;
    this.#drawing = { ...this.#drawing, ...rest, ...(avoid === undefined ? {} : { avoid: avoid ?? undefined }) };
    this.#grains.push({ step: this.#known, grain: this.#voice.grain(this.#drawing.classWeights) });
    this.#on({ type: 'changed', step: this.#known, change });
  }

  #renderKnown(plan: EndlessPlan): void {
    const { steps } = this.#endless;
    const { rows, perRow, absent } = this.#voice.axes;
    for (;;) {
      const begin = this.#rendered;
      const end = Math.min(begin + rowsOfStreamPart(this.#parts, plan), steps ?? Number.POSITIVE_INFINITY);
      if (end <= begin || this.#known < end + plan.behind) return;
      this.#rendered = end;
      this.#parts += 1;
      const from = Math.max(0, begin - plan.before);
      const codes = this.#codes(from, end + plan.behind, new Uint16Array(rows * perRow).fill(absent));
      // That of its first row: a change is heard from its own row on, and again where it is made again.
      while ((this.#grains[1]?.step ?? Number.POSITIVE_INFINITY) <= begin) this.#grains.shift();
      const { grain } = this.#grains[0]!;
      this.#waiting += 1;
      this.#rendering = this.#rendering
        .then(() => this.#render(plan, { begin, end, from }, codes, grain))
        .catch((error: unknown) => {
          this.#problem ??= { error };
        })
        .finally(() => {
          this.#waiting -= 1;
        });
    }
  }

  async #render(
    plan: EndlessPlan,
    { begin, end, from }: Record<'begin' | 'end' | 'from', number>,
    codes: Uint16Array,
    grain: number,
  ): Promise<void> {
    if (this.#cancelled() || this.#problem !== null) return;
    const { each, around, behind } = plan;
    const [first, last] = [(begin - from) * each, (end - from) * each];
    const rendered = await this.#voice.render({
      codes,
      seed: this.#request.seed,
      grain,
      urgent: this.#request.urgent === true,
      span: {
        begin: first,
        end: last,
        times: end - from + behind,
        shapeFrom: Math.max(0, first - around),
        shapeTo: last + around,
        from: from * each,
      },
    });
    this.#times.decodeMs += rendered.decodeMs;
    this.#times.vocodeMs += rendered.vocodeMs;
    if (!this.#cancelled()) this.#tell(begin, end, rendered.pcm);
  }

  #tell(begin: number, end: number, pcm: Float32Array): void {
    const { hop } = this.#voice.card.mel;
    const { rate } = this.#request;
    for (const { step, level } of this.#level.shape(pcm, begin, end)) {
      this.#on({ type: 'changed', step, change: { level } });
    }
    const now = performance.now();
    const late = now - (this.#clock ?? now) - begin * this.#stepMs;
    if (this.#clock === null) this.#clock = now;
    else if (late > 0 && this.#endless.ahead !== null) {
      this.#gaps += 1;
      this.#clock += late;
    }
    const offset = begin * this.#plan!.each * hop;
    this.#on({ type: 'sound', step: begin, steps: end - begin, offset, rate, pcm, gaps: this.#gaps });
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#awake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
