/** Just enough of RFC 959: passive uploads into memory, on the loopback address. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

export interface FtpServer {
  address: string;
  /** What was asked for. */
  log: string[];
  files: Map<string, Buffer>;
  close(): void;
}

/** @param refuse what verbs are answered with in place of doing them */
export async function startFtpServer(refuse: Partial<Record<string, string>> = {}): Promise<FtpServer> {
  const log: string[] = [];
  const files = new Map<string, Buffer>();
  const open: Server[] = [];
  const server = createServer((control) => {
    control.setEncoding('utf8').on('error', () => {});
    const say = (line: string) => control.write(`${line}\r\n`);
    let connected: Promise<[Socket]> | undefined;
    let folderName = '';
    say('220 ready');
    control.on('data', (text: string) => {
      for (const line of text.split('\r\n').filter(Boolean)) {
        log.push(line);
        const [verb, argument = ''] = line.split(' ');
        const refused = refuse[verb];
        if (refused) say(refused);
        else if (verb === 'USER') say('331 password');
        else if (verb === 'PASS') say('230 in');
        else if (verb === 'EPSV') {
          const data = createServer();
          open.push(data);
          // The client connects first and says what for afterwards.
          connected = once(data, 'connection') as Promise<[Socket]>;
          data.listen(0, '127.0.0.1', () => say(`229 ok (|||${(data.address() as AddressInfo).port}|)`));
        } else if (verb === 'CWD') {
          folderName = argument;
          say('250 ok');
        } else if (verb === 'STOR') {
          const chunks: Buffer[] = [];
          void connected?.then(([socket]) => {
            say('150 go');
            socket.on('data', (chunk: Buffer) => chunks.push(chunk));
            socket.on('end', () => {
              files.set(`${folderName}/${argument}`, Buffer.concat(chunks));
              say('226 stored');
            });
          });
        } else if (verb === 'PWD') say(`257 "/${folderName}"`);
        else say('200 ok');
      }
    });
  });
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    address,
    log,
    files,
    close: () => {
      for (const one of open) one.close();
    },
  };
}
