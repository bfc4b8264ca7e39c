// Asks for a sound over OSC with osc-js, as a page or a script of your own would: node osc.mjs [class] [seed]
import process from 'node:process';
import OSC from 'osc-js';

const [what = 'DogBark', seed = '42'] = process.argv.slice(2);
const port = Number(process.env.FOLEYD_OSC_PORT ?? 9248);
const id = `osc-js-${process.pid}`;

// One socket for both ways: foleyd answers the port that asked. Port 0 lets the system choose it.
const osc = new OSC({
  plugin: new OSC.DatagramPlugin({ open: { host: '127.0.0.1', port: 0 }, send: { host: '127.0.0.1', port } }),
});

/** @param {string} event @param {(...args: any[]) => void} hear */
const on = (event, hear) =>
  osc.on(`/foley/${event}`, (/** @type {{args: any[]}} */ message) => {
    const [about, ...rest] = message.args;
    if (about === id) hear(...rest);
  });

/** @param {number} code */
const leave = (code) => {
  osc.close();
  process.exitCode = code;
};

on('accepted', (job, drawn) => console.log(`accepted as ${job}, seed ${drawn}`));
on('row', (row, rows) => console.log(`row ${row + 1} of ${rows}`));
on('done', (path, seconds) => {
  console.log(`done: ${path}, ${seconds.toFixed(2)} s`);
  leave(0);
});
on('failed', (code, message) => {
  console.error(`failed: ${code}: ${message}`);
  leave(1);
});

osc.on('open', () => osc.send(new OSC.Message('/foley/generate', id, what, Number(seed), 'temperature', 0.9)));
osc.open();
