import { barOf } from './view.ts';

/** One line of a terminal that says how far something is; nothing where nobody watches. */
export interface Bar {
  show(at: { part: string; done: number; of: number }): void;
  end(): void;
}

export function progressBar(live: boolean): Bar {
  return {
    show({ part, done, of }) {
      if (!live) return;
      process.stderr.write(`\r\u001b[K${part} [${barOf(done / of)}] ${done} of ${of}`);
    },
    end: () => void (live && process.stderr.write('\r\u001b[K')),
  };
}
