// A page that makes sounds: it watches the code grid fill, draws the clip and plays it. See ../README.md for how to open it.
/// <reference lib="dom" />
import { LastingClient } from '../../protocol/client-lasting.ts';
import type { ArgsInput } from '../../protocol/commands/index.ts';

const at = <E extends HTMLElement>(id: string): E => document.getElementById(id) as E;
const [form, status, button] = [at<HTMLFormElement>('form'), at('status'), at<HTMLButtonElement>('go')];
const [choice, seed, temperature] = [
  at<HTMLSelectElement>('class'),
  at<HTMLInputElement>('seed'),
  at<HTMLInputElement>('temperature'),
];
const [grid, wave] = [at<HTMLCanvasElement>('grid'), at<HTMLCanvasElement>('wave')];

const url = new URLSearchParams(location.search).get('url') ?? 'ws://127.0.0.1:9247/ws';
// One connection that comes back by itself; a clip that was on its way is heard to its end.
const client = new LastingClient(url, { codec: 'msgpack' });
let context: AudioContext | null = null;
let sound: { pcm: Float32Array<ArrayBuffer>; rate: number } | null = null;

try {
  const { card } = await client.call('voice.info', {});
  for (const { name } of (card as { classes: { name: string }[] }).classes) choice.append(new Option(name));
  button.disabled = false;
  status.textContent = `${(card as { name: string }).name}, ready`;
} catch (error) {
  status.textContent = `no server at ${url}: ${(error as Error).message}`;
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  void make();
});
wave.addEventListener('click', play);

async function make(): Promise<void> {
  button.disabled = true;
  const args: ArgsInput<'foley.generate'> = {
    class: choice.value,
    temperature: Number(temperature.value),
    previews: true,
  };
  if (seed.value !== '') args.seed = Number(seed.value);
  try {
    const done = await client.generate(args, {
      onAccepted: (said) => (status.textContent = `${said.class}, seed ${said.seed}`),
      onRow: ({ row, rows, codes }) => drawRow(row, rows, codes),
    });
    const clip = done.clips[0]!;
    sound = { pcm: new Float32Array(clip.sound!.pcm), rate: clip.sound!.rate };
    drawWave(sound.pcm);
    status.textContent = `${choice.value}, seed ${clip.seed}: ${done.seconds.toFixed(2)} s, made in ${Math.round(done.timings.totalMs)} ms`;
    play();
  } catch (error) {
    status.textContent = `failed: ${(error as Error).message}`;
  } finally {
    button.disabled = false;
  }
}

function drawRow(row: number, rows: number, codes: readonly number[]): void {
  if (row === 0) [grid.width, grid.height] = [codes.length, rows];
  const paint = grid.getContext('2d')!;
  for (const [col, code] of codes.entries()) {
    paint.fillStyle = `hsl(${(code * 137.5) % 360} 65% 55%)`;
    paint.fillRect(col, row, 1, 1);
  }
}

/** Lowest and highest sample of each column of the picture. */
function drawWave(pcm: Float32Array): void {
  const paint = wave.getContext('2d')!;
  const { width, height } = wave;
  paint.clearRect(0, 0, width, height);
  paint.fillStyle = '#7fa6ff';
  for (let x = 0; x < width; x++) {
    let [low, high] = [0, 0];
    for (const value of pcm.subarray((x * pcm.length) / width, ((x + 1) * pcm.length) / width)) {
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
    paint.fillRect(x, (height / 2) * (1 - high), 1, Math.max(1, (height / 2) * (high - low)));
  }
}

function play(): void {
  if (sound === null) return;
  context ??= new AudioContext();
  const buffer = context.createBuffer(1, sound.pcm.length, sound.rate);
  buffer.copyToChannel(sound.pcm, 0);
  const source = new AudioBufferSourceNode(context, { buffer });
  source.connect(context.destination);
  source.start();
}
