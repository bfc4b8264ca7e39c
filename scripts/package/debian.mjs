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
import { ROOT, runQuietly } from '../bootstrap.mjs';
import { control, writeTexts } from './debian-texts.mjs';

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
    asLibraries(library);
    link(root);
    const { version } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
    await writeTexts(root, folder, version);
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
      filter: (name) =>
        !isForeign(name) &&
        !isForDevelopers(path.relative(ROOT, name)) &&
        !path.relative(from, name).split(path.sep).includes('node_modules'),
    });
  }
}

/** Whether a file is of another system or processor, by its name. @param {string} name */
function isForeign(name) {
  const [, system, processor] =
    /\/(?:bin\/napi-v\d+\/|prebuilds\/[^/]*?|[^/]*\.)(darwin|linux|win32)(?:[-/]([a-z0-9]+))?[^/]*(?:\/[^/]*)*$/.exec(
      name,
    ) ?? [];
  // Debian's C library is glibc.
  if (/[-.]musl[./]/.test(name)) return true;
  if (system === undefined) return false;
  return system !== process.platform || (processor !== undefined && processor !== process.arch);
}

/** Whether only those need a file who change the package that it is in. @param {string} name below the repository */
function isForDevelopers(name) {
  return /\/(?:\.eslintrc|\.npmignore|\.gitattributes|node-addon-api\/tools|pino\/(?:docs|index\.html))(?:\/|$)/.test(
    name,
  );
}

/** Libraries are loaded, not run; some packages have them as programs. @param {string} folder */
function asLibraries(folder) {
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }))
    if (/\.node$|\.so(?:\.\d+)*$/.test(name)) chmodSync(path.join(folder, name), 0o644);
}

/** The command: what it starts is found from where the link leads. @param {string} root */
function link(root) {
  mkdirSync(path.join(root, 'usr', 'bin'), { recursive: true });
  symlinkSync('../lib/foleyd/server/bin/foleyd.mjs', path.join(root, 'usr', 'bin', 'foleyd'));
  chmodSync(path.join(root, LIBRARY, 'server', 'bin', 'foleyd.mjs'), 0o755);
}

/** In KiB, as the control file wants it. @param {string} root */
function sizeOf(root) {
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' });
  const files = names.map((name) => path.join(root, name)).filter((name) => existsSync(name));
  return Math.ceil(files.reduce((sum, name) => sum + statSync(name).size, 0) / 1024);
}
