/** Waits until a peer program answers, for programs that do not say in words that they are ready. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PeerProcess } from './peer-process.js';

const TIMEOUT_MS = 30_000;
const PAUSE_MS = 100;

/** Sends OPTIONS over UDP until anything comes back. @throws Error with the peer's log when nothing does */
export async function answersOptions(peer: PeerProcess, port: number): Promise<void> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  let answered = false;
  socket.on('message', () => (answered = true));
  socket.on('error', () => {});
  const own = `127.0.0.1:${socket.address().port}`;
  let ended = false;
  void peer.exited.then(() => (ended = true));
  try {
    for (let count = 0; count * PAUSE_MS < TIMEOUT_MS && !ended; count++) {
      const lines = [
        `OPTIONS sip:ready@127.0.0.1:${port} SIP/2.0`,
        `Via: SIP/2.0/UDP ${own};branch=z9hG4bKready${count};rport`,
        'Max-Forwards: 70',
        `From: <sip:ready@${own}>;tag=ready`,
        `To: <sip:ready@127.0.0.1:${port}>`,
        `Call-ID: ready-${own}`,
        `CSeq: ${count + 1} OPTIONS`,
        'Content-Length: 0',
      ];
      socket.send(`${lines.join('\r\n')}\r\n\r\n`, port, '127.0.0.1');
      await sleep(PAUSE_MS);
      if (answered) return;
    }
  } finally {
    socket.close();
  }
  throw new Error(`no answer from port ${port}\n${peer.log.slice(-3000)}`);
}

/** Connects over TCP until it works. @throws Error with the peer's log when it does not */
export async function acceptsConnections(peer: PeerProcess, port: number): Promise<void> {
  let ended = false;
  void peer.exited.then(() => (ended = true));
  for (let count = 0; count * PAUSE_MS < TIMEOUT_MS && !ended; count++) {
    const socket = connect(port, '127.0.0.1');
    const connected = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (connected) return;
    await sleep(PAUSE_MS);
  }
  throw new Error(`no connection to port ${port}\n${peer.log.slice(-3000)}`);
}
