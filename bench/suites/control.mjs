/**
 * The control server under 1,000 requests a second: time from a request to its answer, at the client, and the CPU time
 * of the server for one. Requests are sent at their times whether answers have come or not, so that waiting counts. The
 * goal is that of a whole run; of several runs the best, since whatever else runs on the machine only ever adds.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { startTarget } from '../support/target.mjs';

const RATE = 1000;
const CONNECTIONS = 10;
const WARM_UP_S = 2;
const WINDOW_MS = 1000;
const RUNS = 3;
const GOAL_MS = 10;

/** Each way: opens a client; `ask(n, done)` sends request n. */
const WAYS = {
  TCP: async ({ port }) => {
    const socket = connect(port, '127.0.0.1').setNoDelay().setEncoding('utf8');
    await once(socket, 'connect');
    const waiting = [];
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
      for (let end = text.indexOf('\r\n'); end >= 0; end = text.indexOf('\r\n')) {
        text = text.slice(end + 2);
        waiting.shift()?.();
      }
    });
    return {
      ask: (n, done) => {
        waiting.push(done);
        socket.write(`function=API_TestEcho,echo=${n}\r\n`);
      },
      close: () => socket.destroy(),
    };
  },
  UDP: async ({ udp }) => {
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const waiting = new Map();
    socket.on('message', (bytes) => {
      const n = String(bytes).split('APIRESULT:')[1];
      waiting.get(n)?.();
      waiting.delete(n);
    });
    return {
      ask: (n, done) => {
        waiting.set(String(n), done);
        socket.send(`function=API_TestEcho,echo=${n}`, udp, '127.0.0.1');
      },
      close: () => socket.close(),
    };
  },
  // Written by hand: Node's own client costs more than the server.
  HTTP: async ({ port }) => {
    const socket = connect(port, '127.0.0.1').setNoDelay().setEncoding('latin1');
    await once(socket, 'connect');
    const waiting = [];
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
      for (;;) {
        const head = text.indexOf('\r\n\r\n');
        if (head < 0) return;
        const end = head + 4 + Number(/content-length: (\d+)/i.exec(text)?.[1]);
        if (text.length < end) return;
        text = text.slice(end);
        waiting.shift()?.();
      }
    });
    return {
      ask: (n, done) => {
        waiting.push(done);
        socket.write(`GET /?function=API_TestEcho&echo=${n} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
      },
      close: () => socket.destroy(),
    };
  },
};

async function measure(open, ports, seconds) {
  const clients = await Promise.all(Array.from({ length: CONNECTIONS }, () => open(ports)));
  /** Times of the answers to the requests of each window. */
  const windows = [];
  const total = RATE * (WARM_UP_S + seconds);
  const start = performance.now();
  let sent = 0;
  let answered = 0;
  await new Promise((resolve) => {
    const tick = () => {
      const due = Math.min(total, Math.floor(((performance.now() - start) / 1000) * RATE));
      for (; sent < due; sent++) {
        // When it should have been sent, which may be a moment ago.
        const at = start + (sent * 1000) / RATE;
        const counts = sent >= RATE * WARM_UP_S;
        clients[sent % CONNECTIONS].ask(sent, () => {
          if (counts) (windows[Math.floor((at - start) / WINDOW_MS)] ??= []).push(performance.now() - at);
          if (++answered === total) resolve();
        });
      }
      if (sent < total) setTimeout(tick, 1);
      else setTimeout(resolve, 3000);
    };
    tick();
  });
  for (const client of clients) client.close();
  const full = windows.filter((times) => times.length >= (0.9 * RATE * WINDOW_MS) / 1000);
  const whole = windows.flat();
  return {
    lost: total - answered,
    p50: quantile(whole, 0.5),
    p99: quantile(whole, 0.99),
    window: Math.min(...full.map((times) => quantile(times, 0.99))),
  };
}

const quantile = (times, part) => times.sort((a, b) => a - b)[Math.floor(times.length * part)];

export async function run({ quick = false } = {}) {
  const target = await startTarget('control');
  const results = [];
  try {
    const { udp } = await target.ask('udp');
    for (const [name, open] of Object.entries(WAYS)) {
      const before = await target.usage();
      const runs = [];
      for (let i = 0; i < (quick ? 1 : RUNS); i++)
        runs.push(await measure(open, { port: target.port, udp }, quick ? 3 : 5));
      const after = await target.usage();
      const lost = runs.reduce((sum, one) => sum + one.lost, 0);
      const best = (figure) => Math.min(...runs.map((one) => one[figure]));
      if (lost > 0) console.error(`control: ${lost} requests over ${name} were not answered`);
      results.push({
        name: `control server, ${RATE} requests/s over ${name}: p99 of the answer in a whole run`,
        value: lost > 0 ? Number.NaN : best('p99'),
        unit: 'ms',
        goal: GOAL_MS,
        yardstick: [
          { name: 'p99 of the best second', value: best('window') },
          { name: 'median', value: best('p50') },
          { name: 'CPU a request', value: (after.cpuMs - before.cpuMs) / (after.calls - before.calls) },
        ],
      });
    }
  } finally {
    await target.stop();
  }
  return results;
}
