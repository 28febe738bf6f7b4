/**
 * Calls placed datagram by datagram, with the time of every answer to a fraction of a millisecond, which SIPp does not
 * give. Only for programs that behave: nothing is repeated, what stays away for {@link PATIENCE_MS} counts as failed.
 */
import { createSocket } from 'node:dgram';
import { SDP } from './sdp.mjs';

const HOST = '127.0.0.1';
const PATIENCE_MS = 5000;
const TICK_MS = 1;
const MEDIA_PORT = 9; // discard, RFC 863

/**
 * @param {{port: number, rate: number, calls: number, holdMs?: number, beforeBye?: () => Promise<void>}} options
 *   `beforeBye` is waited for once all calls are answered, and only then they are ended
 * @returns {Promise<{ringMs: number[], answerMs: number[], refused: Array<{status: number, retryAfter?: string}>,
 *   completed: number, failed: number}>}
 */
export async function placeCalls({ port, rate, calls, holdMs = 0, beforeBye }) {
  const socket = createSocket({ type: 'udp4', lookup: (host, _, done) => done(null, host, 4) });
  await new Promise((resolve) => socket.bind(0, HOST, resolve));
  const own = `${HOST}:${socket.address().port}`;
  const body = SDP.replace(/m=audio \d+/, `m=audio ${MEDIA_PORT}`);
  const result = { ringMs: [], answerMs: [], refused: [], completed: 0, failed: 0 };
  const open = new Map();
  let answered = 0;
  let finish;
  const finished = new Promise((resolve) => {
    finish = resolve;
  });

  const send = (call, method, seq, branch, to, content = '') => {
    const head = [
      `${method} sip:bench@${HOST}:${port} SIP/2.0`,
      `Via: SIP/2.0/UDP ${own};branch=z9hG4bK-${call.id}-${branch}`,
      'Max-Forwards: 70',
      `From: <sip:caller@${own}>;tag=${call.id}`,
      to,
      `Call-ID: ${call.id}@${own}`,
      `CSeq: ${seq} ${method}`,
      `Contact: <sip:caller@${own}>`,
      ...(content ? ['Content-Type: application/sdp'] : []),
      `Content-Length: ${content.length}`,
    ];
    socket.send(`${head.join('\r\n')}\r\n\r\n${content}`, port, HOST);
  };
  const over = (call) => {
    if (!open.delete(call.id)) return;
    if (open.size === 0 && started === calls) finish();
  };
  const bye = (call) => send(call, 'BYE', 2, 'bye', call.to);
  const onInvite = (call, status, text) => {
    if (status === 180 && call.ringAt === undefined) {
      call.ringAt = performance.now();
      result.ringMs.push(call.ringAt - call.sentAt);
    }
    if (status < 200) return;
    const isRefusal = status >= 300;
    if (!call.to) {
      call.to = /^To:.*$/im.exec(text)[0].trim();
      if (isRefusal) result.refused.push({ status, retryAfter: /^Retry-After:\s*(.*)$/im.exec(text)?.[1] });
      else {
        result.answerMs.push(performance.now() - call.sentAt);
        answered++;
        if (!beforeBye) setTimeout(bye, holdMs, call);
        else if (answered === calls) beforeBye().then(() => [...open.values()].forEach(bye));
      }
    }
    send(call, 'ACK', 1, isRefusal ? 'invite' : 'ack', call.to);
    if (isRefusal) over(call);
  };
  socket.on('message', (data) => {
    const text = data.toString('latin1');
    const status = Number(text.slice(8, 11));
    const call = open.get(/^Call-ID:\s*([^@\s]+)/im.exec(text)?.[1]);
    if (!call || !text.startsWith('SIP/2.0')) return;
    if (/^CSeq:.*INVITE/im.test(text)) onInvite(call, status, text);
    else if (status === 200) {
      result.completed++;
      over(call);
    }
  });

  const prefix = Math.random().toString(36).slice(2, 8);
  const start = performance.now();
  let started = 0;
  const timer = setInterval(() => {
    while (started < calls && ((performance.now() - start) * rate) / 1000 >= started) {
      const call = { id: `${prefix}${started++}`, sentAt: 0, ringAt: undefined, to: undefined };
      open.set(call.id, call);
      call.sentAt = performance.now();
      send(call, 'INVITE', 1, 'invite', `To: <sip:bench@${HOST}:${port}>`, body);
    }
  }, TICK_MS);
  const patience = setTimeout(
    finish,
    (calls * 1000) / rate + holdMs + PATIENCE_MS + (beforeBye ? 30_000 : 0),
  );
  await finished;
  clearInterval(timer);
  clearTimeout(patience);
  socket.close();
  result.failed = open.size;
  return result;
}

export function percentile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
