import assert from 'node:assert/strict';
import { mkdir, readFile, realpath, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Writable } from 'node:stream';
import test from 'node:test';
import { type CommandName, checkArgs, commandOf, ProtocolError, printable } from '../../../protocol/index.ts';
import { columns } from '../../cli/columns.ts';
import { CliError } from '../../cli/errors.ts';
import { AuditLog } from '../../network/access/audit-log.ts';
import { checkFolder } from '../../training/recordings-folder.ts';
import { createLog, prettyLine } from '../../util/log.ts';
import { readVoice } from '../../voices/read-voice.ts';
import { newServer, temporary } from '../support/server.ts';
import { writeVoice } from '../support/voice.ts';
import { connectWs } from '../support/ws-client.ts';

/** Clears the screen by an escape sequence and by its C1 form, begins a line, and turns the direction of what follows. */
const HOSTILE = '\u001b[2J\u009b2J\r\n\u2028\u202ex';
const SHOWN = '\\u001b[2J\\u009b2J\\u000d\\u000a\\u2028\\u202ex';
const raw = /[^\P{Cc}\n]|[\u2028\u202e]/u;

test('control characters are written as escapes and everything else stays', () => {
  assert.equal(printable(HOSTILE), SHOWN);
  assert.equal(printable('Bäume \\ "x" \u{1f43e}'), 'Bäume \\ "x" \u{1f43e}');
  assert.equal(printable(SHOWN), SHOWN);
});

test('errors that quote a client or a file carry no control characters', () => {
  const error = new ProtocolError('bad_args', `chunk ${HOSTILE}`, { path: `args.${HOSTILE}` });
  assert.deepEqual([error.message, error.path], [`chunk ${SHOWN}`, `args.${SHOWN}`]);
  assert.equal(new CliError('usage', `one\ntwo \u001b`).message, 'one\ntwo \\u001b');
  assert.equal(columns([[HOSTILE, 'b']]), `${SHOWN}  b\n`);
});

test('the log carries no control characters and no line that a client began', () => {
  const lines: string[] = [];
  const to = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  const log = createLog({ level: 'info', pretty: false, to });
  log.info({ reason: HOSTILE }, `said ${HOSTILE}`);
  log.error({ err: new Error(HOSTILE) }, 'failed');
  const records = lines.map((line) => JSON.parse(line) as { msg: string; reason?: string });
  assert.deepEqual([records.length, records[0]!.msg, records[0]!.reason], [2, `said ${HOSTILE}`, HOSTILE]);
  const pretty = lines.map((line) => prettyLine(line, false));
  for (const line of [...lines, ...pretty]) assert.doesNotMatch(line, raw);
  assert.equal(pretty[0]!.split('\n').length, 2);
  assert.match(pretty[1]!, /^\S+ error failed {2}Error: [^\n]*(\n {4}[^\n]*)*\n$/);
});

test('a request that is refused for its words is answered without their control characters', async (t) => {
  const server = await newServer(t);
  const client = await connectWs(server.app);
  const answer = await client.ask('foley.generate', { class: HOSTILE }).end;
  assert.doesNotMatch(String(answer.data.message), raw);
  const refused = await client.ask('server.ping', { [HOSTILE]: 1 }).end;
  assert.doesNotMatch(String(refused.data.message) + String(refused.data.path), raw);
  await client.close();
});

test('the log of admin actions carries no control characters', async (t) => {
  const file = path.join(await temporary(t), 'admin.jsonl');
  const log = new AuditLog(file, (_, message) => assert.fail(message));
  const who = { cmd: 'voice.delete', request: HOSTILE, session: 's1', transport: 'ws-json' };
  await log.begun({ ...who, args: { voice: HOSTILE } });
  await log.close();
  const line = await readFile(file, 'utf8');
  assert.doesNotMatch(line, raw);
  assert.equal((JSON.parse(line) as { request: string }).request, HOSTILE);
});

test('no name may have control characters, whatever is named and whatever tells it', () => {
  const wrong: [CommandName, Record<string, unknown>, string][] = [
    ['foley.generate', { class: HOSTILE }, 'class'],
    ['foley.generate', { class: { [HOSTILE]: 1 } }, 'class'],
    ['foley.generate', { class: 0, voice: HOSTILE }, 'voice'],
    ['trigger.map', { id: HOSTILE, class: 0 }, 'id'],
    ['trigger.map', { id: 'pad', class: 0, choke: HOSTILE }, 'choke'],
    ['clip.rename', { clip: '0123456789abcdef', name: HOSTILE }, 'name'],
    ['clip.export', { clip: '0123456789abcdef', fxName: HOSTILE }, 'fxName'],
    ['clip.export', { clip: '0123456789abcdef', project: 'a\u2066b' }, 'project'],
    ['clip.batch', { rows: [{ class: HOSTILE }] }, 'rows'],
    ['deliver.set', { on: true, classes: [HOSTILE] }, 'classes'],
    ['dataset.add', { dataset: HOSTILE, upload: 'x' }, 'dataset'],
    ['dataset.add', { dataset: 'x', upload: 'x', class: HOSTILE }, 'class'],
    ['dataset.add', { dataset: 'x', upload: 'x', author: HOSTILE }, 'author'],
    ['dataset.add', { dataset: 'x', upload: 'x', notes: '\u001b[2J' }, 'notes'],
    ['admin.retrain', { voice: 'x', datasets: ['x'], name: HOSTILE }, 'name'],
    ['voice.import', { upload: 'x', name: HOSTILE }, 'name'],
  ];
  for (const [cmd, args, at] of wrong) {
    assert.throws(
      () => checkArgs(commandOf(cmd), args, 'x'),
      (error: Error) => error instanceof ProtocolError && error.code === 'bad_args' && error.message.includes(at),
      `${cmd} ${at}`,
    );
  }
  const right = { dataset: 'x', upload: 'x', author: 'Zoë 🐾', notes: 'one\n\ttwo\r\n' };
  assert.equal((checkArgs(commandOf('dataset.add'), right, 'x') as typeof right).notes, right.notes);
});

test('a voice whose card names a class by control characters is not used', async (t) => {
  const models = await temporary(t);
  const dir = await writeVoice(models, 'evil');
  const card = JSON.parse(await readFile(path.join(dir, 'card.json'), 'utf8')) as { classes: { name: string }[] };
  card.classes[0]!.name = HOSTILE;
  await writeFile(path.join(dir, 'card.json'), JSON.stringify(card));
  await assert.rejects(readVoice('evil', dir), { code: 'voice_corrupt', message: /control characters/ });
});

test('a folder of recordings with such a name is refused before it is read', {
  skip: process.platform === 'win32',
}, async (t) => {
  const folder = await realpath(await temporary(t));
  await mkdir(path.join(folder, 'a\u001b[2J'));
  await writeFile(path.join(folder, 'a\u001b[2J', 'x.wav'), '');
  await assert.rejects(checkFolder(folder, [folder], 1000), { code: 'bad_dataset', message: /control characters/ });
});
