// A stub of max-api for the test of foley-node.js: no Max is here. It has what the script calls, sends the messages of
// MAX_MESSAGES (a list of lists) to the handlers one after the other, and prints what goes to the outlet.
'use strict';

const handlers = new Map();

exports.addHandler = (name, handler) => handlers.set(name, handler);

exports.outlet = async (...values) => {
  for (const value of values) {
    if (typeof value !== 'string' && typeof value !== 'number') throw new TypeError(`no atom of Max: ${value}`);
  }
  console.log(JSON.stringify(values));
};

setImmediate(async () => {
  for (const [name, ...values] of JSON.parse(process.env.MAX_MESSAGES)) {
    if (!handlers.has(name)) throw new Error(`no handler of ${name}`);
    await handlers.get(name)(...values);
  }
});
