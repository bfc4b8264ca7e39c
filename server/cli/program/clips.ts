/** Commands that make clips and handle saved ones. */
import { type Command, Option } from 'commander';
import type { ClipsOptions } from '../clips.ts';
import type { ExportOptions } from '../export.ts';
import { exportSettings } from '../export-settings.ts';
import type { GenerateOptions } from '../generate.ts';
import type { SessionChoice } from '../open-session.ts';
import { integer, number } from '../options.ts';
import type { SignOptions } from '../sign.ts';
import type { SpotOptions } from '../spot.ts';
import type { StreamOptions } from '../stream.ts';
import type { TrashOptions } from '../trash.ts';
import type { VaryOptions } from '../vary.ts';
import type { VerifyOptions } from '../verify.ts';
import { type Connecting, choice, connecting, connectingOnly, type Declare } from './common.ts';

export const GUIDANCE = 'guidance towards the class; 0 is off; default: set by the voice';
const DENSITY =
  'events (steps, keystrokes, barks, shots) per second; 0 is off; default: as a recording of the class has';
const OUT = 'file (.wav, .flac), folder, or - for standard output; default: a file named by class and seed';
const sampleFormat = (): Option =>
  new Option('--format <F>', 'sample format: 32-bit float, or 16 bits').choices(['f32', 's16']);
const ENVELOPE =
  'loudness to follow: times of events (0.2,0.9,1.6), breakpoints (0:-60,0.5:-9,2:-60, seconds and dB), the id of a clip, or a WAV file';
export const TEMPERATURE = 'sampling temperature; 0 takes the most likely code, 1 samples as trained';

export const declareClips: Declare = (program, run) => {
  connecting(program.command('generate').description('make clips with the running server, or with an engine here'))
    .argument('[class]', 'name, id, or a mix like DogBark:0.7+Rain:0.3; foleyd voices lists them')
    .option('--seed <N>', 'seed of the first clip; default: random')
    .option('--count <N>', 'number of clips, with consecutive seeds; default: 1', integer)
    .option('--temperature <T>', TEMPERATURE, number)
    .option('--top-k <K>', 'sample from the K most likely codes; 0 is off', integer)
    .option('--top-p <P>', 'sample from the most likely codes with total probability P; 1 is off', number)
    .option(
      '--candidates <N>',
      'make N candidates of each clip and keep the best according to the embedder of the voice',
      integer,
    )
    .option('--guidance <G>', GUIDANCE, number)
    .option('--avoid <CLASS>', 'class or mix to guide away from')
    .option('--envelope <E>', ENVELOPE)
    .option(
      '--spectrum <S>',
      'average spectrum to follow: breakpoints (100:-20,1000:0,8000:-40, Hz and dB), or the id of a clip',
    )
    .option('--density <N>', DENSITY, number)
    .option('--rate <HZ>', "sample rate; default: the voice's", integer)
    .addOption(sampleFormat())
    .option('--voice <ID>', 'voice; default: the active one')
    .option('--out <PLACE>', OUT)
    .option(
      '--like <FILE>',
      'regenerate the clip of this WAV or FLAC from its embedded recipe; other options override it',
    )
    .option('--play', 'play the clips when they are done')
    .option('--json', 'print each event as a line of JSON')
    .action(async (what: string | undefined, options: GenerateOptions & Connecting) => {
      run(await (await import('../generate.ts')).generate(what, choice(options)));
    });

  connecting(
    program
      .command('vary')
      .description('make clips that keep part of a saved clip or of a recording, or regenerate only a stretch of it'),
  )
    .argument('<what>', 'id of a saved clip, or a WAV file')
    .option('--class <NAME>', "class of the new part; default: the clip's; a WAV file needs one")
    .option('--amount <A>', 'how much changes: 0 is the same clip, up to 0.35 only detail differs, 1 is new', number)
    .option('--from <S>', 'regenerate only the stretch that begins here, in seconds', number)
    .option('--to <S>', 'and ends here; everything outside of it stays, sample by sample', number)
    .option('--seed <N>', 'seed of the first clip; default: random')
    .option('--count <N>', 'number of clips, with consecutive seeds; default: 1', integer)
    .option('--temperature <T>', TEMPERATURE, number)
    .option('--top-k <K>', 'sample from the K most likely codes; 0 is off', integer)
    .option('--top-p <P>', 'sample from the most likely codes with total probability P; 1 is off', number)
    .option('--guidance <G>', GUIDANCE, number)
    .option('--avoid <CLASS>', 'class or mix to guide away from')
    .option('--envelope <E>', ENVELOPE)
    .option('--rate <HZ>', "sample rate; default: the voice's, or with --from and --to that of the sound", integer)
    .addOption(sampleFormat())
    .option('--voice <ID>', "voice; default: the clip's, or the active one")
    .option('--out <PLACE>', OUT)
    .option('--play', 'play the clips when they are done')
    .option('--json', 'print each event as a line of JSON')
    .action(async (what: string, options: VaryOptions & Connecting) => {
      run(await (await import('../vary.ts')).vary(what, choice(options)));
    });

  connecting(
    program
      .command('stream')
      .description('make a sound of any length in one piece, with a running server or an engine here'),
  )
    .argument('[class]', 'name, id, or a mix like Rain:0.7+Keyboard:0.3; foleyd voices lists them')
    .option('--seconds <S>', 'length; without it, use --play', number)
    .option('--seed <N>', 'seed; default: random')
    .option('--temperature <T>', TEMPERATURE, number)
    .option('--top-k <K>', 'sample from the K most likely codes; 0 is off', integer)
    .option('--top-p <P>', 'sample from the most likely codes with total probability P; 1 is off', number)
    .option('--guidance <G>', GUIDANCE, number)
    .option('--avoid <CLASS>', 'class or mix to guide away from')
    .option('--density <N>', DENSITY, number)
    .option('--envelope <E>', `${ENVELOPE}; its last level holds`)
    .option('--level <DB>', 'gain in dB', number)
    .addOption(sampleFormat())
    .option('--voice <ID>', 'voice; default: the active one')
    .option('--out <FILE>', 'file (.wav, .flac), folder, or - for standard output; default: a file named by the seed')
    .option('--like <FILE>', 'regenerate the part of a stream that stream.keep or this command wrote')
    .option('--play', 'play it: at the end or, without a length, as it is made, until Ctrl-C')
    .action(async (what: string | undefined, options: StreamOptions & Connecting) => {
      run(await (await import('../stream.ts')).stream(what, choice(options)));
    });

  const exporting = connecting(
    program.command('export').description('write delivery files of clips, with metadata, and a sheet that lists them'),
  ).argument('[clips...]', 'ids of saved clips');
  withFileSettings(exporting)
    .option('--loop', 'write loop points when a steady region exists')
    .option('--list <CSV>', 'sheet of clip ids, or of classes to generate, with seed and count')
    .option('--out <DIR>', 'folder; default: the current one')
    .option('--json', 'print each file as a line of JSON')
    .action(async (clips: string[], options: ExportOptions & Connecting) => {
      run(await (await import('../export.ts')).exportClips(clips, choice(options)));
    });

  const spotting = connecting(
    program
      .command('spot')
      .description(
        'make a sound for every marker of a sheet (CSV, TSV) or CMX3600 edit list, with its onset on the marker',
      ),
  )
    .argument('<SHEET>', 'markers with a time and a class, as REAPER, Resolve and Premiere export them')
    .option('--fps <N>', 'frame rate of timecode, e.g. 24, 25 or 29.97', number)
    .option('--alternates <N>', 'takes per cue', integer)
    .option('--seed <N>', 'seed of the first cue; default: random')
    .option(
      '--candidates <N>',
      'make N candidates of each take and keep the best according to the embedder of the voice',
      integer,
    )
    .option('--guidance <G>', GUIDANCE, number)
    .option('--density <N>', DENSITY, number)
    .option('--voice <ID>', 'voice; default: the active one')
    .option('--lead <S>', 'keep at most this much before the onset; default: 0.01', number)
    .option('--stem [NAME]', 'also mix the first take of every cue to one file')
    .option('--skip-unknown', 'skip markers without a known class instead of refusing the sheet');
  withFileSettings(spotting, ['fxName', 'catId', 'userData', 'take'])
    .option('--out <DIR>', 'folder; default: the current one')
    .option('--json', 'print each file as a line of JSON')
    .action(async (sheet: string, options: SpotOptions & Connecting) => {
      run(await (await import('../spot.ts')).spot(sheet, choice(options)));
    });

  connecting(
    program
      .command('verify')
      .description('show what made a WAV or FLAC, and whether its recipe reproduces the same samples'),
  )
    .argument('<file>', 'file that foleyd wrote')
    .option('--no-regenerate', 'only read the file: do not generate the clip again')
    .option('--json', 'print JSON')
    .action(async (file: string, options: VerifyOptions & Connecting) => {
      run(await (await import('../verify.ts')).verify(file, choice(options)));
    });

  connecting(
    program
      .command('sign')
      .description('write a signed C2PA manifest beside each WAV or FLAC: NAME.c2pa, which foleyd verify checks'),
  )
    .argument('<files...>', 'files that foleyd wrote')
    .requiredOption('--cert <PEM>', 'certificate chain (PEM), the signing certificate first')
    .requiredOption('--key <PEM>', 'private key of the signing certificate (PEM); it stays on this machine')
    .option('--force', 'replace existing manifests')
    .action(async (files: string[], options: SignOptions & Connecting) => {
      run(await (await import('../sign.ts')).signFiles(files, choice(options)));
    });

  connecting(program.command('clips').description('list or search saved clips; star, unstar or delete them'))
    .argument('[clips...]', 'ids of clips to star, unstar or delete')
    .option('--class <NAME>', 'only clips of this class')
    .option('--search <TEXT>', 'only clips whose name or class contains this text')
    .option('--starred', 'only starred clips')
    .option('--limit <N>', 'list at most N clips, newest first', integer)
    .option('--star', 'star the given clips')
    .option('--unstar', 'unstar the given clips')
    .option('--delete', 'delete the given clips')
    .option('--json', 'print JSON')
    .action(async (ids: string[], options: ClipsOptions & Connecting) => {
      run(await (await import('../clips.ts')).clips(ids, choice(options)));
    });

  const trash = program.command('trash').description('list what was deleted; restore it or delete it permanently');
  connecting(trash.command('list', { isDefault: true }).description('list deleted clips, voices and data sets'))
    .option('--limit <N>', 'list at most N, latest first', integer)
    .option('--json', 'print JSON')
    .action(async (options: TrashOptions & Connecting) => {
      run(await (await import('../trash.ts')).listTrash(choice(options)));
    });
  connecting(trash.command('restore').description('restore deleted clips, voices or data sets'))
    .argument('<IDS...>', 'ids of deleted items; foleyd trash lists them')
    .option('--json', 'print JSON')
    .action(async (ids: string[], options: TrashOptions & Connecting) => {
      run(await (await import('../trash.ts')).restoreTrash(ids, choice(options)));
    });
  connecting(trash.command('empty').description('delete everything in the trash permanently, or the given items'))
    .argument('[IDS...]', 'ids of deleted items; foleyd trash lists them')
    .option('--json', 'print JSON')
    .action(async (ids: string[], options: TrashOptions & Connecting) => {
      run(await (await import('../trash.ts')).emptyTrash(ids, choice(options)));
    });

  connectingOnly(program.command('play').description('play saved clips, or WAV files, on this machine'))
    .argument('<CLIPS...>', 'ids of saved clips, or WAV files')
    .action(async (what: string[], options: SessionChoice & Connecting) => {
      run(await (await import('../play-clips.ts')).playClips(what, choice(options)));
    });
};

/** Options for how files are made, but for those that have no meaning here. */
function withFileSettings(command: Command, without: readonly string[] = []): Command {
  for (const [name, value, doc, isNumber] of exportSettings.map((one) => [...one, undefined] as const)) {
    if (without.includes(name)) continue;
    const option = new Option(`--${name.replace(/[A-Z]/g, (capital) => `-${capital.toLowerCase()}`)} <${value}>`, doc);
    command.addOption(isNumber === true ? option.argParser(number) : option);
  }
  return command;
}
