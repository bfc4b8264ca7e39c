/** Commands about voices: list, measure, activate, move between machines. */

import type { FadOptions } from '../fad.ts';
import { integer, number } from '../options.ts';
import type { CompareOptions } from '../voice.ts';
import type { ExportOptions } from '../voice-file.ts';
import { GUIDANCE, TEMPERATURE } from './clips.ts';
import { type Connecting, choice, connecting, type Declare } from './common.ts';

type Json = Connecting & { json?: boolean };

export const declareVoices: Declare = (program, run) => {
  connecting(program.command('voices').alias('classes').description('list voices and their classes'))
    .option('--json', 'print JSON')
    .action(async (options: Json) => {
      run(await (await import('../voices.ts')).voices(choice(options)));
    });

  connecting(
    program.command('fad').description('compute FAD and KAD of a voice, or a folder of clips, against real recordings'),
  )
    .option('--voice <ID>', 'voice; default: the active one')
    .option('--candidate <DIR>', 'a folder of WAVs per class, instead of a voice')
    .option('--reference <WHAT>', "a folder of WAVs per class, a .npz file, or a name in the server's references")
    .option('--embedder <DIR>', 'folder with embedder.json; default: that of the default voice')
    .option('--classes <NAMES>', 'only these classes, separated by commas')
    .option('--clips <N>', 'clips per class; default: 40', integer)
    .option('--seed <N>', 'seed of the first clip of each class', integer)
    .option('--guidance <G>', GUIDANCE, number)
    .option('--history', 'show earlier measurements instead of measuring')
    .option('--chart <FILE>', 'with --history: draw it as SVG; - for standard output')
    .option('--json', 'print JSON')
    .action(async (options: FadOptions & Connecting) => {
      run(await (await import('../fad.ts')).fad(choice(options)));
    });

  connecting(program.command('activate').description('make a voice the active one'))
    .argument('<ID>', 'id of the voice; foleyd voices lists them')
    .option('--force', 'activate it even if its FAD is worse than that of the active voice')
    .option('--json', 'print JSON')
    .action(async (voice: string, options: Json & { force?: boolean }) => {
      run(await (await import('../activate.ts')).activate(voice, choice(options)));
    });

  connecting(program.command('rollback').description('make the previously active voice active again'))
    .option('--json', 'print JSON')
    .action(async (options: Json) => {
      run(await (await import('../activate.ts')).activate(null, choice(options)));
    });

  const voice = program.command('voice').description('delete, export, import and compare voices');
  connecting(voice.command('delete').description('delete a voice that is not in use'))
    .argument('<ID>', 'id of the voice; foleyd voices lists them')
    .option('--force', 'delete it even if rollback would return to it, or a trigger map uses it')
    .option('--json', 'print JSON')
    .action(async (id: string, options: Json & { force?: boolean }) => {
      run(await (await import('../voice.ts')).deleteVoice(id, choice(options)));
    });
  connecting(voice.command('export').description('write a voice as one file, or as a folder to share'))
    .argument('<ID>', 'id of the voice; foleyd voices lists them')
    .argument('[FILE]', 'file, folder, or - for standard output; default: a file named after the voice')
    .option('--hub', 'write a folder for a model hub: README.md, ONNX, safetensors, scores, licences')
    .option('--permissive-only', 'refuse a voice that was trained on data under copyleft or unknown licences')
    .option('--json', 'print JSON')
    .action(async (id: string, file: string | undefined, options: ExportOptions & Connecting) => {
      run(await (await import('../voice-file.ts')).exportVoice(id, file, choice(options)));
    });
  connecting(voice.command('import').description('check and install a voice from an exported file or folder'))
    .argument('<FILE>', 'exported file or folder')
    .option('--as <ID>', 'install it under this id; default: its original id')
    .option('--json', 'print JSON')
    .action(async (file: string, options: Json & { as?: string }) => {
      run(await (await import('../voice-file.ts')).importVoice(file, choice(options)));
    });
  connecting(
    voice.command('compare').description('compare cards and scores of voices; with a class, write a clip of each'),
  )
    .argument('<IDS...>', 'two or more voices; one is compared with the active voice')
    .option('--class <NAME>', 'make clips of this class with each voice')
    .option('--seed <N>', 'seed of the first clip of each voice; default: random')
    .option('--count <N>', 'clips per voice', integer)
    .option('--temperature <T>', TEMPERATURE, number)
    .option('--guidance <G>', GUIDANCE, number)
    .option('--out <DIR>', 'folder for the WAVs; default: the current one')
    .option('--json', 'print JSON')
    .action(async (ids: string[], options: CompareOptions & Connecting) => {
      run(await (await import('../voice.ts')).compareVoices(ids, choice(options)));
    });
};
