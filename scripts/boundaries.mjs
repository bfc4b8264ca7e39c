// Checks that every import is one that import-rules.mjs allows (`npm run lint`); a file that no line there names fails too.
// dependency-cruiser 17 with that table as its rules took 35 s of CPU where this takes 6, read no Svelte components, and
// has no rule that a file of no folder fails: so it stays. Cycles are biome's (noImportCycles).
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import ts from 'typescript';
import { RULES } from './import-rules.mjs';

/** @param {string} name @param {string} area */
const within = (name, area) => name === area || name.startsWith(`${area}/`);

/** Every import of a source, static, re-exported or dynamic, with its line. @param {string} file @param {string} text */
export function importsOf(file, text) {
  const source = ts.createSourceFile(file, scriptOf(file, text), ts.ScriptTarget.ES2022, true, ts.ScriptKind.TS);
  /** @type {{specifier: string, typeOnly: boolean, line: number}[]} */
  const found = [];
  /** @param {ts.Node} node @param {string} specifier @param {boolean} typeOnly */
  const add = (node, specifier, typeOnly) =>
    found.push({ specifier, typeOnly, line: source.getLineAndCharacterOfPosition(node.getStart()).line + 1 });
  /** @param {ts.Node} node */
  const visit = (node) => {
    if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
      add(node, node.moduleSpecifier.text, node.importClause?.isTypeOnly ?? false);
    } else if (ts.isExportDeclaration(node) && node.moduleSpecifier && ts.isStringLiteral(node.moduleSpecifier)) {
      add(node, node.moduleSpecifier.text, node.isTypeOnly);
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      const { literal } = node.argument;
      if (ts.isStringLiteral(literal)) add(node, literal.text, true);
    } else if (ts.isCallExpression(node) && isLoad(node.expression)) {
      const [name] = node.arguments;
      if (name && ts.isStringLiteralLike(name)) add(node, name.text, false);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** What of a source is script, in its lines: of a component only what is between its script tags. @param {string} file @param {string} text */
function scriptOf(file, text) {
  if (!file.endsWith('.svelte')) return text;
  let inside = false;
  return text
    .split('\n')
    .map((line) => {
      const tag = /^<(\/?)script\b/.exec(line);
      if (tag !== null) inside = tag[1] === '';
      return inside && tag === null ? line : '';
    })
    .join('\n');
}

/** `import(x)`, `require(x)`, `import.meta.resolve(x)`, `anything.resolve(x)`. @param {ts.Expression} called */
function isLoad(called) {
  if (called.kind === ts.SyntaxKind.ImportKeyword) return true;
  if (ts.isIdentifier(called)) return called.text === 'require';
  return (
    ts.isPropertyAccessExpression(called) &&
    called.name.text === 'resolve' &&
    /^(require|import\.meta)$/.test(called.expression.getText())
  );
}

/**
 * What is wrong with one file's imports, as sentences.
 * @param {string} file path from the repository's root, with forward slashes
 * @param {string} text
 */
export function violations(file, text) {
  const isTest = /\.test\.(ts|mjs)$/.test(file);
  const rule = RULES.find((r) => within(file.replace(/\.test\./, '.'), r.of));
  if (!rule) return [`${file}: no line of scripts/import-rules.mjs says what it may import`];
  /** @type {string[]} */
  const wrong = [];
  for (const { specifier, typeOnly, line } of importsOf(file, text)) {
    const say = (/** @type {string} */ why) =>
      wrong.push(`${file}:${line}: ${rule.of} may not import ${specifier}${why}`);
    if (specifier.startsWith('node:')) continue;
    if (specifier.startsWith('.')) {
      const target = path.posix.join(path.posix.dirname(file), specifier);
      if (target === 'package.json' || rule.may.some((area) => within(target, area))) continue;
      if (rule.types?.some((area) => within(target, area))) {
        if (!typeOnly && !isTest) say(' but as a type');
      } else if (!(isTest && !target.startsWith('..') && !file.startsWith('protocol/'))) say('');
    } else if (!isTest) {
      const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
      if (!rule.packages?.some((p) => p === '*' || p === name)) say('');
    }
  }
  return wrong;
}

/** Sources below `root` that the table speaks of. @param {string} root */
export function sources(root) {
  const found = [];
  for (const top of ['protocol', 'server', 'examples', 'scripts']) {
    let names;
    try {
      names = readdirSync(path.join(root, top), { recursive: true, encoding: 'utf8' });
    } catch {
      continue; // a checkout in the making
    }
    for (const name of names) {
      const file = `${top}/${name.split(path.sep).join('/')}`;
      if (/\.(ts|mts|mjs|js|svelte)$/.test(file) && !file.includes('/node_modules/') && !file.includes('/.venv/'))
        found.push(file);
    }
  }
  return found.sort();
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
  const files = sources(root);
  const wrong = files.flatMap((file) => violations(file, readFileSync(path.join(root, file), 'utf8')));
  for (const line of wrong) console.error(line);
  console.log(`boundaries: ${files.length} files, ${wrong.length} wrong imports`);
  process.exitCode = wrong.length > 0 ? 1 : 0;
}
