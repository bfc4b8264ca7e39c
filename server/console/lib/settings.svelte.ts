/** What a person has set, kept by the browser. */
interface Kept {
  theme: 'system' | 'dark' | 'light';
  temperature: number;
  /** null: the voice's own. */
  guidance: number | null;
  /** Events per second; 0 is off. */
  density: number;
  candidates: number;
  count: number;
  length: number | null;
  mix: Record<string, number>;
  /** Classes at the corners of the mix, and the place between them: 0 to 1, from the top left. */
  corners: string[];
  pad: { x: number; y: number };
  mapsOn: 'page' | 'server' | 'both';
  /** Loudness over time that takes follow: seconds and dB. None: the voice draws it. */
  envelope: { at: number; level: number }[];
  /** Their average spectrum: Hz and dB. */
  spectrum: { at: number; level: number }[];
}

const KEY = 'foleyd.console';
const usual: Kept = {
  theme: 'system',
  temperature: 1,
  guidance: null,
  density: 0,
  candidates: 1,
  count: 1,
  length: null,
  mix: {},
  corners: [],
  pad: { x: 0.5, y: 0.5 },
  mapsOn: 'page',
  envelope: [],
  spectrum: [],
};

function load(): Kept {
  try {
    return { ...usual, ...(JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Kept>) };
  } catch {
    return { ...usual };
  }
}

export const settings = $state(load());

/** Call it in an effect: keeps what is set. */
export function keepSettings(): void {
  const text = JSON.stringify(settings);
  try {
    localStorage.setItem(KEY, text);
  } catch {
    // A browser that keeps nothing: they hold until the page is closed.
  }
}
