// The Debian package: the npm package `foleyd` with the packages it needs, for the processor it is built on, the command
// in /usr/bin, and a user unit that each user may enable. Needs dpkg-deb.
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { gzipSync } from 'node:zlib';
import { ROOT, runQuietly } from '../bootstrap.mjs';

const LIBRARY = path.join('usr', 'lib', 'foleyd');
/** Of Node, as Debian names them. @type {Record<string, string>} */
const PROCESSORS = { x64: 'amd64', arm64: 'arm64' };

/**
 * Builds the package beside the folder of the npm package.
 * @param {string} folder where that is laid out
 * @param {{compression?: string[]}} [options] compression: arguments of dpkg-deb
 * @returns {Promise<{file: string} | {why: string}>}
 */
export async function buildDebian(folder, { compression = ['-Zxz'] } = {}) {
  const processor = PROCESSORS[process.arch];
  if (process.platform !== 'linux' || processor === undefined)
    return { why: `a Debian package is built on Linux on x64 or arm64, not on ${process.platform} ${process.arch}` };
  const { code } = await runQuietly('dpkg-deb', ['--version']);
  if (code !== 0) return { why: 'dpkg-deb is not installed' };
  const root = `${folder}-debian`;
  rmSync(root, { recursive: true, force: true });
  try {
    const library = path.join(root, LIBRARY);
    mkdirSync(path.join(root, 'DEBIAN'), { recursive: true });
    cpSync(folder, library, { recursive: true });
    takeModules(library);
    link(root);
    const { version } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
    writeTexts(root, folder);
    writeFileSync(path.join(root, 'DEBIAN', 'control'), control(version, processor, sizeOf(root)));
    const file = path.join(path.dirname(folder), `foleyd_${version}_${processor}.deb`);
    const built = await runQuietly('dpkg-deb', ['--root-owner-group', ...compression, '--build', root, file]);
    if (built.code !== 0) throw new Error(`dpkg-deb failed (${built.code}):\n${built.output}`);
    return { file };
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** Installed packages of the lock, in the versions that were tested; without binaries for other systems. @param {string} library */
function takeModules(library) {
  const { packages } = JSON.parse(readFileSync(path.join(library, 'npm-shrinkwrap.json'), 'utf8'));
  for (const where of Object.keys(packages).filter((one) => one !== '')) {
    const from = path.join(ROOT, where);
    // One that is optional may be for another system.
    if (!existsSync(from)) continue;
    cpSync(from, path.join(library, where), {
      recursive: true,
      // What lies inside has a line of its own.
      filter: (name) => !isForeign(name) && !path.relative(from, name).split(path.sep).includes('node_modules'),
    });
  }
}

/** Whether a file is of another system or processor, by its name. @param {string} name */
function isForeign(name) {
  const [, system, processor] =
    /\/(?:bin\/napi-v\d+\/|prebuilds\/[^/]*?|[^/]*\.)(darwin|linux|win32)(?:[-/]([a-z0-9]+))?[^/]*(?:\/[^/]*)*$/.exec(
      name,
    ) ?? [];
  if (system === undefined) return false;
  return system !== process.platform || (processor !== undefined && processor !== process.arch);
}

/** The command: what it starts is found from where the link leads. @param {string} root */
function link(root) {
  mkdirSync(path.join(root, 'usr', 'bin'), { recursive: true });
  symlinkSync('../lib/foleyd/server/bin/foleyd.mjs', path.join(root, 'usr', 'bin', 'foleyd'));
  chmodSync(path.join(root, LIBRARY, 'server', 'bin', 'foleyd.mjs'), 0o755);
}

/** @param {string} root @param {string} folder */
function writeTexts(root, folder) {
  const [units, docs] = [path.join(root, 'usr/lib/systemd/user'), path.join(root, 'usr/share/doc/foleyd')];
  for (const dir of [units, docs]) mkdirSync(dir, { recursive: true });
  writeFileSync(path.join(units, 'foleyd.service'), UNIT);
  const licence = readFileSync(path.join(folder, 'LICENSE'), 'utf8');
  const others =
    'Software of others: /usr/lib/foleyd/THIRD-PARTY.md, and the LICENSE files below /usr/lib/foleyd/node_modules.\n' +
    'Recordings that the default voice learned from: /usr/lib/foleyd/models/default/credits.csv.\n';
  writeFileSync(path.join(docs, 'copyright'), `${licence}\n${others}`);
  const changes = readFileSync(path.join(folder, 'CHANGELOG.md'));
  writeFileSync(path.join(docs, 'changelog.gz'), gzipSync(changes, { level: 9 }));
}

/** In KiB, as the control file wants it. @param {string} root */
function sizeOf(root) {
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' });
  const files = names.map((name) => path.join(root, name)).filter((name) => existsSync(name));
  return Math.ceil(files.reduce((sum, name) => sum + statSync(name).size, 0) / 1024);
}

/** @param {string} version @param {string} processor @param {number} size */
const control = (version, processor, size) => `Package: foleyd
Version: ${version}
Architecture: ${processor}
Maintainer: foleyd <foleyd@localhost>
Section: sound
Priority: optional
Installed-Size: ${size}
Depends: nodejs (>= 20), libc6, libstdc++6, libasound2 | libasound2t64
Recommends: python3 (>= 3.10), python3-venv
Description: Foley on demand, beside a DAW
 A server that makes Foley sounds with a neural voice, for scripts, patches,
 pads and plugins: WebSocket, HTTP, OSC and MIDI, and a console in the browser.
 .
 Each user starts it with "foleyd", or whenever logging in with
 "systemctl --user enable --now foleyd". Training voices needs Python.
`;

/** What `foleyd service install` writes, without what is of one user. */
const UNIT = `[Unit]
Description=foleyd: Foley on demand
After=pipewire.service pulseaudio.service

[Service]
ExecStart=/usr/bin/foleyd serve
Restart=on-failure
RestartSec=5
NoNewPrivileges=yes

[Install]
WantedBy=default.target
`;
