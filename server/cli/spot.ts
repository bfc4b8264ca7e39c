import { readFile } from 'node:fs/promises';
import { type ArgsInput, type EventData, limits, printable } from '../../protocol/index.ts';
import { sheetText } from '../delivery/csv.ts';
import { diskReason } from '../util/disk-reason.ts';
import { CliError, toCliError } from './errors.ts';
import { settingsIn } from './export-settings.ts';
import { type ReceiveOptions, receiveFiles } from './receive-files.ts';

export interface SpotOptions extends ReceiveOptions {
  fps?: number;
  alternates?: number;
  seed?: string;
  candidates?: number;
  guidance?: number;
  density?: number;
  voice?: string;
  lead?: number;
  stem?: string | true;
  skipUnknown?: boolean;
  /** Settings of the files that have an option of the same name. */
  [setting: string]: unknown;
}

/** `foleyd spot`: a file for every marker of a sheet or an edit list, and a sheet of them. */
export async function spot(file: string, options: SpotOptions): Promise<number> {
  const sheet = await textOf(file);
  const { fps, alternates, seed, candidates, guidance, density, voice, lead, stem, skipUnknown } = options;
  const own = {
    fps,
    alternates,
    seed,
    candidates,
    guidance,
    density,
    voice,
    lead,
    stem: stem === true ? 'spotted' : stem,
  };
  const args = {
    ...settingsIn(options),
    ...Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined)),
    unknown: skipUnknown === true ? 'skip' : 'refuse',
    to: 'bytes',
    sheet,
  } as ArgsInput<'foley.spot'>;
  return receiveFiles('foley.spot', args, options, { hasSheet: true, failed: inFile(file), onAccepted: tellLeft });
}

async function textOf(file: string): Promise<string> {
  const bytes = await readFile(file).catch((error: unknown) => {
    throw new CliError('io_error', `${file} cannot be read: ${diskReason(error)}`, error);
  });
  // With room for the other arguments.
  if (bytes.byteLength > limits.frameBytes / 2) {
    const message = `${file} has ${bytes.byteLength} bytes; expected at most ${limits.frameBytes / 2}, far more than ${limits.batchFiles} cues need`;
    throw new CliError('usage', message);
  }
  try {
    return sheetText(bytes);
  } catch (error) {
    throw new CliError('usage', `${file}: ${(error as Error).message}`, error);
  }
}

function inFile(file: string): (thrown: unknown) => unknown {
  return (thrown) => {
    const error = toCliError(thrown);
    if ((thrown as { path?: unknown }).path !== 'args.sheet') return error;
    const rest = error.code === 'unknown_class' ? '; --skip-unknown leaves such markers out' : '';
    return new CliError(error.code, `${file}: ${error.message.replace(/^args\.sheet: */, '')}${rest}`, thrown);
  };
}

function tellLeft(data: object): void {
  const { left = [], overlaps } = data as EventData<'foley.spot', 'accepted'>;
  for (const { line, name } of left)
    process.stderr.write(`foleyd: line ${line}: "${printable(name)}" names no class; left out\n`);
  if (overlaps > 0)
    process.stderr.write(
      `foleyd: ${overlaps} ${overlaps === 1 ? 'cue begins' : 'cues begin'} while an earlier one of the same class lasts\n`,
    );
}
