// Uses an installed package as a person would, from the folder where it was installed.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as after } from 'node:timers/promises';
import { ROOT, runQuietly } from '../bootstrap.mjs';

/** Patience with a server that starts on a busy machine. */
const START_MS = 120_000;

/**
 * `foleyd serve` of an installed package on free ports, its data in the same folder.
 * @param {string} folder with node_modules
 * @param {string} [voice]
 * @param {string[]} [program] what is started, if it is not the npm package in the folder
 * @param {NodeJS.ProcessEnv} [more] variables of its environment
 * @returns {Promise<{url: string, stop: () => Promise<number | null>}>}
 */
export async function startServer(folder, voice = 'default', program = command(folder), more = {}) {
  const args = ['serve', '--port', '0', '--osc-port', '0', '--output', 'none', '--voice', voice];
  const child = spawn(process.execPath, [...program, ...args], {
    cwd: folder,
    env: { ...environment(folder), ...more },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const closed = once(child, 'close');
  const stop = async () => {
    child.kill('SIGTERM');
    const [code] = await closed;
    return code;
  };
  let said = '';
  const listening = new Promise((resolve) => {
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text) => {
        said += text;
        const url = /"http":"([^"]+)"/.exec(said)?.[1];
        if (url !== undefined) resolve(url);
      });
  });
  const url = await Promise.race([listening, closed.then(() => null), after(START_MS, null, { ref: false })]);
  if (url !== null) return { url, stop };
  child.kill('SIGKILL');
  throw new Error(`foleyd serve does not listen; its output:\n${said}`);
}

/** What the installed `foleyd --version` says. @param {string} folder with node_modules */
export async function versionOf(folder) {
  const at = { cwd: folder, env: environment(folder) };
  return (await runQuietly(process.execPath, [...command(folder), '--version'], at)).output.trim();
}

/** Page, script of the page, and a clip over HTTP. @param {string} url of a server */
export async function useServer(url) {
  const page = await fetch(url);
  const html = await page.text();
  const source = /src="([^"]+\.js)"/.exec(html)?.[1] ?? '';
  const script = await fetch(new URL(source, url));
  const { card } = await post(`${url}/v1/voice.info`, {});
  const made = await post(`${url}/v1/foley.generate`, { class: card.classes[0].name, seed: 1, save: true });
  const clip = await fetch(new URL(made.clips[0].url, url));
  return { page: page.status, script: script.status, wav: Buffer.from(await clip.arrayBuffer()) };
}

/** The name under which the installed `foleyd mcp` answers its host. @param {string} folder with node_modules */
export async function useMcp(folder) {
  const child = spawn(process.execPath, [...command(folder), 'mcp'], {
    cwd: folder,
    env: environment(folder),
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'host', version: '1' } };
  child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params })}\n`);
  const closed = once(child, 'close');
  const [answer] = await Promise.race([once(child.stdout.setEncoding('utf8'), 'data'), closed.then(() => ['{}'])]);
  child.stdin.end();
  await closed;
  return JSON.parse(answer).result?.serverInfo.name;
}

/** What the installed `@foleyd/client` gets of a server. @param {string} folder with node_modules @param {string} url */
export async function useClient(folder, url) {
  const program = `
    import { connect, ProtocolError } from '@foleyd/client';
    import { WebSocket } from 'ws';
    const client = await connect('${url.replace(/^http/, 'ws')}/ws', { codec: 'msgpack', WebSocket });
    const { card } = await client.call('voice.info', {});
    const { clips } = await client.generate({ class: card.classes[0].name, seed: 1 });
    const refused = await client.generate({ class: 'Nothing' }).catch((error) => error);
    const { rate, pcm } = clips[0].sound;
    console.log(JSON.stringify({ rate, samples: pcm.length, code: refused instanceof ProtocolError && refused.code }));
    client.close();`;
  const { code, output } = await runQuietly(process.execPath, ['--input-type=module', '-e', program], { cwd: folder });
  if (code !== 0) throw new Error(`@foleyd/client failed (${code}):\n${output}`);
  return JSON.parse(output);
}

/** Whether types of the installed client hold where it is used rightly, and catch what is wrong. @param {string} folder with node_modules */
export async function compileClient(folder) {
  // Without the types of Node, as in a page.
  const compilerOptions = {
    strict: true,
    noEmit: true,
    module: 'nodenext',
    target: 'es2022',
    lib: ['es2023', 'dom'],
    types: [],
  };
  writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['use.ts'] }));
  writeFileSync(
    path.join(folder, 'use.ts'),
    `import { connect } from '@foleyd/client';
const client = await connect('ws://127.0.0.1:9247/ws');
const { clips } = await client.generate({ class: { Rain: 0.5, DogBark: 0.5 }, seed: 1 });
export const rate: number | undefined = clips[0]?.sound?.rate;
// @ts-expect-error a seed is no date
await client.generate({ class: 'Rain', seed: new Date() });
// @ts-expect-error there is no such command
await client.call('foley.nothing', {});
`,
  );
  const tsc = path.join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  const { code, output } = await runQuietly(process.execPath, [tsc, '-p', folder]);
  if (code !== 0) throw new Error(`the types of @foleyd/client do not hold:\n${output}`);
}

/** @param {string} folder */
const command = (folder) => [path.join(folder, 'node_modules', 'foleyd', 'server', 'bin', 'foleyd.mjs')];

/** Of nobody's own server or settings. @param {string} folder @returns {NodeJS.ProcessEnv} */
const environment = (folder) => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('FOLEYD_'))),
  FOLEYD_DATA: path.join(folder, 'data'),
  NODE_TEST_CONTEXT: undefined,
});

/** The data of `done`. @param {string} url @param {object} args @returns {Promise<any>} */
async function post(url, args) {
  const answer = await fetch(url, { method: 'POST', body: JSON.stringify(args) });
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()).data;
}
