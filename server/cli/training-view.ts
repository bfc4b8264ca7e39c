import { type EventData, printable } from '../../protocol/index.ts';
import { barOf, type Screen } from './view.ts';

type Report = EventData<'dataset.add', 'done'>;

/** What a person reads for losses whose name in the protocol says little. */
const LOSS_NAMES: Readonly<Record<string, string>> = { kept: 'KL of old classes' };

/** Shows a training to a person, or each event as a line of JSON. */
export interface TrainingView {
  event(event: string, data: object): void;
  dataset(report: Report): void;
  /** Something else that a person should know. */
  note(text: string): void;
  end(): void;
}

/** A bar that moves where a person watches, a line now and then where not; with `json`, nothing on the screen. */
export function createTrainingView(screen: Screen, json: { write(text: string): unknown } | null): TrainingView {
  if (json !== null) {
    const say = (event: string, data: object): void => {
      const { wav: _, picture: __, ...told } = data as Record<string, unknown>;
      json.write(`${JSON.stringify({ event, data: told })}\n`);
    };
    return {
      event: say,
      dataset: (report) => say('dataset', report),
      note: (message) => say('note', { message }),
      end: () => undefined,
    };
  }
  return new ScreenView(screen);
}

class ScreenView implements TrainingView {
  readonly #screen: Screen;
  readonly #live: boolean;
  /** Whether the line the cursor is on holds a bar. */
  #bar = false;
  #tenth = -1;

  constructor(screen: Screen) {
    this.#screen = screen;
    this.#live = screen.isTTY === true;
  }

  event(event: string, data: object): void {
    const told = data as Record<string, never>;
    if (event === 'accepted') {
      const { job, voice, base, ahead } = told as unknown as EventData<'admin.retrain', 'accepted'>;
      this.#line(
        `training ${job}: voice ${voice}, ${base === null ? 'from scratch' : `from ${base}`}${ahead > 0 ? `, ${ahead} before it` : ''}`,
      );
    } else if (event === 'state') {
      const { state, message } = told as unknown as EventData<'admin.retrain', 'state'>;
      if (state !== 'running' || message !== null) this.#line(message === null ? state : `${state}: ${message}`);
    } else if (event === 'stage') {
      const { stage, number, of } = told as unknown as EventData<'admin.retrain', 'stage'>;
      this.#tenth = -1;
      this.#line(stage === 'export' ? 'the voice is written' : `${stage}, stage ${number} of ${of}`);
    } else if (event === 'progress') {
      const { part, done, of } = told as unknown as EventData<'admin.retrain', 'progress'>;
      this.#show(done / of, `${part === 'kept' ? 'clips of the old classes' : part} ${done} of ${of}`);
    } else if (event === 'step') {
      const { step, share, eta, losses } = told as unknown as EventData<'admin.retrain', 'step'>;
      const shown = Object.entries(losses)
        .filter(([name]) => name !== 'norm')
        .map(([name, value]) => `${LOSS_NAMES[name] ?? name} ${value.toPrecision(3)}`);
      this.#show(share, [`step ${step}`, ...(eta === null ? [] : [`${duration(eta)} left`]), ...shown].join(', '));
    } else if (event === 'eval') {
      const { stage, step, scores } = told as unknown as EventData<'admin.retrain', 'eval'>;
      if (scores.score !== undefined)
        this.#line(`${stage} at step ${step}: score ${scores.score.toPrecision(4)}, lower is better`);
    } else if (event === 'audition') {
      const { class: label, path } = told as unknown as EventData<'admin.retrain', 'audition'>;
      this.#line(`${label} now sounds like this: ${path}`);
    }
  }

  dataset({ dataset, clips, minutes, originals, minutesSilent, classes, duplicates, clipped, skipped }: Report): void {
    const each = classes.map((one) => `${one.class} ${one.train} + ${one.eval} held out`).join(', ');
    this.#line(`data set ${dataset}: ${clips} clips (${minutes} min) of ${originals} recordings; ${each}`);
    const found = [
      ...(minutesSilent > 0 ? [`${minutesSilent} min of silence left out`] : []),
      ...(duplicates.count > 0 ? [`${duplicates.count} pairs of nearly identical clips`] : []),
      ...(clipped.count > 0 ? [`${clipped.count} clipped`] : []),
    ];
    if (found.length > 0) this.#line(found.join(', '));
    for (const file of skipped.files) this.#line(`skipped ${printable(file)}`);
    if (skipped.count > skipped.files.length) this.#line(`skipped ${skipped.count - skipped.files.length} more files`);
  }

  note(text: string): void {
    this.#line(text);
  }

  end(): void {
    if (this.#bar) this.#screen.write('\n');
    this.#bar = false;
  }

  #line(text: string): void {
    this.#screen.write(`${this.#bar ? '\r\x1b[K' : ''}${text}\n`);
    this.#bar = false;
  }

  #show(share: number, text: string): void {
    if (!this.#live) {
      const tenth = Math.floor(share * 10);
      if (tenth !== this.#tenth) this.#screen.write(`${text}\n`);
      this.#tenth = tenth;
      return;
    }
    this.#screen.write(`\r\x1b[K${`${barOf(share)} ${text}`.slice(0, (this.#screen.columns ?? 80) - 1)}`);
    this.#bar = true;
  }
}

function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 90) return `${whole} s`;
  const minutes = Math.round(whole / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
