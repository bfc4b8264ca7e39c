// Packages for DAWs, patchers and controllers, of the scripts in examples/: each as its own ecosystem installs it.
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ROOT } from '../bootstrap.mjs';
import { layOutReapack, layOutRepository } from './reapack.mjs';
import { zipFolder } from './zip.mjs';

/** @typedef {{version: string, url?: string | undefined}} Release url: where files of the release are published, with / at its end */
/** @typedef {{name: string, file: (release: Release) => string, layOut: (folder: string, release: Release) => void}} Package */

const EXAMPLES = path.join(ROOT, 'examples');
const SUMMARY = 'Foley on demand from foleyd, a sound engine that runs beside it.';

/** Copies files of a folder of examples/. @param {string} from @param {string} to @param {Record<string, string>} files their names there */
function take(from, to, files) {
  for (const [name, as] of Object.entries(files))
    cpSync(path.join(EXAMPLES, from, name), path.join(to, as), { recursive: true });
  cpSync(path.join(ROOT, 'LICENSE'), path.join(to, 'LICENSE'));
}

/** @param {string[]} names */
const asTheyAre = (names) => Object.fromEntries(names.map((name) => [name, name]));

/** Each is one zip file. What is in its folder goes where its README says. @type {readonly Package[]} */
const DAW_PACKAGES = [
  {
    name: 'reaper',
    file: ({ version }) => `foleyd-reaper-${version}.zip`,
    layOut(folder) {
      const files = ['README.md', 'picture.svg', 'foley.lua', 'foley_insert.lua', 'foley_spot.lua', 'foleyd.ReaperOSC'];
      take('reaper', path.join(folder, 'foleyd'), asTheyAre(files));
    },
  },
  {
    name: 'reapack',
    file: ({ version }) => `foleyd-${version}.ReaPackArchive`,
    layOut: (folder, release) => layOutReapack(folder, path.join(EXAMPLES, 'reaper'), release),
  },
  {
    name: 'quark',
    file: ({ version }) => `foleyd-supercollider-${version}.zip`,
    layOut(folder, { version }) {
      // SuperCollider reads the file that has the folder's name.
      const quark = path.join(folder, 'Foley');
      take('supercollider', quark, {
        ...asTheyAre(['README.md', 'picture.png', 'Classes', 'HelpSource']),
        'foley.scd': path.join('examples', 'foley.scd'),
      });
      writeFileSync(path.join(quark, 'Foley.quark'), quarkOf(version));
    },
  },
  {
    name: 'deken',
    // No architecture: there is nothing compiled within.
    file: ({ version }) => `foleyd[v${version}].dek`,
    layOut(folder) {
      take('puredata', path.join(folder, 'foleyd'), {
        ...asTheyAre(['README.md', 'picture.png', 'foley~.pd', 'foley-voice~.pd', 'foley~-help.pd']),
        'foley.pd': path.join('examples', 'foley.pd'),
      });
    },
  },
  {
    name: 'max',
    file: ({ version }) => `foleyd-max-${version}.zip`,
    layOut(folder, { version }) {
      const target = path.join(folder, 'foleyd');
      take('max', target, {
        'README.md': 'readme.md',
        'picture.svg': 'picture.svg',
        'foley.maxpat': path.join('extras', 'foleyd.maxpat'),
        'foley-node.js': path.join('javascript', 'foley-node.js'),
        'package.json': path.join('javascript', 'package.json'),
      });
      writeFileSync(path.join(target, 'package-info.json'), `${JSON.stringify(maxInfo(version), null, 2)}\n`);
    },
  },
  {
    name: 'open-stage-control',
    file: ({ version }) => `foleyd-open-stage-control-${version}.zip`,
    layOut: (folder) =>
      take('open-stage-control', path.join(folder, 'foleyd'), asTheyAre(['README.md', 'picture.svg', 'foleyd.json'])),
  },
  {
    name: 'bitwig',
    file: ({ version }) => `foleyd-bitwig-${version}.zip`,
    layOut: (folder) =>
      take('bitwig', path.join(folder, 'foleyd'), asTheyAre(['README.md', 'picture.svg', 'foleyd.control.js'])),
  },
  {
    name: 'ableton',
    file: ({ version }) => `foleyd-ableton-${version}.zip`,
    layOut: (folder) =>
      take('ableton', path.join(folder, 'foleyd'), {
        ...asTheyAre(['README.md', 'picture.svg']),
        [path.join('foleyd', '__init__.py')]: '__init__.py',
        [path.join('foleyd', 'osc.py')]: 'osc.py',
      }),
  },
];

/** Published scripts for ReaPack, for a web server. @type {Package} */
const REPOSITORY = {
  name: 'reapack repository',
  file: ({ version }) => `foleyd-reapack-${version}.zip`,
  layOut(folder, { version, url = '' }) {
    layOutRepository(folder, path.join(EXAMPLES, 'reaper'), { version, url });
  },
};

/**
 * Builds all of them into a folder.
 * @param {string} out
 * @param {Release} release
 * @returns {string[]} the files
 */
export function buildDawPackages(out, release) {
  const packages = [...DAW_PACKAGES, ...(release.url === undefined ? [] : [REPOSITORY])];
  return packages.map(({ name, file, layOut }) => {
    const place = mkdtempSync(path.join(tmpdir(), 'foleyd-daw-'));
    const target = path.join(out, file(release));
    try {
      layOut(place, release);
      zipFolder(place, target);
      if (name === 'deken') writeDekenLists(path.join(place, 'foleyd'), target);
    } finally {
      rmSync(place, { recursive: true });
    }
    return target;
  });
}

/** What `deken upload` wants beside a package: the objects that are in it, and its checksum. @param {string} library @param {string} file */
function writeDekenLists(library, file) {
  const objects = readdirSync(library)
    .filter((name) => name.endsWith('-help.pd'))
    .map((name) => {
      const [, description] = /DESCRIPTION (.*?);\n/s.exec(readFileSync(path.join(library, name), 'utf8')) ?? [];
      if (description === undefined) throw new Error(`${name} has no DESCRIPTION`);
      return `${name.replace('-help.pd', '')}\t${description.replaceAll('\n', ' ').replaceAll(' \\,', ',')}\n`;
    });
  writeFileSync(`${file}.txt`, objects.join(''));
  writeFileSync(`${file}.sha256`, createHash('sha256').update(readFileSync(file)).digest('hex'));
}

/** @param {string} version */
const quarkOf = (version) => `(
	name: "Foley",
	summary: "${SUMMARY}",
	author: "foleyd",
	version: "${version}",
	schelp: "Foley",
	license: "MIT",
	dependencies: [],
	isCompatible: { Main.versionAtLeast(3, 10) }
)
`;

/** @param {string} version */
function maxInfo(version) {
  const system = { platform: ['x64', 'aarch64'], min_version: 'none' };
  return {
    name: 'foleyd',
    displayname: 'foleyd',
    version,
    author: 'foleyd',
    authors: ['foleyd'],
    description: `${SUMMARY} Needs Node for Max, which Max 8 and newer have.`,
    tags: ['audio', 'foley', 'osc', 'sound design'],
    website: '',
    extensible: 0,
    extends: '',
    // Node for Max came with 8.
    max_version_min: '8.0',
    max_version_max: 'none',
    os: { macintosh: system, windows: { ...system, platform: ['x64'] } },
    package_extra: { reverse_domain: 'io.foleyd', copyright: 'MIT' },
  };
}
