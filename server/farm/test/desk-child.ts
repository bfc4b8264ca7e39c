/**
 * A server's engine as a process of its own: makes the clips that it is told to on stdin (a line of JSON each: seed,
 * urgent), and says on stdout how each ended (seed, sha256, worker or error).
 */
import { createHash } from 'node:crypto';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { request } from '../../engine/fixtures.ts';
import { createEngine } from '../../engine/process/pool.ts';
import { FarmEngine } from '../engine.ts';
import { bytesOf } from '../recipe.ts';

const [url = ''] = process.argv.slice(2);
const voice = 'tiny-stacked';
const engine = new FarmEngine({
  address: { url },
  name: 'desk',
  local: createEngine({ lanes: 1 }),
  log: (level, message) => process.stderr.write(`${level} ${message}\n`),
});
const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
await engine.load(request(voice).voiceDir);
say({ ready: true });
for await (const line of createInterface(process.stdin)) {
  const { seed, urgent } = JSON.parse(line) as { seed: number; urgent: boolean };
  engine
    .run(request(voice, { seed, urgent }), () => undefined)
    .done.then(({ codes, pcm, maker }) => {
      const sha256 = createHash('sha256').update(bytesOf(codes)).update(bytesOf(pcm)).digest('hex');
      say({ seed, sha256, worker: maker?.worker ?? null });
    })
    .catch((error: Error) => say({ seed, error: error.message }));
}
