import type { Command } from '../commands/define.ts';
import { commandNames, commandOf } from '../commands/index.ts';
import { type ErrorCode, errorCodes, errors } from '../errors.ts';
import { limits } from '../limits.ts';
import { type FieldRow, fieldRow, type Schema, schemaOf } from './fields.ts';

/** Column after which comments and docstrings are wrapped. */
const WIDTH = 150;

/** `foleyd/declarations.py`: what a Python type checker and an editor need to know of the commands. */
export function pythonText(): string {
  const types = new Types();
  const methods = commandNames.map((name) => methodText(commandOf(name), types));
  return [
    head,
    `ErrorCode = Literal[\n${errorCodes.map((code) => `    ${text(code)},`).join('\n')}\n]`,
    `#: What a code means to a person.\nERRORS: dict[str, str] = {\n${errorCodes.map((code) => `    ${text(code)}: ${text(errors[code].meaning)},`).join('\n')}\n}`,
    `#: WebSocket close codes, and what they say.\nCLOSE_CODES: dict[int, str] = {\n${closeCodes.join('\n')}\n}`,
    `#: Longest frame that a server sends (bytes).\nANSWER_FRAME_BYTES = ${limits.answerFrameBytes}`,
    ...types.texts,
    `class Commands:\n    """One method for each command."""\n\n    ${requestMethod}\n\n${methods.join('\n\n')}`,
  ]
    .join('\n\n\n')
    .concat('\n');
}

const head = `"""The commands of foleyd, their arguments and events.

Written by protocol/docs.ts from the declarations. Change those, then run: node --import tsx protocol/docs.ts --write
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, Literal, TypedDict

from .request import Request

if sys.version_info >= (3, 11):
    from typing import NotRequired
else:
    from typing_extensions import NotRequired`;

const requestMethod = `def _request(self, cmd: str, args: Mapping[str, Any] | None, at: float | None = None) -> Request[Any, Any]:
        raise NotImplementedError`;

const closeCodes = errorCodes.flatMap((code) => {
  const { wsClose } = errors[code] as { wsClose?: number };
  return wsClose === undefined ? [] : [`    ${wsClose}: ${text(code satisfies ErrorCode)},`];
});

function methodText({ name, doc, role, args, events, timed }: Command, types: Types): string {
  const title = name.split(/[.-]/).map(capital).join('');
  const schema = schemaOf(args, 'input');
  const argsType =
    Object.keys(schema.properties ?? {}).length === 0 ? null : types.map(`${title}Args`, schema, 'input');
  const data = Object.entries(events)
    .filter(([event]) => event !== 'failed')
    .map(([event, object]) => ({
      event,
      type: types.map(`${title}${capital(event)}`, schemaOf(object, 'output'), 'output'),
    }));
  const before = data
    .filter(({ event }) => event !== 'done')
    .map(({ event, type }) => `tuple[Literal[${text(event)}], ${type}]`);
  const told = before.length === 0 ? 'tuple[str, Any]' : types.alias(`${title}Event`, before);
  const done = data.find(({ event }) => event === 'done')?.type ?? 'dict[str, Any]';
  const needed = (schema.required?.length ?? 0) > 0;
  const takes = [
    ...(argsType === null ? [] : [needed ? `args: ${argsType}` : `args: ${argsType} | None = None`]),
    ...(timed ? ['*, at: float | None = None'] : []),
  ];
  const given = [text(name), argsType === null ? 'None' : 'args', ...(timed ? ['at'] : [])];
  const lines = wrap(
    [
      doc,
      ...(role === 'admin' ? ['Needs the admin role.'] : []),
      ...(timed ? ['`at`: when it is meant, in ms since 1970.'] : []),
    ].join(' '),
    WIDTH - 8,
  );
  return `    def ${name.replace(/[.-]/g, '_')}(${['self', ...takes].join(', ')}) -> Request[${told}, ${done}]:
        """${lines.length === 1 ? lines[0] : `${lines.join('\n        ')}\n        `}"""
        return self._request(${given.join(', ')})`;
}

/** The types that are written so far; a map that is declared twice is written once. */
class Types {
  readonly texts: string[] = [];
  readonly #names = new Map<string, string>();

  /** Writes a map's type and those inside it; gives its name. */
  map(name: string, schema: Schema, io: 'input' | 'output'): string {
    const fields = Object.entries(schema.properties ?? {}).map(([key, field]) => {
      const row = fieldRow(schema, key, field);
      const type = this.#type(`${name}${capital(key)}`, field, io);
      return { key, type: schema.required?.includes(key) ? type : `NotRequired[${type}]`, row };
    });
    const isPlain = fields.every(({ key }) => !keywords.has(key));
    const body = fields
      .flatMap(({ key, type, row }) => [
        ...comment(row),
        isPlain ? `    ${key}: ${type}` : `        ${text(key)}: ${quoted(type)},`,
      ])
      .join('\n');
    if (!isPlain) {
      const lines = body.replaceAll(/^ {4}#:/gm, '        #:');
      return this.#write(name, lines, (it) => `${it} = TypedDict(\n    ${text(it)},\n    {\n${lines}\n    },\n)`);
    }
    return this.#write(name, body, (it) => `class ${it}(TypedDict):\n${body === '' ? '    pass' : body}`);
  }

  alias(name: string, of: readonly string[]): string {
    return this.#write(
      name,
      of.join(),
      (it) => `${it} = (\n${of.map((type, i) => `    ${i === 0 ? '' : '| '}${type}`).join('\n')}\n)`,
    );
  }

  #write(name: string, body: string, write: (name: string) => string): string {
    const known = this.#names.get(body);
    if (known !== undefined) return known;
    this.#names.set(body, name);
    this.texts.push(write(name));
    return name;
  }

  #type(name: string, schema: Schema, io: 'input' | 'output'): string {
    if (schema.bytes === true) return 'bytes';
    if (schema.anyOf !== undefined) {
      const branches = schema.anyOf.map((branch, i) => this.#type(`${name}${i === 0 ? '' : i + 1}`, branch, io));
      return [...new Set(branches)].join(' | ');
    }
    if (schema.enum !== undefined) return literal(schema.enum);
    if (Array.isArray(schema.type))
      return schema.type.map((type) => this.#type(name, { ...schema, type }, io)).join(' | ');
    switch (schema.type) {
      case 'string':
        return 'str';
      case 'integer':
        return 'int';
      case 'number':
        return 'float';
      case 'boolean':
        return 'bool';
      case 'null':
        return 'None';
      case 'array':
        return `list[${this.#type(name, schema.items ?? {}, io)}]`;
      case 'object': {
        if (schema.properties !== undefined && Object.keys(schema.properties).length > 0)
          return this.map(name, schema, io);
        const value = typeof schema.additionalProperties === 'object' ? schema.additionalProperties : {};
        return `dict[str, ${this.#type(name, value, io)}]`;
      }
      default:
        return 'Any';
    }
  }
}

function comment({ type, otherwise, meaning }: FieldRow): string[] {
  const when = otherwise === '' || otherwise === 'absent' ? '' : `default: ${otherwise}`;
  const said = [meaning, type, when].filter((part) => part !== '').join('; ');
  return wrap(said.replaceAll('`', ''), WIDTH - 7).map((line) => `    #: ${line}`);
}

function wrap(words: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of words.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + word.length >= width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

const keywords = new Set([
  'class',
  'from',
  'import',
  'in',
  'is',
  'not',
  'or',
  'and',
  'pass',
  'with',
  'as',
  'global',
  'del',
]);

/** Inside a call, types are values: those with a bar between them would be evaluated. */
const quoted = (type: string): string => (/[|]/.test(type) ? `"${type.replaceAll('"', "'")}"` : type);
const literal = (values: readonly (string | number)[]): string =>
  `Literal[${values.map((value) => JSON.stringify(value)).join(', ')}]`;
const capital = (word: string): string => `${word.charAt(0).toUpperCase()}${word.slice(1)}`;

/** A Python string. */
function text(value: string): string {
  return JSON.stringify(value);
}
