// What ReaPack, REAPER's package manager, installs: an archive that needs no server ("Import offline archive"), and the
// index of a repository. Layout, names and paths: ReaPack's own source, archive.cpp, index_v1.cpp, source.cpp, remote.cpp.
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Also the folder of the scripts in REAPER: ReaPack wants 4 to 24 characters. */
const REPOSITORY = 'foleyd';
const CATEGORY = 'Foley';
const PACKAGE = 'foleyd.lua';
/** With those that become actions marked. */
const SCRIPTS = [
  { file: 'foley.lua', action: false },
  { file: 'foley_insert.lua', action: true },
  { file: 'foley_spot.lua', action: true },
];
/** Where nothing is published the repository is switched off in the archive: ReaPack then never looks for a newer one. */
const NOWHERE = 'https://foleyd.invalid/';

/** @param {string} text */
const xml = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

/**
 * The index of a repository whose scripts lie beside it.
 * @param {{version: string, url: string}} release url: of the folder, with / at its end
 */
function reapackIndex({ version, url }) {
  const sources = SCRIPTS.map(
    ({ file, action }) =>
      `        <source file="${file}"${action ? ' main="main"' : ''}>${xml(new URL(file, url).href)}</source>\n`,
  );
  return `<?xml version="1.0" encoding="utf-8"?>
<index version="1" name="${REPOSITORY}">
  <category name="${CATEGORY}">
    <reapack name="${PACKAGE}" type="script" desc="foleyd: make sounds, spot them at markers and regions">
      <version name="${version}" author="foleyd">
${sources.join('')}      </version>
    </reapack>
  </category>
</index>
`;
}

/**
 * Lays out the archive that ReaPack imports; zipped, it is foleyd.ReaPackArchive.
 * @param {string} folder
 * @param {string} scripts folder of the scripts
 * @param {{version: string, url?: string | undefined}} release
 */
export function layOutReapack(folder, scripts, { version, url = NOWHERE }) {
  const enabled = url === NOWHERE ? 0 : 1;
  mkdirSync(path.join(folder, 'ReaPack', 'cache'), { recursive: true });
  writeFileSync(
    path.join(folder, 'toc'),
    `REPO ${REPOSITORY}|${new URL('index.xml', url).href}|${enabled}|0\nPACK "${CATEGORY}" "${PACKAGE}" "${version}" 0\n`,
  );
  writeFileSync(path.join(folder, 'ReaPack', 'cache', `${REPOSITORY}.xml`), reapackIndex({ version, url }));
  for (const { file } of SCRIPTS)
    cpSync(path.join(scripts, file), path.join(folder, 'Scripts', REPOSITORY, CATEGORY, file));
}

/**
 * Lays out a repository for a web server.
 * @param {string} folder
 * @param {string} scripts
 * @param {{version: string, url: string}} release
 */
export function layOutRepository(folder, scripts, release) {
  for (const { file } of SCRIPTS) cpSync(path.join(scripts, file), path.join(folder, file));
  writeFileSync(path.join(folder, 'index.xml'), reapackIndex(release));
}
