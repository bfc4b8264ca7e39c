/** Commands that run, watch, configure and check a server. */
import type { DeliverOptions } from '../deliver.ts';
import type { JobsOptions } from '../jobs.ts';
import type { McpOptions } from '../mcp/index.ts';
import type { SessionChoice } from '../open-session.ts';
import { addSettings, givenSettings } from '../options.ts';
import { type Connecting, choice, connecting, connectingOnly, type Declare } from './common.ts';

export const declareServer: Declare = (program, run) => {
  addSettings(program.command('serve').description('run the server: WebSocket, HTTP and OSC')).action(
    async (options) => {
      run(await (await import('../serve.ts')).serve(givenSettings(options)));
    },
  );

  connectingOnly(program.command('watch').description('print jobs, hits, pool changes and refused OSC as they happen'))
    .option('--json', 'print each event as a line of JSON')
    .action(async (options: SessionChoice & Connecting & { json?: boolean }) => {
      run(await (await import('../watch.ts')).watch(choice(options)));
    });

  connecting(
    program
      .command('mcp')
      .description(
        'offer the commands as tools to a program that speaks the Model Context Protocol, over stdin and stdout',
      ),
  )
    .option('--admin', 'also offer the commands of the admin role')
    .option(
      '--tools <NAMES>',
      'which tools to offer, separated by commas: usual (default), all, names as foley_generate or trigger_*',
    )
    .option('--audio', 'include the audio of clips in answers, besides links to it')
    .action(async (options: McpOptions & Connecting) => {
      run(await (await import('../mcp/index.ts')).mcp(choice(options)));
    });

  connectingOnly(program.command('jobs').description('list the jobs of the queue; pause, resume, move or cancel one'))
    .option('--pause <JOB>', 'pause a job')
    .option('--resume <JOB>', 'resume a paused job')
    .option('--move <JOB>', 'move a job to the front of the queue')
    .option('--cancel <JOB>', 'cancel a job; what it saved stays')
    .option('--json', 'print JSON')
    .action(async (options: JobsOptions & Connecting) => {
      run(await (await import('../jobs.ts')).jobs(choice(options)));
    });

  const deliver = program.command('deliver').description('deliver saved clips to a folder automatically');
  connectingOnly(deliver.command('on').description('deliver each saved (or starred) clip, exactly once'))
    .option('--folder <DIR>', 'subfolder of that of serve --deliver; default: that folder itself')
    .option('--what <CLIPS>', 'saved or starred; default: the previous choice, initially saved')
    .option('--classes <NAMES>', 'only these classes, separated by commas; all: every class')
    .option('--earlier', 'also deliver clips that were saved before')
    .option('--format <NAME>', 'wav or flac')
    .option('--json', 'print JSON')
    .action(async (options: DeliverOptions & Connecting) => {
      run(await (await import('../deliver.ts')).deliverOn(choice(options)));
    });
  connectingOnly(deliver.command('off').description('stop delivering clips'))
    .option('--json', 'print JSON')
    .action(async (options: DeliverOptions & Connecting) => {
      run(await (await import('../deliver.ts')).deliverOff(choice(options)));
    });
  connectingOnly(
    deliver.command('status', { isDefault: true }).description('show which clips are delivered, and where'),
  )
    .option('--json', 'print JSON')
    .action(async (options: DeliverOptions & Connecting) => {
      run(await (await import('../deliver.ts')).deliverStatus(choice(options)));
    });

  const service = program
    .command('service')
    .description('run the server whenever you log in: a systemd user unit, a launch agent of macOS, or a Windows task');
  addSettings(
    service.command('install').description('install and start it; the server starts with the given options of serve'),
  ).action(async (options) => {
    const given = (program as unknown as { rawArgs: string[] }).rawArgs;
    const args = given.slice(given.indexOf('install') + 1);
    run(await (await import('../service/index.ts')).installService(args, givenSettings(options)));
  });
  service
    .command('remove')
    .description('stop it and remove it; clips, voices and settings stay')
    .action(async () => {
      run(await (await import('../service/index.ts')).removeService());
    });
  service
    .command('status', { isDefault: true })
    .description('show its state, as reported by the service manager')
    .action(async () => {
      run(await (await import('../service/index.ts')).serviceStatus());
    });

  const token = addSettings(
    program.command('token').description('show which roles have a token; rotate or delete one'),
    ['data'],
  ).action(async (options: Connecting) => {
    run((await import('../token.ts')).listTokens(choice(options)));
  });
  addSettings(token.command('rotate').description('create a new token, show it once, and revoke the old one'), ['data'])
    .argument('<ROLE>', 'play or admin')
    .action(async (role: string, options: Connecting) => {
      run(await (await import('../token.ts')).rotate(role, choice({ ...token.opts(), ...options })));
    });
  // `remove` is what it was called before: scripts may use it.
  for (const [name, hidden] of [
    ['delete', false],
    ['remove', true],
  ] as const)
    addSettings(token.command(name, { hidden }).description('delete the token of a role'), ['data'])
      .argument('<ROLE>', 'play or admin')
      .action(async (role: string, options: Connecting) => {
        run(await (await import('../token.ts')).deleteToken(role, choice({ ...token.opts(), ...options })));
      });

  addSettings(
    program
      .command('doctor')
      .description('check the installation: Node, ports, audio, MIDI, ONNX Runtime providers, voices, Python'),
  )
    .option('--json', 'print JSON')
    .action(async (options: { json?: boolean }) => {
      run(await (await import('../doctor.ts')).doctor({ ...options, config: givenSettings({ ...options }) }));
    });
};
