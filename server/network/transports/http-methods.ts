import { type CommandName, commandOf, isCommandName } from '../../../protocol/index.ts';

const READ = ['GET', 'HEAD'] as const;

/** Which methods a path takes besides OPTIONS; null where nothing is known of it. */
export function methodsOf(pathname: string): readonly string[] | null {
  if (/^\/(health|metrics|console(\/.*)?|clips\/[^/]+\.wav)?$/.test(pathname)) return READ;
  const name = pathname.replace(/^\/v1\//, '');
  return name !== pathname && isCommandName(name) ? methodsOfCommand(name) : null;
}

function methodsOfCommand(name: CommandName): readonly string[] {
  const { file, http, sound } = commandOf(name);
  const asks = http || sound || file === 'in' ? ['POST'] : [];
  return [...(file === 'out' ? READ : []), ...asks, ...(file === 'in' ? ['PUT'] : [])];
}

/** Error message for a method that the path does not support. */
export function methodMessage(pathname: string, methods: readonly string[]): string {
  const takes = `${pathname} takes ${methods.join(', ')}`;
  const [, name] = /^\/v1\/(.+)$/.exec(pathname) ?? [];
  if (name === undefined || !isCommandName(name) || commandOf(name).file !== null) return takes;
  return `${name} is called by POST with its arguments as JSON, as in: curl -d '{}' http://HOST:PORT${pathname}`;
}
