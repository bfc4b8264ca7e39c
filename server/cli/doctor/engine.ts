import { setTimeout as sleep } from 'node:timers/promises';
import { toCliError } from '../errors.ts';
import type { Session } from '../session.ts';
import { type Check, check, type Finding, fail, ok } from './check.ts';

/** Whether the engine runs, with which provider, and whether each voice really makes a clip. */
export async function engine(session: Session): Promise<Check[]> {
  const checks: Check[] = [];
  const { voices } = await session.call('voice.list', {});
  if (!voices.some((voice) => voice.active)) checks.push(await check('voice', () => tryVoice(session, undefined, '')));
  for (const { id, hash, classes } of voices) {
    checks.push(
      await check(`voice ${id}`, () => tryVoice(session, id, `${classes.length} classes, hash ${hash.slice(0, 12)}`)),
    );
  }
  // Last, though shown first: by now an engine has had its time to start.
  const needed = checks.some(({ code }) => !code?.startsWith('voice_'));
  checks.unshift(await check('engine', () => (needed ? runtime(session) : untried(session))));
  return checks;
}

/** A whole clip of seed 0: hashes are compared as the graphs are loaded. */
async function tryVoice(session: Session, voice: string | undefined, about: string): Promise<Finding> {
  const args = { class: 0, seed: 0, rows: false, audio: false, ...(voice === undefined ? {} : { voice }) };
  try {
    const done = await session.call('foley.generate', args);
    const { totalMs } = done.timings;
    return ok(`${about}; ${done.seconds.toFixed(2)} s of sound in ${(totalMs / 1000).toFixed(2)} s`, {
      timings: done.timings,
    });
  } catch (thrown) {
    const { code, message } = toCliError(thrown);
    return fail(code, message);
  }
}

/** An engine starts with the first voice that can be loaded; to wait for one would be in vain. */
async function untried(session: Session): Promise<Finding> {
  const { engine } = await session.call('server.info', {});
  return fail('engine_unavailable', `provider ${engine.provider}: not started, since no voice can be loaded`);
}

const counted = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;

/** Longer than an engine takes to start on a busy machine. */
const START_MS = 20_000;

async function runtime(session: Session): Promise<Finding> {
  let { engine } = await session.call('server.info', {});
  for (const begun = performance.now(); engine.state === 'starting' && performance.now() - begun < START_MS; ) {
    await sleep(100);
    ({ engine } = await session.call('server.info', {}));
  }
  const { state, provider, threads, lanes, restarts } = engine;
  const about = `onnxruntime ${engine.ortVersion}, provider ${provider}, ${counted(threads, 'thread')}, at most ${counted(lanes.most, 'engine process', 'engine processes')}, ${counted(restarts, 'restart')}`;
  return state === 'ready' ? ok(about, { ...engine }) : fail('engine_unavailable', `${about}: its state is ${state}`);
}
