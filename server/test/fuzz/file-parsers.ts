/** Other files that come from elsewhere: sheets, markers, sidecars of clips, cards of voices, references of FAD, manifests of C2PA. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { checkManifest } from '../../c2pa/check.ts';
import { readSidecar, writeSidecar } from '../../clips/sidecar.ts';
import { readSheet } from '../../delivery/csv.ts';
import { EngineError } from '../../engine/errors.ts';
import { parseCard } from '../../engine/inference/card.ts';
import { StatisticsError } from '../../evaluation/fad.ts';
import { readReference } from '../../evaluation/reference.ts';
import { readMarkers } from '../../spotting/markers.ts';
import { bytes, type Parser } from './parser.ts';
import { recipe } from './sound-parsers.ts';

export function sheet(): Parser {
  const frames = [
    ...['class,seed\r\nRain,4\r\n', '\ufeffclip,"fx ""name"""\n"a\nb",c\n', 'sep=;\rclass;gain\rRain;-1,5\r'].map(
      bytes,
    ),
    new Uint8Array(Buffer.from('\ufeffclass\tseed\nRain\t4\n', 'utf16le')),
  ];
  return {
    name: 'sheets',
    frames,
    take(frame) {
      try {
        return `${readSheet(frame).rows.length} rows`;
      } catch (error) {
        // The place, or an encoding that has none.
        if (/^line \d+|^not UTF-8 text/.test((error as Error).message)) return 'refused';
        throw error;
      }
    },
  };
}

/** Markers of sheets and edit lists, as `foley.spot` takes them. */
export function markers(): Parser {
  const event = '001  AX       A     C        00:00:00:00 00:00:01:00 01:00:05:00 01:00:06:12';
  const frames = [
    '#,Name,Start,End,Length\r\nM1,DogBark,0:01.500,,\r\nR1,Rain,0:02.000,0:05.250,0:03.250\r\n',
    'Marker Name\tDescription\tIn\tOut\tDuration\nsteps\t\t00:00:01:00\t00:00:01:12\t00:00:00:12\n',
    'At;Class;Alternates\n1,5;DogBark:0.7+Rain:0.3;2\n',
    `TITLE: REEL 1\nFCM: NON-DROP FRAME\n${event}\n* FROM CLIP NAME: DogBark\n* LOC: 01:00:05:05 RED     GunShot\n`,
    `TITLE: X\n${event}\n |C:ResolveColorBlue |M:Rain |D:50\n`,
  ].map(bytes);
  return {
    name: 'markers',
    frames,
    take(frame) {
      try {
        return `${readMarkers(Buffer.from(frame).toString('utf8'), { fps: 24 }).length} markers`;
      } catch (error) {
        const { message } = error as Error;
        if (message.length > 2000) throw new Error('a message echoes what was sent at length');
        if (/^line \d+|^it has no markers/.test(message)) return 'refused';
        throw error;
      }
    },
  };
}

export function sidecar(): Parser {
  const codes = Uint16Array.from({ length: 48 }, (_, i) => (i * 31) % 512);
  const more = { seconds: 0.1, created: 1.7e12, starred: true, seeds: [1, 2], shape: { gain: -3 }, recipe };
  const delivery = { file: 'in/a.wav', at: 1.7e12, done: true };
  const frames = [
    writeSidecar({
      ...more,
      delivery,
      origin: { job: 'ab', index: 3 },
      makers: [{ worker: 'render-1', fingerprint: 'ab' }],
      name: 'door',
      codes,
      given: Uint8Array.from(codes, (c) => c & 1),
      lineage: { how: 'varied', from: 'ab', amount: 0.3 },
    }),
    writeSidecar({
      ...more,
      delivery: null,
      origin: null,
      makers: null,
      name: '',
      codes: null,
      given: null,
      recipe: null,
      lineage: null,
      shape: null,
      seeds: null,
    }),
  ];
  const take = (frame: Uint8Array): string =>
    readSidecar(Buffer.from(frame).toString('utf8')) === null ? 'none' : 'read';
  return { name: 'sidecars', frames: frames.map(bytes), take };
}

const fixture = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(fileURLToPath(new URL(`../../../models/fixtures/${name}`, import.meta.url))));

export function card(): Parser {
  const frames = ['tiny', 'tiny-vq', 'tiny-time'].map((name) => fixture(`${name}/card.json`));
  return {
    name: 'cards',
    frames,
    take(frame) {
      const text = Buffer.from(frame).toString('utf8');
      try {
        parseCard(text);
        return 'read';
      } catch (error) {
        if (error instanceof EngineError && error.code === 'voice_corrupt') return error.code;
        throw error;
      }
    },
  };
}

export function reference(): Parser {
  return {
    name: 'references',
    frames: [fixture('distances/statistics.npz')],
    take(frame) {
      try {
        return [...readReference(frame).keys()].join(' ');
      } catch (error) {
        if (error instanceof StatisticsError) return 'refused';
        throw error;
      }
    },
  };
}

/** Manifests beside files that are verified. */
export function manifest(): Parser {
  const signed = readFileSync(fileURLToPath(new URL('../../c2pa/test/signed.c2pa', import.meta.url)));
  return {
    name: 'manifests',
    frames: [new Uint8Array(signed)],
    take(frame) {
      const { problems } = checkManifest(frame, bytes('foleyd\n'));
      if (problems.join().length > 2000) throw new Error('a message echoes what was sent at length');
      if (problems.some((problem) => problem.startsWith('the manifest cannot be read'))) return 'refused';
      return problems.length === 0 ? 'whole' : 'changed';
    },
  };
}
