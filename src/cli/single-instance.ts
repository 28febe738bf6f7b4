/**
 * `singleinstance`: one phone of a user at a time. The newest asks the one before, over a local socket that only they
 * share, to end, and takes its place when it has. One that does not answer within seconds is left to itself.
 */
import { rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

/** The one before has calls to end and registrations to take back. */
const PATIENCE_MS = 10_000;
const REQUEST = 'exit\n';

/**
 * Ends the phone before and listens for the next.
 * @param onNext another one begins: this one is to end
 * @param path of the socket; default: one for each user
 * @returns what gives the place up
 */
export async function takeOnlyPlace(onNext: () => void, path: string = placeOfUser()): Promise<() => void> {
  await askToEnd(path);
  // What a killed phone left behind; pipes of Windows leave nothing.
  if (process.platform !== 'win32') await rm(path, { force: true });
  const server = createServer((socket) => {
    socket.on('error', () => {});
    // The connection stays until this process is gone: that is how the next one knows.
    socket.setEncoding('utf8').once('data', (text: string) => {
      if (text === REQUEST) onNext();
    });
  });
  await new Promise<void>((resolve) => {
    // Without the socket the phone runs as well.
    server.once('error', () => resolve());
    server.listen(path, () => resolve());
  });
  server.unref();
  return () => void server.close();
}

function askToEnd(path: string): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(path, () => socket.write(REQUEST));
    const timer = setTimeout(() => socket.destroy(), PATIENCE_MS);
    socket.on('data', () => {});
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function placeOfUser(): string {
  const { username } = userInfo();
  if (process.platform === 'win32') return `\\\\.\\pipe\\switchhook-${username}`;
  return join(process.env.XDG_RUNTIME_DIR ?? tmpdir(), `switchhook-${username}.sock`);
}
