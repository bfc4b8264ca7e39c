import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A disk of a few megabytes in memory, which can be filled. Only root may mount one. */
export class SmallDisk {
  readonly dir: string;

  private constructor(dir: string) {
    this.dir = dir;
  }

  /** Null where it may not be mounted. */
  static mount(megabytes: number): SmallDisk | null {
    const dir = mkdtempSync(path.join(tmpdir(), 'foleyd-disk-'));
    const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', dir]);
    if (status === 0) return new SmallDisk(dir);
    rmSync(dir, { recursive: true });
    return null;
  }

  /** To the last byte. */
  fill(): void {
    const file = openSync(path.join(this.dir, 'ballast'), 'a');
    try {
      for (let bytes = 2 ** 20; bytes >= 1; ) {
        try {
          writeSync(file, Buffer.alloc(bytes));
        } catch {
          bytes = Math.floor(bytes / 2);
        }
      }
    } finally {
      closeSync(file);
    }
  }

  free(): void {
    rmSync(path.join(this.dir, 'ballast'), { force: true });
  }

  unmount(): void {
    spawnSync('umount', ['--lazy', this.dir]);
    rmSync(this.dir, { recursive: true, force: true });
  }
}
