// Uses an installed package as a person would, from the folder where it was installed.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as after } from 'node:timers/promises';
import { runQuietly } from '../bootstrap.mjs';

/** Patience with a server that starts on a busy machine. */
const START_MS = 120_000;

/**
 * `foleyd serve` of an installed package on free ports, its data in the same folder.
 * @param {string} folder with node_modules
 * @param {string} [voice]
 * @returns {Promise<{url: string, stop: () => Promise<number | null>}>}
 */
export async function startServer(folder, voice = 'default') {
  const args = ['serve', '--port', '0', '--osc-port', '0', '--output', 'none', '--voice', voice];
  const child = spawn(process.execPath, [...command(folder), ...args], {
    cwd: folder,
    env: environment(folder),
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
  throw new Error(`foleyd serve does not listen; it said:\n${said}`);
}

/**
 * Version, page, and a clip over HTTP, of an installed `foleyd`.
 * @param {string} folder with node_modules
 * @param {string} [voice]
 */
export async function smokeServer(folder, voice) {
  const at = { cwd: folder, env: environment(folder) };
  const said = await runQuietly(process.execPath, [...command(folder), '--version'], at);
  const version = said.output.trim();
  const server = await startServer(folder, voice);
  try {
    const page = await fetch(`${server.url}/`);
    const html = await page.text();
    const script = /src="([^"]+\.js)"/.exec(html)?.[1] ?? '';
    const code = await fetch(new URL(script, server.url));
    const info = await post(`${server.url}/v1/server.info`, {});
    const { card } = await post(`${server.url}/v1/voice.info`, {});
    const made = await post(`${server.url}/v1/foley.generate`, { class: card.classes[0].name, seed: 1, save: true });
    const clip = await fetch(new URL(made.clips[0].url, server.url));
    const wav = Buffer.from(await clip.arrayBuffer());
    return { version, serverVersion: info.version, page: page.status, script: code.status, wav };
  } finally {
    await server.stop();
  }
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
