import { spawnSync } from 'node:child_process';
import process from 'node:process';

/**
 * A network namespace of Linux with a cable to this machine's own: what runs in it reaches the broker only by that. Pulled
 * out, packets are lost and nobody is told; throttled, they are late. Only root may make one.
 */
export class NetSpace {
  readonly #space: string;
  readonly #here: string;
  readonly #there: string;
  readonly #subnet: string;

  private constructor(number: number) {
    this.#space = `foleyd-${process.pid}-${number}`;
    this.#here = `fo${process.pid}h${number}`;
    this.#there = `fo${process.pid}t${number}`;
    this.#subnet = `10.97.${number}`;
  }

  /** `number`: 1 to 254, another one for each. Null where it may not be made. */
  static make(number: number): NetSpace | null {
    const made = new NetSpace(number);
    const isUp =
      ip('netns', 'add', made.#space) &&
      ip('link', 'add', made.#here, 'type', 'veth', 'peer', 'name', made.#there, 'netns', made.#space) &&
      ip('address', 'add', `${made.#subnet}.1/24`, 'dev', made.#here) &&
      ip('link', 'set', made.#here, 'up') &&
      ip('-n', made.#space, 'address', 'add', `${made.#subnet}.2/24`, 'dev', made.#there) &&
      ip('-n', made.#space, 'link', 'set', made.#there, 'up') &&
      ip('-n', made.#space, 'link', 'set', 'lo', 'up');
    if (isUp) return made;
    made.close();
    return null;
  }

  /** What a command begins with that is to run in it; the process is the command's own. */
  get prefix(): string[] {
    return ['ip', 'netns', 'exec', this.#space];
  }

  /** Of a broker of this machine that listens on all its addresses. */
  url(port: number): string {
    return `nats://${this.#subnet}.1:${port}`;
  }

  cut(): void {
    ip('link', 'set', this.#here, 'down');
  }

  heal(): void {
    ip('link', 'set', this.#here, 'up');
  }

  /** Both ways. False where this kernel cannot. */
  throttle(kilobits: number): boolean {
    const rate = ['root', 'tbf', 'rate', `${kilobits}kbit`, 'burst', '16kb', 'latency', '200ms'];
    return (
      run('tc', 'qdisc', 'replace', 'dev', this.#here, ...rate) &&
      run('tc', '-n', this.#space, 'qdisc', 'replace', 'dev', this.#there, ...rate)
    );
  }

  unthrottle(): void {
    run('tc', 'qdisc', 'del', 'dev', this.#here, 'root');
    run('tc', '-n', this.#space, 'qdisc', 'del', 'dev', this.#there, 'root');
  }

  close(): void {
    // The cable goes with one of its ends.
    ip('link', 'del', this.#here);
    ip('netns', 'del', this.#space);
  }
}

function ip(...args: string[]): boolean {
  return run('ip', ...args);
}

function run(command: string, ...args: string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}
