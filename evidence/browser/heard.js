// Runs in the driver's own process before the driver does (node --require): what the browser tells
// the driver of the network is written down, byte by byte, before the driver hears of it. Nothing
// is changed or withheld; what is not an event of the Network domain (pictures, answers) is passed
// over. The file lies beside this one. When it cannot be written the driver ends, and with it the
// browser.
'use strict';
const files = require('fs');
const path = require('path');
const processes = require('child_process');

const START = Buffer.from('{"method":"Network.');
const END = Buffer.from('\n');
const NOTHING = Buffer.alloc(0);
const PIPE = 4; // --remote-debugging-pipe: the browser writes here, a zero byte after each message

delete process.env.NODE_OPTIONS; // of no concern to the browser
const heard = files.openSync(path.join(__dirname, 'heard.jsonl'), 'ax', 0o600);

function write(parts) {
  const all = Buffer.concat(parts);
  for (let done = 0; done < all.length;) done += files.writeSync(heard, all, done);
}

function listener() {
  let head = NOTHING; // of a message too short as yet to be known
  let wanted = null; // whether the message is kept; null until that is known
  return chunk => {
    const kept = [];
    for (let from = 0; from < chunk.length;) {
      const zero = chunk.indexOf(0, from);
      let part = chunk.subarray(from, zero < 0 ? chunk.length : zero);
      if (wanted === null) {
        part = head.length ? Buffer.concat([head, part]) : part;
        head = part;
        if (part.length >= START.length || zero >= 0)
          wanted = part.subarray(0, START.length).equals(START);
      }
      if (wanted) kept.push(part);
      if (wanted && zero >= 0) kept.push(END);
      if (wanted !== null) head = NOTHING;
      if (zero >= 0) wanted = null;
      from += zero < 0 ? chunk.length : zero + 1 - from;
    }
    if (kept.length) write(kept);
  };
}

const spawn = processes.spawn;
processes.spawn = function (...given) {
  const child = spawn.apply(this, given);
  const pipe = child.stdio && child.stdio[PIPE];
  if (pipe) {
    const emit = pipe.emit, take = listener();
    pipe.emit = function (name, ...rest) {
      if (name === 'data') take(rest[0]);
      return emit.call(this, name, ...rest);
    };
  }
  return child;
};
