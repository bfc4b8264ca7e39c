import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { BIN, workplace } from '../test/bin.ts';
import { selectTools, toolsFor } from './tools.ts';

/** The SDK's own client, with `foleyd mcp` as its server. */
async function host(env: NodeJS.ProcessEnv, ...args: string[]): Promise<Client> {
  const client = new Client({ name: 'test', version: '1' });
  const given = Object.fromEntries(
    Object.entries(env).filter((pair): pair is [string, string] => pair[1] !== undefined),
  );
  await client.connect(
    new StdioClientTransport({ command: process.execPath, args: [BIN, 'mcp', ...args], env: given }),
  );
  return client;
}

const call = async (of: Client, name: string, args: object, ...more: object[]): Promise<CallToolResult> =>
  (await of.callTool({ name, arguments: { ...args } }, undefined, ...more)) as CallToolResult;

const textOf = ({ content }: CallToolResult): string => (content[0]?.type === 'text' ? content[0].text : '');

test('tools are chosen by name, by pattern, or as most hosts need them', () => {
  const all = toolsFor('admin');
  const names = (wanted: string) => selectTools(all, wanted).map(({ name }) => name);
  assert.deepEqual(
    names('all'),
    all.map(({ name }) => name),
  );
  assert.deepEqual(names('voice_info, foley.generate'), ['foley_generate', 'voice_info']);
  assert.deepEqual(
    names('dataset_*'),
    all.map(({ name }) => name).filter((name) => name.startsWith('dataset_')),
  );
  assert.deepEqual(
    names('*_inf*o').sort(),
    all
      .map(({ name }) => name)
      .filter((name) => name.endsWith('_info'))
      .sort(),
  );
  for (const wrong of ['foley_gener', 'foley_generate*x', '', 'usual,nothing'])
    assert.throws(() => selectTools(all, wrong), RangeError, wrong);
  // A host reads all that it is offered, so the usual ones are less than half.
  const size = (wanted: string) =>
    JSON.stringify(selectTools(toolsFor('play'), wanted).map(({ name, inputSchema }) => [name, inputSchema])).length;
  assert.ok(names('usual').includes('foley_generate') && 2 * size('usual') < size('all'), `${size('usual')}`);
});

test('foleyd mcp', async (t) => {
  const place = await workplace(t);
  const served = await place.serve();
  const client = await host(place.env, '--audio', '--tools', 'all');
  t.after(() => client.close());

  await t.test('tools have the names, descriptions and arguments of the commands that the role may send', async () => {
    const { tools } = await client.listTools();
    assert.deepEqual(
      tools.map(({ name }) => name),
      toolsFor('play').map(({ name }) => name),
    );
    const generate = tools.find(({ name }) => name === 'foley_generate');
    assert.match(generate?.description ?? '', /clip/);
    assert.deepEqual(generate?.inputSchema.required, ['class']);
    assert.ok(generate?.inputSchema.properties?.seed, 'seed');
    // Sound is saved and linked, as over OSC.
    assert.ok(!('audio' in (generate?.inputSchema.properties ?? {})), 'audio');
    assert.ok(tools.every(({ name }) => /^[a-z_]{1,64}$/i.test(name)));
    assert.equal(
      tools.some(({ name }) => name === 'admin_retrain'),
      false,
    );
    const ofAdmin = toolsFor('admin').map(({ name }) => name);
    assert.ok(ofAdmin.includes('admin_retrain') && ofAdmin.length > tools.length);
    assert.ok(!ofAdmin.includes('voice_upload'), 'bytes do not fit into a conversation');
  });

  await t.test('a clip is made with progress, its sound is in the answer and is a resource', async () => {
    const rows: (string | undefined)[] = [];
    const onprogress = ({ message }: { message?: string | undefined }): void => void rows.push(message);
    const made = await call(client, 'foley_generate', { class: 'Rain', seed: 7 }, { onprogress });
    assert.equal(made.isError, undefined, textOf(made));
    const [text, link, audio] = made.content;
    const { clips } = JSON.parse(textOf(made)) as { clips: { clip: string; seed: number }[] };
    assert.deepEqual(made.structuredContent, JSON.parse(text?.type === 'text' ? text.text : ''));
    assert.equal(clips[0]?.seed, 7);
    assert.equal(rows[0], 'accepted');
    assert.ok(
      rows.includes('row 1 of 10') || rows.includes('row 1 of 40') || rows.some((row) => row?.startsWith('row ')),
    );
    assert.ok(link?.type === 'resource_link' && audio?.type === 'audio');
    assert.equal(link.uri, `foleyd://clips/${clips[0]?.clip}`);
    const { contents } = await client.readResource({ uri: link.uri });
    const [file] = contents as { blob: string; mimeType: string }[];
    assert.equal(file?.mimeType, 'audio/wav');
    assert.equal(Buffer.from(file?.blob ?? '', 'base64').toString('latin1', 0, 4), 'RIFF');
    assert.equal(file?.blob, audio.data);
    const { resources } = await client.listResources();
    assert.deepEqual(
      resources.map(({ uri }) => uri),
      [link.uri],
    );
  });

  await t.test('a file that a command answers with is sound in the answer, and not in its text', async () => {
    const { clips } = (await call(client, 'clip_list', {})).structuredContent as { clips: { clip: string }[] };
    const exported = await call(client, 'clip_export', { clip: clips[0]?.clip, to: 'bytes', format: 'flac' });
    const [text, file] = exported.content;
    assert.ok(text?.type === 'text' && !text.text.includes('"content"'), 'text');
    assert.ok(file?.type === 'audio', JSON.stringify(file));
    assert.equal(file.mimeType, 'audio/flac');
    assert.equal(Buffer.from(file.data, 'base64').toString('latin1', 0, 4), 'fLaC');
    const rows = [{ class: 'Rain' }, { class: 'DogBark' }];
    const batch = await call(client, 'clip_batch', { rows, to: 'bytes' });
    assert.deepEqual(
      batch.content.map((one) => (one.type === 'audio' ? one.mimeType : one.type)),
      ['text', 'audio/wav', 'audio/wav'],
      textOf(batch),
    );
  });

  await t.test('a refusal is an answer with the code of the error, and the next call is served', async () => {
    const refused = await call(client, 'foley_generate', { class: 'Nothing' });
    assert.equal(refused.isError, true);
    assert.match(textOf(refused), /^unknown_class: /);
    const wrong = await call(client, 'foley_generate', { class: 'Rain', temperature: 'hot' });
    assert.match(textOf(wrong), /^bad_args: args\.temperature/);
    await assert.rejects(client.readResource({ uri: 'foleyd://clips/../secret' }), /foleyd:\/\/clips\//);
    await assert.rejects(call(client, 'foley_nothing', {}), /there is no tool foley_nothing/);
    assert.equal((await call(client, 'voice_list', {})).isError, undefined);
  });

  await t.test('a call that its host gives up is cancelled in the server', async () => {
    const hurry = new AbortController();
    const onprogress = (): void => hurry.abort();
    const options = { signal: hurry.signal, onprogress };
    await assert.rejects(call(client, 'foley_generate', { class: 'Rain', count: 64 }, options), /abort/i);
    let jobs: unknown[] = [1];
    while (jobs.length > 0) ({ jobs } = (await call(client, 'job_list', {})).structuredContent as { jobs: unknown[] });
    const { clips } = (await call(client, 'clip_list', {})).structuredContent as { clips: unknown[] };
    assert.ok(clips.length < 64, `${clips.length} clips`);
  });

  await t.test(
    'commands of the admin role are offered with --admin, and refused where the token does not give it',
    async () => {
      const admin = await host(place.env, '--admin', '--tools', 'usual,trash_*');
      const names = (await admin.listTools()).tools.map(({ name }) => name);
      assert.deepEqual([names.includes('trash_empty'), names.includes('trigger_map')], [true, false]);
      assert.equal((await call(admin, 'trash_empty', {})).isError, undefined);
      await admin.close();
      // By its address and another data folder, the server's secret is not found.
      const far = ['--admin', '--tools', 'trash_empty', '--url', served.ws];
      const stranger = await host({ ...place.env, FOLEYD_DATA: `${place.dir}/other` }, ...far);
      assert.match(textOf(await call(stranger, 'trash_empty', {})), /^forbidden: /);
      await stranger.close();
    },
  );
});
