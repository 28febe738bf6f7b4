/** Ports for programs that cannot choose one themselves. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

const given = new Set<number>();

/** A port of 127.0.0.1 that is free for UDP and TCP, with the `more` ports after it; not given out twice. */
export async function freePort(more = 0): Promise<number> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const first = await systemPort();
    const wanted = Array.from({ length: more + 1 }, (_, i) => first + i);
    if (wanted.some((port) => port > 65_535 || given.has(port))) continue;
    const free = await Promise.all(
      wanted.map(async (port) => (await udpIsFree(port)) && (await tcpIsFree(port))),
    );
    if (free.includes(false)) continue;
    for (const port of wanted) given.add(port);
    return first;
  }
  throw new Error('no free port on 127.0.0.1');
}

async function systemPort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  await once(socket, 'close');
  return port;
}

async function udpIsFree(port: number): Promise<boolean> {
  const socket = createSocket('udp4');
  try {
    socket.bind(port, '127.0.0.1');
    await once(socket, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    socket.close();
  }
}

async function tcpIsFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port === port;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
