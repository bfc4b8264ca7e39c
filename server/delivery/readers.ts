/**
 * What other people's programs read in the files that are delivered: writes the table of README.md.
 * node --import tsx server/delivery/readers.ts --write
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { fileSettings } from '../../protocol/index.ts';
import { seededNoise } from '../audio/quantise.ts';
import { writeRecipe } from '../audio/recipe.ts';
import { encodeWav } from '../audio/wav.ts';
import { renderFile } from './file.ts';

const BEGIN = '<!-- Written by readers.ts. -->';
const END = '<!-- End of what readers.ts writes. -->';
const README = fileURLToPath(new URL('README.md', import.meta.url));

interface Files {
  wav: string;
  flac: string;
  float: string;
}

/** One value as one program tells it. */
interface Look {
  field: string;
  where: string;
  program: string;
  file: keyof Files;
  args: readonly string[];
  find: RegExp;
}

const ffprobe = ['-v', 'error', '-show_format', '-show_streams', '-of', 'flat'];
const tag = (name: string): RegExp => new RegExp(`format\\.tags\\.${name}="([^"]*)"`);
const look = (
  field: string,
  where: string,
  program: string,
  file: keyof Files,
  args: readonly string[],
  find: RegExp,
): Look => ({
  field,
  where,
  program,
  file,
  args,
  find,
});

const looks: readonly Look[] = [
  look('sample format', 'fmt', 'sox', 'wav', ['--i'], /Sample Encoding: (.*)/),
  look('sample format, 32 bits', 'fmt', 'sox', 'float', ['--i'], /Sample Encoding: (.*)/),
  look('sample format', 'STREAMINFO', 'sox', 'flac', ['--i'], /Sample Encoding: (.*)/),
  look('rate', 'fmt', 'ffprobe', 'wav', ffprobe, /sample_rate="(\d+)"/),
  look('length', 'data', 'sndfile-info', 'wav', [], /Duration +: (.*)/),
  look('Description', 'bext', 'sndfile-info', 'wav', ['--broadcast'], /Description +: (.*)/),
  look('Originator', 'bext', 'sndfile-info', 'wav', ['--broadcast'], /Originator +: (.*)/),
  look('OriginatorReference', 'bext', 'ffprobe', 'wav', ffprobe, tag('originator_reference')),
  look('OriginationDate', 'bext', 'sndfile-info', 'wav', ['--broadcast'], /Origination date +: (.*)/),
  look('OriginationTime', 'bext', 'sndfile-info', 'wav', ['--broadcast'], /Origination time +: (.*)/),
  look('TimeReference', 'bext', 'ffprobe', 'wav', ffprobe, tag('time_reference')),
  look('TimeReference', 'bext', 'sndfile-info', 'wav', ['--broadcast'], /Time ref +: (.*)/),
  look('Version', 'bext', 'sndfile-info', 'wav', ['--broadcast'], /BWF version +: (.*)/),
  look('LoudnessValue', 'bext', 'mediainfo', 'wav', [], /LoudnessValue +: (.*)/),
  look('LoudnessValue', 'bext', 'sndfile-info', 'wav', ['--broadcast'], /Loudness value +: (.*)/),
  look('LoudnessRange', 'bext', 'mediainfo', 'wav', [], /LoudnessRange +: (.*)/),
  look('MaxTruePeakLevel', 'bext', 'mediainfo', 'wav', [], /MaxTruePeakLevel +: (.*)/),
  look('MaxMomentaryLoudness', 'bext', 'mediainfo', 'wav', [], /MaxMomentaryLoudness +: (.*)/),
  look('MaxShortTermLoudness', 'bext', 'mediainfo', 'wav', [], /MaxShortTermLoudness +: (.*)/),
  look('CodingHistory', 'bext', 'ffprobe', 'wav', ffprobe, tag('coding_history')),
  look('source type', 'XMP (_PMX)', 'exiftool', 'wav', ['-XMP-iptcExt:DigitalSourceType', '-n', '-s3'], /(http\S+)/),
  look(
    'source type',
    'iXML USER',
    'mediainfo',
    'wav',
    ['--Details=1'],
    /<DIGITALSOURCETYPE>(.*?)<\/DIGITALSOURCETYPE>/,
  ),
  look('source type', 'Vorbis comment', 'metaflac', 'flac', ['--show-tag=DIGITALSOURCETYPE'], /=(\S+)/),
  look('measured loudness', 'data', 'ffmpeg', 'wav', ['ebur128'], /I: +(.*)/),
  look('measured true peak', 'data', 'ffmpeg', 'wav', ['ebur128'], /Peak: +(.*)/),
  look('title', 'LIST INFO INAM', 'ffprobe', 'wav', ffprobe, tag('title')),
  look('creator', 'LIST INFO IART', 'ffprobe', 'wav', ffprobe, tag('artist')),
  look('category', 'LIST INFO IGNR', 'ffprobe', 'wav', ffprobe, tag('genre')),
  look('keywords', 'LIST INFO IKEY', 'mediainfo', 'wav', [], /Keywords +: (.*)/),
  look('program', 'LIST INFO ISFT', 'mediainfo', 'wav', [], /Writing application +: (.*)/),
  look('source', 'LIST INFO IPRD', 'ffprobe', 'wav', ffprobe, tag('album')),
  look('recipe', 'LIST INFO ICMT', 'sndfile-info', 'wav', [], /ICMT : (foleyd.{30})/),
  look('scene', 'iXML', 'mediainfo', 'wav', ['--Details=1'], /<SCENE>(.*?)<\/SCENE>/),
  look('take', 'iXML', 'mediainfo', 'wav', ['--Details=1'], /<TAKE>(.*?)<\/TAKE>/),
  look('catId', 'iXML ASWG', 'mediainfo', 'wav', ['--Details=1'], /<catId>(.*?)<\/catId>/),
  look('onset', 'cue', 'sndfile-info', 'wav', [], /(Cue ID : +1 +Pos : +\d+)/),
  look('name of the cue', 'LIST adtl', 'sndfile-info', 'wav', [], /(labl : .*)/),
  look('loop', 'smpl', 'sndfile-info', 'wav', [], /(Start : +\d+ +End : +\d+)/),
  look('title', 'Vorbis comment', 'ffprobe', 'flac', ffprobe, tag('TITLE')),
  look('recipe', 'Vorbis comment FOLEYD', 'metaflac', 'flac', ['--show-tag=FOLEYD'], /FOLEYD=(foleyd.{30})/),
  look('MD5 of the samples', 'STREAMINFO', 'metaflac', 'flac', ['--show-md5sum'], /(.{32})/),
  look('every CRC and the MD5', 'all', 'flac', 'flac', ['-t', '-w', '--totally-silent'], /^()$/),
];

const versions: Readonly<Record<string, readonly [flag: string, find: RegExp]>> = {
  ffprobe: ['-version', /version (\S+)/],
  sox: ['--version', /SoX v(\S+)/],
  flac: ['--version', /flac (\S+)/],
  exiftool: ['-ver', /([\d.]+)/],
  mediainfo: ['--Version', /v([\d.]+)/],
  'sndfile-info': ['--help', /libsndfile-(\d+\.\d+\.\d+)/],
};

/** What a program says on both of its outputs; null where it is not installed. */
function run(program: string, args: readonly string[]): string | null {
  const { error, stdout, stderr, status } = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 26 });
  if (error !== undefined) return null;
  return status === 0 ? `${stdout}${stderr}` : `failed: ${stdout}${stderr}`;
}

function told({ program, file, args, find }: Look, files: Files): string {
  const all =
    args[0] === 'ebur128'
      ? ['-nostats', '-i', files[file], '-af', 'ebur128=peak=true:framelog=verbose', '-f', 'null', '-']
      : [...args, files[file]];
  const text = run(program, all);
  if (text === null) return 'not installed';
  const found = find.exec(text)?.[1];
  return found === '' ? 'no fault' : (found?.trim() ?? 'not read');
}

async function makeFiles(dir: string): Promise<Files> {
  const noise = seededNoise(4);
  const rain = Float32Array.from({ length: 88_200 }, (_, i) => Math.min(1, i / 2000) * 0.3 * (noise() * 2 - 1));
  const recipe = {
    voice: '0123456789abcdef'.repeat(4),
    voiceId: 'default',
    class: 'Rain',
    classWeights: [0, 1],
    seed: 42,
    temperature: 0.9,
    topK: 0,
    topP: 1,
    rate: 22_050,
    version: '0.1.0',
  };
  const facts = {
    clip: '9f2c4e5d6a7b8190',
    title: 'Rain on leaves',
    created: Date.UTC(2026, 10, 26, 9, 8, 7),
    seed: 42,
    name: { catId: 'RAIN', fxName: 'Rain on leaves', creatorId: 'JD', sourceId: 'FOLEY', userData: 's42' },
    software: 'foleyd 0.1.0',
  };
  const wav = encodeWav(rain, 22_050, 'f32', { comment: writeRecipe(recipe) });
  const place = async (name: string, given: Record<string, unknown>): Promise<string> => {
    const settings = fileSettings.parse(given);
    const { bytes, ending } = await renderFile(wav, facts, settings);
    const file = path.join(dir, `${name}.${ending}`);
    writeFileSync(file, bytes);
    return file;
  };
  const common = {
    lufs: -23,
    loop: true,
    timeReference: 172_800_000,
    scene: '12A',
    take: '3',
    channels: 2,
    pan: -0.25,
  };
  return {
    wav: await place('a', common),
    flac: await place('b', { ...common, format: 'flac' }),
    float: await place('c', { bits: 32, rate: 96_000 }),
  };
}

/** The table, in Markdown. */
async function readersText(): Promise<string> {
  const dir = mkdtempSync(path.join(tmpdir(), 'foleyd-readers-'));
  try {
    const files = await makeFiles(dir);
    const rows = looks.map((one) => {
      const value = told(one, files).replaceAll('|', '\\|').replaceAll('\\r\\n', ' / ');
      return `| ${one.field} | ${one.where} | ${one.file === 'flac' ? 'FLAC' : 'WAV'} | ${one.program} | \`${value}\` |`;
    });
    const known = Object.entries(versions).map(([program, [flag, find]]) => {
      const text = run(program, [flag]) ?? run(program, []);
      return `${program} ${find.exec(text ?? '')?.[1] ?? (text === null ? '(not installed)' : '')}`.trim();
    });
    return [
      `Read by ${known.join(', ')}; ffmpeg and metaflac are of the same packages as ffprobe and flac.`,
      '',
      '| field | where it lies | file | program | what it reads |',
      '| --- | --- | --- | --- | --- |',
      ...rows,
    ].join('\n');
  } finally {
    rmSync(dir, { recursive: true });
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const text = await readersText();
  if (process.argv[2] === '--write') {
    const readme = readFileSync(README, 'utf8');
    const [before, after] = [readme.split(BEGIN)[0], readme.split(END)[1]];
    writeFileSync(README, `${before}${BEGIN}\n\n${text}\n\n${END}${after}`);
  } else process.stdout.write(`${text}\n`);
}
