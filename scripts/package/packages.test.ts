import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import packageJson from '../../package.json' with { type: 'json' };
import { runQuietly } from '../bootstrap.mjs';
import { layOutClient } from './client.mjs';
import { buildDebian } from './debian.mjs';
import { deadLinks, pagesOf } from './documents.mjs';
import { pack, unpacked } from './npm.mjs';
import { billOfMaterials } from './release.mjs';
import { layOutServer } from './server.mjs';
import { startServer, useClient, useMcp, useServer, versionOf } from './smoke.mjs';
import { loadedIn, traced } from './trace.mjs';

let build: string;
let folder: string;
let files: string[];
let noDebian: string | false = false;
let unpackedDebian = '';
let control = '';
let server: Awaited<ReturnType<typeof startServer>>;

before(async () => {
  build = await mkdtemp(path.join(tmpdir(), 'foleyd-pack-'));
  const [ofServer, ofClient] = [path.join(build, 'foleyd'), path.join(build, 'client')];
  await Promise.all([
    layOutServer(ofServer, { voice: 'models/fixtures/tiny' }),
    layOutClient(ofClient, { types: false }),
  ]);
  files = readdirSync(ofServer, { recursive: true, encoding: 'utf8' });
  const built = await buildDebian(ofServer, { compression: ['-Zgzip', '-z1'] });
  if ('file' in built) {
    unpackedDebian = await mkdtemp(path.join(tmpdir(), 'foleyd-debian-'));
    const { code, output } = await runQuietly('dpkg-deb', ['-x', built.file, unpackedDebian]);
    assert.equal(code, 0, output);
    control = (await runQuietly('dpkg-deb', ['-f', built.file])).output;
  } else noDebian = built.why;
  folder = await unpacked(await Promise.all([pack(ofServer), pack(ofClient)]), ['ws']);
  // From here on nothing of the folder that they were laid out in is there.
  rmSync(build, { recursive: true });
  server = await startServer(folder, 'tiny');
});
after(async () => {
  assert.equal(await server.stop(), 0);
  for (const one of [folder, unpackedDebian])
    if (one !== '') rmSync(one, { recursive: true, force: true, maxRetries: 5 });
});

test('the npm package has no tests and no TypeScript', () => {
  const unwanted = files.filter((file) => /\.(test\.\w+|ts|svelte|pyc)$|__pycache__|trainer.tests/.test(file));
  assert.deepEqual(unwanted, []);
  assert.ok(files.includes(path.join('models', 'trainer', 'foley_trainer', 'cli.py')));
});

test('links of its pages lead to files that are in the npm package', () => {
  const place = path.join(folder, 'node_modules', 'foleyd');
  // Licences are other people's pages.
  const pages = pagesOf(place).filter((file) => path.basename(file) !== 'THIRD-PARTY.md');
  assert.deepEqual(pages.flatMap(deadLinks), []);
  const readme = readFileSync(path.join(place, 'README.md'), 'utf8');
  for (const page of ['server/farm/README.md', 'server/delivery/README.md', 'examples/sounds/Rain.flac'])
    assert.ok(readme.includes(`](${page})`), page);
  assert.ok(files.includes(path.join('server', 'farm', 'deploy', 'nats.conf')));
});

test('the npm package serves, makes a clip and hands out its page, with nothing but what it names', async () => {
  assert.equal(await versionOf(folder), packageJson.version);
  const { page, script, wav } = await useServer(server.url);
  assert.deepEqual([page, script], [200, 200]);
  assert.equal(wav.toString('latin1', 0, 4), 'RIFF');
});

test('the npm package serves and makes clips without a loader of TypeScript in any of its processes', async () => {
  const own = await startServer(folder, 'tiny', undefined, {
    ...traced(folder),
    FOLEYD_DATA: path.join(folder, 'traced'),
  });
  await useServer(own.url);
  assert.equal(await own.stop(), 0);
  const processes = loadedIn(folder);
  const loaded = processes.flatMap(({ files }) => files);
  assert.ok(processes.length >= 2, 'the server and an engine process');
  assert.ok(
    loaded.some((file) => /\/node_modules\/onnxruntime-node\//.test(file)),
    'the engine is traced',
  );
  assert.deepEqual(
    processes.flatMap(({ options }) => options),
    [],
    'no process has an option such as --import',
  );
  assert.deepEqual(
    loaded.filter((file) => /\.(ts|mts|cts|tsx)$|\/(tsx|esbuild|typescript|ts-node)\//.test(file)),
    [],
  );
});

test('the client of the npm package gets sound and codes of errors from it', async () => {
  const { rate, samples, code } = await useClient(folder, server.url);
  assert.equal(code, 'unknown_class');
  assert.equal(rate, 22050);
  assert.ok(samples > 0);
});

test('foleyd mcp of the npm package answers its host', async () => {
  assert.equal(await useMcp(folder), 'foleyd');
});

test('the Debian package, unpacked into a folder, serves and makes a clip', async (t) => {
  if (noDebian !== false) return t.skip(noDebian);
  assert.match(control, new RegExp(`^Version: ${packageJson.version}$`, 'm'));
  assert.match(control, /^Depends: nodejs \(>= 20\),/m);
  const modules = path.join(unpackedDebian, 'usr', 'lib', 'foleyd', 'node_modules');
  const systems = readdirSync(path.join(modules, 'onnxruntime-node', 'bin', 'napi-v6'));
  assert.deepEqual(systems, ['linux'], 'nothing is in it for other systems');
  const program = [path.join(unpackedDebian, 'usr', 'bin', 'foleyd')];
  const installed = await startServer(unpackedDebian, 'tiny', program);
  try {
    const { page, script, wav } = await useServer(installed.url);
    assert.deepEqual([page, script, wav.toString('latin1', 0, 4)], [200, 200, 'RIFF']);
  } finally {
    assert.equal(await installed.stop(), 0);
  }
});

test("systemd takes the Debian package's unit", async (t) => {
  if (noDebian !== false) return t.skip(noDebian);
  if ((await runQuietly('systemd-analyze', ['--version'])).code !== 0)
    return t.skip('systemd-analyze is not installed');
  const unit = path.join(unpackedDebian, 'usr', 'lib', 'systemd', 'user', 'foleyd.service');
  const text = readFileSync(unit, 'utf8');
  // In this folder the command is elsewhere.
  const here = path.join(unpackedDebian, 'foleyd.service');
  writeFileSync(here, text.replace('/usr/bin/foleyd', path.join(unpackedDebian, 'usr', 'bin', 'foleyd')));
  assert.notEqual(readFileSync(here, 'utf8'), text);
  const { output } = await runQuietly('systemd-analyze', ['verify', '--man=no', here]);
  assert.doesNotMatch(output, /foleyd\.service/);
});

test('a bill of materials names what the code has within, in the versions that this repository chose', async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'foleyd-package-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const { dependencies, overrides } = packageJson;
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ name: 'one', version: '1.0.0' }));
  const name = '@nats-io/transport-node';
  const bill = JSON.parse(await billOfMaterials(folder, { [name]: dependencies[name] })) as {
    components: { name: string; version: string }[];
  };
  const versions = new Map(bill.components.map((one) => [one.name, one.version]));
  assert.equal(versions.get(name), dependencies[name]);
  assert.equal(versions.get('@nats-io/nuid'), overrides['@nats-io/nuid']);
});
