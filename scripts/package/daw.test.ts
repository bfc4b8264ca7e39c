import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { freeUdpPort, lacks } from '../../examples/test/stage.ts';
import packageJson from '../../package.json' with { type: 'json' };
import { findPython } from '../python.mjs';
import { buildDawPackages } from './daw.mjs';
import { buildPluginPackages } from './plugins.mjs';

const { version } = packageJson;
const python = await findPython();
const noPython = 'why' in python ? python.why : false;
const folder = mkdtempSync(path.join(tmpdir(), 'foleyd-daw-test-'));
after(() => rmSync(folder, { recursive: true }));
const out = path.join(folder, 'out');
mkdirSync(out);
const files = buildDawPackages(out, { version, url: 'https://example.org/foleyd/' });

/** Foreign programs take the zip files apart. */
const noUnzip = lacks('unzip');

function run(file: string, args: string[], env: NodeJS.ProcessEnv = process.env): string {
  const { status, error, stdout, stderr } = spawnSync(file, args, { encoding: 'utf8', env, timeout: 60_000 });
  assert.ok(!error && status === 0, `${file} ${args.join(' ')}: ${error?.message ?? status}\n${stdout}${stderr}`);
  return stdout + stderr;
}

/** Where the package of such a file was unpacked. */
function unpacked(name: string): string {
  const file = files.find((one) => path.basename(one) === name);
  assert.ok(file, `${name} is not among ${files.join(', ')}`);
  const place = path.join(folder, `unpacked-${name}`);
  if (!existsSync(place)) run('unzip', ['-q', file, '-d', place]);
  return place;
}

test('each zip file is whole, and made again has the same bytes', { skip: noUnzip }, () => {
  for (const file of files) run('unzip', ['-tq', file]);
  const again = path.join(folder, 'again');
  mkdirSync(again);
  const digests = (of: string[]) => of.map((file) => createHash('sha256').update(readFileSync(file)).digest('hex'));
  assert.deepEqual(digests(buildDawPackages(again, { version, url: 'https://example.org/foleyd/' })), digests(files));
});

test('each package but the index has a README and the licence in its folder', { skip: noUnzip }, () => {
  for (const file of files) {
    const name = path.basename(file);
    if (/^foleyd-reapack-|\.ReaPackArchive$/.test(name)) continue;
    const [top = '', ...others] = readdirSync(unpacked(name));
    assert.deepEqual(others, [], `${name} has one folder`);
    const held = readdirSync(path.join(unpacked(name), top)).map((one) => one.toLowerCase());
    assert.ok(held.includes('readme.md') && held.includes('license'), `${name}: ${held.join(', ')}`);
    assert.ok(!held.some((one) => /stub|test/.test(one)), `${name}: ${held.join(', ')}`);
    const readme = readdirSync(path.join(unpacked(name), top)).find((one) => one.toLowerCase() === 'readme.md') ?? '';
    const text = readFileSync(path.join(unpacked(name), top, readme), 'utf8');
    for (const [, picture = ''] of text.matchAll(/!\[[^\]]*\]\(([^)]+)\)/g)) assert.ok(held.includes(picture), picture);
  }
});

// As archive.cpp, remote.cpp, index_v1.cpp and source.cpp of ReaPack read them.
test("ReaPack's archive has the index and every file where ReaPack looks for them", { skip: noUnzip }, () => {
  const place = unpacked(`foleyd-${version}.ReaPackArchive`);
  const [repo = '', pack = ''] = readFileSync(path.join(place, 'toc'), 'utf8').split('\n');
  const [, name = '', url = '', enabled] = /^REPO ([^|]*)\|([^|]*)\|([01])\|[01]$/.exec(repo) ?? [];
  assert.match(name, /^[^*\\:<>?/|"]{4,24}$/);
  assert.deepEqual([url, enabled], ['https://example.org/foleyd/index.xml', '1']);
  const index = readFileSync(path.join(place, 'ReaPack', 'cache', `${name}.xml`), 'utf8');
  const attribute = (element: string, key: string) =>
    new RegExp(`<${element} [^>]*?\\b${key}="([^"]*)"`).exec(index)?.[1];
  const category = attribute('category', 'name') ?? '';
  const [, ...packed] = /^PACK "([^"]*)" "([^"]*)" "([^"]*)" [01]$/.exec(pack) ?? [];
  assert.deepEqual(packed, [category, attribute('reapack', 'name'), attribute('version', 'name')]);
  assert.deepEqual([attribute('index', 'version'), attribute('reapack', 'type')], ['1', 'script']);
  const sources = [...index.matchAll(/<source file="([^"]+)"( main="main")?>([^<]+)<\/source>/g)];
  assert.deepEqual(
    sources.map(([, file, main]) => [file, main !== undefined]),
    [
      ['foley.lua', false],
      ['foley_insert.lua', true],
      ['foley_spot.lua', true],
    ],
  );
  for (const [, file = '', , from] of sources) {
    assert.ok(existsSync(path.join(place, 'Scripts', name, category, file)), file);
    assert.equal(from, `https://example.org/foleyd/${file}`);
    assert.ok(existsSync(path.join(unpacked(`foleyd-reapack-${version}.zip`), file)), 'the repository has it, too');
  }
  assert.equal(readFileSync(path.join(unpacked(`foleyd-reapack-${version}.zip`), 'index.xml'), 'utf8'), index);
});

test('an archive of a release that is not published names a repository that is switched off', { skip: noUnzip }, () => {
  const place = path.join(folder, 'unpublished');
  mkdirSync(place);
  const built = buildDawPackages(place, { version });
  assert.ok(!built.some((file) => /foleyd-reapack-/.test(file)));
  const archive = built.find((file) => file.endsWith('.ReaPackArchive')) ?? '';
  assert.match(run('unzip', ['-p', archive, 'toc']), /^REPO foleyd\|[^|]+\|0\|/);
});

test('the scripts for REAPER are Lua', { skip: noUnzip || lacks('luac5.4') }, () => {
  const place = path.join(unpacked(`foleyd-reaper-${version}.zip`), 'foleyd');
  const scripts = readdirSync(place).filter((name) => name.endsWith('.lua'));
  assert.equal(scripts.length, 3);
  for (const name of scripts) run('luac5.4', ['-p', path.join(place, name)]);
});

test('SuperCollider installs the quark and compiles its class', { skip: noUnzip || lacks('sclang') }, async () => {
  const quark = path.join(unpacked(`foleyd-supercollider-${version}.zip`), 'Foley');
  const home = path.join(folder, 'home');
  mkdirSync(home);
  // sclang's class library asks Qt for a window system, and Qt's browser refuses to run as root with its sandbox.
  const env = {
    ...process.env,
    QT_QPA_PLATFORM: 'offscreen',
    QTWEBENGINE_DISABLE_SANDBOX: '1',
    HOME: home,
    XDG_RUNTIME_DIR: home,
    XDG_CONFIG_HOME: path.join(home, '.config'),
    XDG_DATA_HOME: path.join(home, '.local', 'share'),
  };
  const sclang = async (program: string) => {
    const script = path.join(folder, 'program.scd');
    writeFileSync(script, `(${program} 0.exit;)`);
    return run('sclang', ['-u', await freeUdpPort(), script], env);
  };
  const installed = await sclang(
    `Quarks.install("${quark}"); Quarks.installed.do { |q| "quark % % %".format(q.name, q.version, q.isCompatible).postln };`,
  );
  assert.match(installed, new RegExp(`^quark Foley ${version} true$`, 'm'));
  // It counts from the next start on.
  assert.match(
    await sclang('"from %".format(Foley.filenameSymbol).postln;'),
    new RegExp(`^from ${quark}/Classes/`, 'm'),
  );
});

/** Where Pd looks for externals differs by system. */
const noPd = process.platform === 'linux' ? lacks('pd') : 'tried on Linux only';

test("Pd's archive is named as deken wants, and Pd finds its object and help", { skip: noUnzip || noPd }, () => {
  const name = `foleyd[v${version}].dek`;
  // The expression of deken's own documents.
  const [, , library, options, archs] =
    /(.*\/)?([^[\]()]+)(\[v[^[\]()]+\])?((\([^[\]()]+\))*)\.(dek)/.exec(path.join(out, name)) ?? [];
  assert.deepEqual([library, options, archs], ['foleyd', `[v${version}]`, '']);
  const objects = readFileSync(path.join(out, `${name}.txt`), 'utf8');
  assert.equal(objects, 'foley~\tplays clips that foleyd makes, another one with each hit\n');
  const digest = createHash('sha256')
    .update(readFileSync(path.join(out, name)))
    .digest('hex');
  assert.equal(readFileSync(path.join(out, `${name}.sha256`), 'utf8'), digest);

  const externals = path.join(folder, '.local', 'lib', 'pd', 'extra');
  mkdirSync(externals, { recursive: true });
  run('unzip', ['-q', path.join(out, name), '-d', externals]);
  // As a user's patch: nothing of it lies in the patch's own folder.
  const patch = path.join(folder, 'uses.pd');
  writeFileSync(patch, '#N canvas 0 0 400 200 12;\n#X declare -path foleyd;\n#X obj 10 40 foley~ Rain;\n');
  for (const open of [patch, path.join(externals, 'foleyd', 'foley~-help.pd')]) {
    const args = ['-nogui', '-noaudio', '-stderr', '-open', open, '-send', 'pd quit'];
    assert.doesNotMatch(run('pd', args, { ...process.env, HOME: folder }), /couldn't create|error/, open);
  }
});

test("Max's package has its information and each file in a folder that Max reads", { skip: noUnzip }, () => {
  const place = path.join(unpacked(`foleyd-max-${version}.zip`), 'foleyd');
  const info = JSON.parse(readFileSync(path.join(place, 'package-info.json'), 'utf8'));
  assert.deepEqual([info.name, info.version, info.max_version_min], ['foleyd', version, '8.0']);
  const folders = readdirSync(place, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  assert.deepEqual(folders.map((entry) => entry.name).sort(), ['extras', 'javascript']);
  const patch = readFileSync(path.join(place, 'extras', 'foleyd.maxpat'), 'utf8');
  const [, script = ''] = /node\.script (\S+)/.exec(patch) ?? [];
  // Of the two only this one is in Max's search path.
  assert.ok(existsSync(path.join(place, 'javascript', script)), script);
});

test("Live's remote script is a Python package", { skip: noUnzip || noPython }, () => {
  const place = unpacked(`foleyd-ableton-${version}.zip`);
  const [file = '', ...args] = 'command' in python ? python.command : [];
  const read = `import ast, pathlib, sys; [ast.parse(p.read_text()) for p in pathlib.Path(sys.argv[1]).glob("*.py")]`;
  run(file, [...args, '-c', read, path.join(place, 'foleyd')]);
  assert.ok(existsSync(path.join(place, 'foleyd', '__init__.py')));
});

test('plugin bundles are zipped as the file or folder that a host looks for', { skip: noUnzip }, () => {
  const [bundles, zips] = [path.join(folder, 'bundles'), path.join(folder, 'zips')];
  for (const dir of [zips, path.join(bundles, 'foley.vst3', 'Contents')]) mkdirSync(dir, { recursive: true });
  writeFileSync(path.join(bundles, 'foley.clap'), 'code');
  writeFileSync(path.join(bundles, 'foley.vst3', 'Contents', 'foley.so'), 'code');
  const built = buildPluginPackages(zips, version, bundles);
  assert.deepEqual(
    built.map((file) => path.basename(file)),
    ['clap', 'vst3'].map((format) => `foleyd-bridge-${version}-${process.platform}-${process.arch}-${format}.zip`),
  );
  const [clap = '', vst3 = ''] = built.map((file) => run('unzip', ['-Z1', file]).trim().split('\n').sort().join(' '));
  assert.equal(clap, 'LICENSE README.md foley.clap picture.svg');
  assert.equal(vst3, 'LICENSE README.md foley.vst3/Contents/foley.so picture.svg');
  assert.deepEqual(buildPluginPackages(zips, version, path.join(folder, 'nothing')), []);
});
