import type { EndlessChange, EndlessRequest, EngineEvent, EngineRequest, EngineResult } from '../engine.ts';
import { EngineError } from '../errors.ts';
import { CutPace } from './cut-pace.ts';
import { type CutPlace, cutPlaceFrom } from './cut-place.ts';
import { EndlessContour } from './endless-contour.ts';
import { EndlessParts } from './endless-parts.ts';
import type { EndlessPlan } from './endless-plan.ts';
import { EndlessRows } from './endless-rows.ts';
import { EndlessSound } from './endless-sound.ts';
import { checkRequest } from './generate-clip.ts';
import type { Drawing, Steering } from './sampled-clip.ts';
import type { Voice } from './voice.ts';

/** Chunks that may wait to be rendered before no more rows are drawn. */
const MAX_QUEUED_CHUNKS = 2;
/** Rows behind a cut whose sound must be in time for the cut to be. */
const SOUNDS_OF_CUT = 8;
/** So many times as long as a cut takes a change waits for one. */
const PATIENCE = 3;
/**
 * Rows that a window begins with after a cut, which are waited for: they are run again by what has changed. Measured:
 * with five, or with all that the window remembers, which costs no time, a new class is heard half a row later.
 */
const PREFIX_AFTER_CUT = 3;

/** A change of what is drawn. `redrawn`: rows from its step on had been drawn without it. */
type Scripted = EndlessChange & { step: number };

/**
 * An endless sound from a prior of a fixed number of rows: windows, each starting with the last rows of the one
 * before, so that positions and context stay as in training. Random numbers depend on the place in the endless grid,
 * and each part is rendered with the rows around it.
 */
export class EndlessClip implements Steering {
  readonly #voice: Voice;
  readonly #request: EngineRequest;
  readonly #endless: EndlessRequest;
  readonly #on: (event: EngineEvent) => void;
  readonly #cancelled: () => boolean;
  readonly #plan: EndlessPlan;
  readonly #stepMs: number;
  readonly #rows: EndlessRows;
  readonly #parts: EndlessParts;
  readonly #sound: EndlessSound;
  readonly #pace = new CutPace();
  readonly #contour: EndlessContour;
  #drawing: Drawing;
  /** Changes of what is drawn: those known before, and those asked for meanwhile, the first at this time. */
  readonly #script: Scripted[];
  #asked: EndlessChange[] = [];
  #askedAt = 0;
  /** The latest cut, and the row of the latest change without one. */
  #lastCut: CutPlace = { step: 0, frame: 0 };
  #lastPlain = 0;
  /** The row that the window began with. */
  #windowFrom = 0;
  /** The window was begun with guidance: only then it can have any. */
  #guided = false;
  /** It follows a contour that holds no more. */
  #outdated = false;
  #awake: (() => void) | null = null;
  #release: (() => void) | null = null;
  #firstRowMs = 0;

  constructor(
    voice: Voice,
    request: EngineRequest,
    endless: EndlessRequest,
    on: (event: EngineEvent) => void,
    cancelled: () => boolean,
  ) {
    const { classWeights, guidance = 0, avoid, temperature, topK, topP, seed, rate } = request;
    this.#voice = voice;
    this.#request = request;
    this.#endless = endless;
    this.#on = on;
    this.#cancelled = cancelled;
    this.#drawing = { classWeights, guidance, avoid, temperature, topK, topP };
    const plan = voice.endlessPlan(endless.partSeconds);
    this.#plan = plan;
    const { density = null, levels } = endless;
    this.#contour = new EndlessContour(
      voice.densityContours(seed),
      { each: plan.each, frames: voice.card.mel.frames },
      { classWeights, density, ...(levels === undefined ? {} : { levels }) },
    );
    const samples = plan.each * voice.card.mel.hop;
    const stepMs = (samples * 1000) / voice.card.audio.rate;
    this.#stepMs = stepMs;
    const { ahead, level, revise = false } = endless;
    this.#rows = new EndlessRows(voice.axes, Math.ceil(((ahead ?? 0) * 1000) / stepMs) + plan.chunk + plan.behind);
    this.#sound = new EndlessSound({
      stepMs,
      samples,
      rate,
      level,
      live: ahead !== null,
      revise: revise && ahead !== null,
      on,
    });
    this.#parts = new EndlessParts({
      voice,
      plan,
      rows: this.#rows,
      seed,
      urgent: request.urgent === true,
      grain: voice.grain(classWeights),
      isCancelled: cancelled,
      tell: (begin, pcm, asBefore) => {
        const { step, frame } = this.#lastCut;
        const since = begin - step;
        const due = Math.max(0, since - frame / plan.each) * stepMs;
        if (since >= 0 && since < SOUNDS_OF_CUT) this.#pace.sounds(due);
        this.#sound.add(begin, pcm, (samples / plan.each) * asBefore);
      },
    });
    this.#script = [];
    for (const { level: planned, ...change } of endless.changes) {
      const { step, redrawn = false, ...rest } = change;
      if (planned !== undefined) this.#sound.level.set(step, planned);
      // Nothing sounds before row 0 that could fade.
      if (Object.keys(rest).length > 0) this.#script.push({ ...rest, step, redrawn: redrawn && step > 0 });
    }
  }

  /** Ends after the steps that were asked for; rejects with `cancelled`, or with what went wrong. */
  async run(): Promise<EngineResult> {
    const begun = performance.now();
    const { rate } = this.#request;
    checkRequest(this.#voice, this.#request);
    if (rate !== this.#voice.card.audio.rate)
      throw new EngineError('engine_failed', `a stream has the rate of its voice, ${this.#voice.card.audio.rate} Hz`);
    this.#on({ type: 'started' });
    this.#pace.begin();
    try {
      while (!this.#isDrawn) await this.#window(begun);
      await this.#parts.rendering;
      this.#check();
    } finally {
      await this.#parts.rendering;
      this.#release?.();
    }
    const totalMs = performance.now() - begun;
    const timings = {
      sampleMs: totalMs,
      firstRowMs: this.#firstRowMs,
      firstPreviewMs: null,
      totalMs,
      ...this.#parts.times,
    };
    return { codes: new Uint16Array(0), rate, pcm: new Float32Array(0), timings };
  }

  steer({ level, ...change }: EndlessChange): void {
    if (level !== undefined) this.#sound.setLevel(level);
    if (Object.keys(change).length === 0) return;
    if (this.#asked.length === 0) this.#askedAt = performance.now();
    this.#asked.push(change);
    if (this.#cutAt() !== null) this.wake();
  }

  /** Lets it go on, or end, that waits for its time. */
  wake(): void {
    this.#awake?.();
  }

  wait(): Promise<void> | null {
    const { ahead } = this.#endless;
    if (this.#cancelled() || this.#parts.problem !== null) return null;
    if (this.#parts.waiting > MAX_QUEUED_CHUNKS) return this.#parts.rendering;
    if (ahead === null || this.#cutAt() !== null) return null;
    const sounding = this.#rows.known + 1 - this.#plan.behind;
    const place = this.#sound.placeIn(ahead * 1000);
    if (place === null) return sounding * this.#stepMs <= ahead * 1000 ? null : this.#parts.rendering;
    const ms = (sounding - place) * this.#stepMs;
    return ms <= 0 ? null : this.#sleep(ms);
  }

  drawing(): Drawing | null {
    this.#check();
    if (this.#isDrawn || this.#cutAt() !== null) return null;
    // The rows that a window is given were computed by what it began with: so at its first row nothing changes, or it
    // would depend on when the change came.
    if (this.#rows.known > this.#windowFrom) this.#change();
    return this.#outdated || (this.#drawing.guidance > 0 && !this.#guided) ? null : this.#drawing;
  }

  get #steps(): number {
    return this.#endless.steps ?? Number.POSITIVE_INFINITY;
  }

  /** The next cut that is known before. */
  get #nextCut(): CutPlace | null {
    const next = this.#script.find(({ redrawn }) => redrawn === true);
    return next === undefined || next.step >= this.#steps ? null : { step: next.step, frame: next.frame ?? 0 };
  }

  /** All rows are. What leads to a cut is drawn as it was, though less of it is heard. */
  get #isDrawn(): boolean {
    return this.#rows.known >= this.#steps + this.#plan.behind && this.#nextCut === null;
  }

  /** A cut that is due; null where none is. */
  #cutAt(): CutPlace | null {
    const { given } = this.#parts;
    const { ahead, revise = false } = this.#endless;
    const known = this.#nextCut;
    if (known !== null && given >= known.step + Math.sign(known.frame)) return known;
    if (this.#asked.length === 0 || given >= Math.min(this.#steps, known?.step ?? this.#steps)) return null;
    if (ahead === null) return given > this.#lastCut.step ? { step: given, frame: 0 } : null;
    if (this.#pace.isResting) return null;
    const place = this.#sound.placeIn(this.#pace.expectedMs);
    if (place === null) return null;
    const soonest = Math.max(place, this.#lastCut.step + 1, this.#lastPlain);
    if (!revise) return soonest <= given ? { step: given, frame: 0 } : null;
    const cut = cutPlaceFrom(soonest, this.#plan.each);
    if (this.#parts.canCut(cut.step)) return cut;
    return soonest <= given ? { step: given, frame: 0 } : null;
  }

  async #window(begun: number): Promise<void> {
    const { perRow, rows } = this.#voice.axes;
    this.#check();
    const cut = this.#cutAt();
    if (cut === null) this.#change();
    else this.#cut(cut);
    const from = this.#rows.known;
    const given = Math.min(from, this.#plan.prefix, cut === null ? rows : PREFIX_AFTER_CUT);
    this.#windowFrom = from;
    this.#guided = this.#drawing.guidance > 0;
    this.#outdated = false;
    const contour = await this.#contour.window(from - given);
    const start = {
      codes: this.#rows.grid(from - given, from),
      given: new Uint8Array(rows * perRow).fill(1, 0, given * perRow),
    };
    await this.#voice.sampler.sample({
      ...this.#drawing,
      seed: this.#request.seed,
      urgent: this.#request.urgent === true,
      origin: from - given,
      steering: this,
      ...(contour === undefined ? {} : { followed: { contour } }),
      ...(given === 0 ? {} : { start }),
      onRow: (row, codes) => {
        this.#check();
        if (row < given) return;
        if (this.#rows.known === 0) this.#firstRowMs = performance.now() - begun;
        this.#rows.add(codes);
        const nextCut = this.#nextCut;
        this.#parts.giveKnown(nextCut === null ? this.#steps : Number.POSITIVE_INFINITY, nextCut);
      },
    });
  }

  #check(): void {
    const { problem } = this.#parts;
    if (problem !== null) throw problem.error;
    if (this.#cancelled()) throw new EngineError('cancelled', 'the stream was cancelled');
  }

  /** Takes what changes with the next row, and what was asked for where no cut could be made for it in time. */
  #change(): void {
    const { known } = this.#rows;
    while (this.#script.length > 0 && this.#script[0]!.step <= known && this.#script[0]!.redrawn !== true) {
      const { step: _, redrawn: __, ...change } = this.#script.shift()!;
      this.#applyPlain(change);
    }
    if (this.#asked.length === 0 || (known > 0 && !this.#isTooLateForCut)) return;
    this.#pace.forget();
    for (const change of this.#asked.splice(0)) this.#applyPlain(change);
  }

  /** Since the change was asked for no row could be taken back in time: too little is made ahead. */
  get #isTooLateForCut(): boolean {
    const { ahead } = this.#endless;
    const waited = performance.now() - this.#askedAt;
    return ahead !== null && waited > (ahead * 1000 < this.#pace.expectedMs ? 0 : PATIENCE * this.#pace.expectedMs);
  }

  #applyPlain(change: EndlessChange): void {
    const { known } = this.#rows;
    this.#lastPlain = known;
    this.#apply(change, known);
    this.#on({ type: 'changed', step: known, change });
  }

  #apply(change: EndlessChange, step: number): void {
    const { avoid, density, levels, level: _, label: __, redrawn: ___, frame: ____, ...rest } = change;
    this.#drawing = { ...this.#drawing, ...rest, ...(avoid === undefined ? {} : { avoid: avoid ?? undefined }) };
    const { classWeights } = this.#drawing;
    const course = { ...(density === undefined ? {} : { density }), ...(levels === undefined ? {} : { levels }) };
    if (this.#contour.set(step, { classWeights, ...course })) this.#outdated = true;
    this.#parts.setGrain(step, this.#voice.grain(this.#drawing.classWeights));
  }

  /** Takes the rows from this place on back. */
  #cut(place: CutPlace): void {
    const { step, frame } = place;
    const changes: EndlessChange[] = [];
    if (this.#nextCut?.step === step) {
      while (this.#script[0]?.redrawn === true && this.#script[0].step === step) {
        const { step: _, ...change } = this.#script.shift()!;
        changes.push(change);
      }
    } else {
      const where = { redrawn: true, ...(frame === 0 ? {} : { frame }) };
      changes.push(...this.#asked.splice(0).map((change) => ({ ...change, ...where })));
    }
    this.#lastCut = place;
    this.#pace.begin();
    if (this.#request.urgent === true) this.#release ??= this.#voice.hold();
    this.#parts.cut(place, () => {
      this.#release?.();
      this.#release = null;
      for (const change of changes) this.#on({ type: 'changed', step, change });
    });
    this.#rows.takeBack(step);
    for (const change of changes) this.#apply(change, step);
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
