// What a Debian package says of itself: control file, copyright, changelog, manual page, user unit, and why lintian is
// overridden.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { gzipSync } from 'node:zlib';
import { runQuietly } from '../bootstrap.mjs';

const MAINTAINER = 'foleyd <foleyd@localhost>';

/** @param {string} version @param {string} processor @param {number} size in KiB */
export const control = (version, processor, size) => `Package: foleyd
Version: ${version}
Architecture: ${processor}
Maintainer: ${MAINTAINER}
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

const OVERRIDES = `# Built outside Debian, by whoever runs npm run package: there is no address that all of them have.
foleyd: bogus-mail-host Maintainer foleyd@localhost
foleyd: bogus-mail-host-in-debian-changelog foleyd@localhost *
# Binaries as their authors publish them on npm, byte for byte, so that npm-shrinkwrap.json vouches for them.
foleyd: unstripped-binary-or-object *
# ONNX Runtime links these in; Debian has no onnxruntime-node.
foleyd: embedded-library * [usr/lib/foleyd/node_modules/onnxruntime-node/*]
`;

/** @param {string} root of the package @param {string} folder of the npm package @param {string} version */
export async function writeTexts(root, folder, version) {
  const at = (/** @type {string} */ name) => path.join(root, name);
  const docs = at('usr/share/doc/foleyd');
  const [units, manual, overrides] = [
    at('usr/lib/systemd/user'),
    at('usr/share/man/man1'),
    at('usr/share/lintian/overrides'),
  ];
  for (const dir of [units, docs, manual, overrides]) mkdirSync(dir, { recursive: true });
  writeFileSync(path.join(units, 'foleyd.service'), UNIT);
  writeFileSync(path.join(overrides, 'foleyd'), OVERRIDES);
  const licence = readFileSync(path.join(folder, 'LICENSE'), 'utf8');
  const others =
    'Software of others: /usr/lib/foleyd/THIRD-PARTY.md, and the LICENSE files below /usr/lib/foleyd/node_modules.\n' +
    'Recordings that the default voice learned from: /usr/lib/foleyd/models/default/credits.csv.\n';
  writeFileSync(path.join(docs, 'copyright'), `${licence}\n${others}`);
  writeFileSync(path.join(docs, 'changelog.gz'), packed(changelog(version)));
  writeFileSync(path.join(docs, 'CHANGELOG.md.gz'), packed(readFileSync(path.join(folder, 'CHANGELOG.md'), 'utf8')));
  writeFileSync(path.join(manual, 'foleyd.1.gz'), packed(manualPage(version, await helpOf(at('usr/lib/foleyd')))));
}

/** @param {string} text */
const packed = (text) => gzipSync(text, { level: 9 });

/** @param {string} version */
const changelog = (version) => `foleyd (${version}) unstable; urgency=medium

  * What changed is in CHANGELOG.md.gz beside this file.

 -- ${MAINTAINER}  ${builtAt().toUTCString().replace('GMT', '+0000')}
`;

const builtAt = () => {
  const { SOURCE_DATE_EPOCH: seconds } = process.env;
  return seconds === undefined ? new Date() : new Date(Number(seconds) * 1000);
};

/** What the command prints for --help. @param {string} folder of its files and packages */
async function helpOf(folder) {
  const command = path.join(folder, 'server', 'bin', 'foleyd.mjs');
  const { code, output } = await runQuietly(process.execPath, [command, '--help']);
  if (code !== 0) throw new Error(`foleyd --help failed (${code}):\n${output}`);
  return output.trim();
}

/** @param {string} version @param {string} help */
function manualPage(version, help) {
  const lines = help
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^([.'])/gm, '\\&$1');
  return `.TH FOLEYD 1 "${builtAt().toISOString().slice(0, 10)}" "foleyd ${version}" "User Commands"
.SH NAME
foleyd \\- Foley on demand, beside a DAW
.SH SYNOPSIS
.B foleyd
[\\fICOMMAND\\fR] [\\fIOPTIONS\\fR]
.SH DESCRIPTION
.nf
${lines}
.fi
.SH FILES
.TP
.I /usr/lib/systemd/user/foleyd.service
Serves whenever a user logs in: systemctl \\-\\-user enable \\-\\-now foleyd
`;
}
