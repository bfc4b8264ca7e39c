import { barOf } from './view.ts';

/** Says how far something is. */
export interface Bar {
  show(at: { part: string; done: number; of: number }): void;
  end(): void;
}

/** As a line of a terminal that is written over, as a line for each tenth, or not at all. */
export function progressBar(how: 'line' | 'tenths' | 'none'): Bar {
  const live = how === 'line';
  let last = { part: '', tenth: 0 };
  return {
    show({ part, done, of }) {
      const tenth = Math.floor((done * 10) / of);
      if (how === 'tenths' && (part !== last.part || tenth > last.tenth))
        process.stderr.write(`${part} ${done} of ${of}\n`);
      last = { part, tenth };
      if (!live) return;
      process.stderr.write(`\r\u001b[K${part} [${barOf(done / of)}] ${done} of ${of}`);
    },
    end: () => void (live && process.stderr.write('\r\u001b[K')),
  };
}
