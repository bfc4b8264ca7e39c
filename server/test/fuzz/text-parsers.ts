/** Short texts that people and programs write: settings, times, names of sounds, parts of the names of files. */
import { z } from 'zod';
import { isFileName } from '../../../protocol/file-name.ts';
import { ConfigError, type ConfigInput, resolveConfig, settings } from '../../config.ts';
import { ruleFrom } from '../../delivery/auto-delivery-rule.ts';
import { categoryOf, catIdOf, fileName } from '../../delivery/ucs.ts';
import { readTime } from '../../spotting/timecode.ts';
import { readName } from '../../words/read.ts';
import { assertShort, bytes, type Parser } from './parser.ts';

const textOf = (frame: Uint8Array): string => Buffer.from(frame).toString('utf8');

/** Flags, or variables of the environment, a line each. */
export function config(): Parser {
  const frames = [
    '--port 9247\n--osc-port off\n--limits clips=500,queueJobs=64\n--voice default',
    '--host 0.0.0.0\n--token 12345678\n--admin-token 87654321\n--allow-origin https://a.example:8443\n--allow-host studio.local',
    '--osc-host 0.0.0.0\n--osc-allow 192.168.1.2,10.0.0.0\n--cat-ids Rooster=BIRDFowl\n--midi all',
    '--farm tls://broker:4222\n--farm-cert a.pem\n--farm-key b.pem\n--gate refuse\n--gate-margin 0.2\n--threads 2',
  ].map(bytes);
  const keys = new Map<string, string>(settings.map(({ flag, key }) => [flag, key]));
  return {
    name: 'settings',
    frames,
    take(frame, base) {
      const lines = textOf(frame).split('\n');
      const given = Object.fromEntries(
        lines.map((line) => {
          const [, flag = '', value = ''] = /^(\S*) ?([\s\S]*)$/.exec(line) ?? [];
          return [keys.get(flag) ?? flag, value];
        }),
      );
      const inEnvironment = Object.fromEntries(
        settings.flatMap(({ key, env }) => (key in given ? [[env, String(given[key])]] : [])),
      );
      try {
        const { port } = base % 2 === 0 ? resolveConfig(given as ConfigInput, {}) : resolveConfig({}, inEnvironment);
        return `port ${port}`;
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        return 'refused';
      }
    },
  };
}

/** Times of cues, in every way that they are written. */
export function times(): Parser {
  return {
    name: 'times',
    frames: ['62.5', '1:02,5', '0:01:02.5', '00:01:02:12', '00:01:00;02', '.5'].map(bytes),
    take(frame, base) {
      try {
        const seconds = readTime(textOf(frame), base === 4 ? { fps: 29.97, drop: true } : { fps: 24 });
        if (!(seconds >= 0 && Number.isFinite(seconds))) throw new TypeError(`${seconds} seconds`);
        return 'read';
      } catch (error) {
        if (error instanceof TypeError || error instanceof RangeError) throw error;
        assertShort((error as Error).message);
        return 'refused';
      }
    },
  };
}

/** Names of classes, of which words are understood and names of files are made. */
export function soundNames(): Parser {
  const frames = [
    'Dog barks, twice',
    'Regen auf Blech',
    'no dogs',
    '犬の鳴き声',
    'chien\taboie',
    'ANMLDog_bark (2)',
  ].map(bytes);
  return {
    name: 'names of sounds',
    frames,
    take(frame) {
      const text = textOf(frame);
      const { means } = readName(text);
      const catId = catIdOf(text, [text]);
      categoryOf(text);
      const file = fileName({ catId, fxName: text, creatorId: text, sourceId: text, userData: text });
      if (!isFileName(`${file}.wav`) || file.length > 200) throw new Error(`a file would be called ${file}`);
      return [...means].length === 0 ? 'no sound' : 'a sound';
    },
  };
}

/** The rule of automatic deliveries, as it is kept on the disk. */
export function deliveryRule(): Parser {
  const rule = { on: true, folder: 'in/dogs', starred: true, classes: ['Rain'], since: 1.7e12 };
  return {
    name: 'delivery rules',
    frames: [rule, { ...rule, settings: { rate: 48_000, bits: 24, format: 'flac' } }].map((one) =>
      bytes(JSON.stringify(one)),
    ),
    take(frame) {
      try {
        return ruleFrom(JSON.parse(textOf(frame))).on ? 'on' : 'off';
      } catch (error) {
        if (error instanceof SyntaxError || error instanceof z.ZodError) return 'refused';
        throw error;
      }
    },
  };
}
