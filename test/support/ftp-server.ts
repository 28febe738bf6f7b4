/** Just enough of an FTP server on loopback (RFC 959, RFC 2428): files in memory, passive transfers. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

export interface FtpServer {
  /** Host and port. */
  readonly address: string;
  /** What the clients have said. */
  readonly log: string[];
  /** By folder and name, as they were named. */
  readonly files: Map<string, Buffer>;
  close(): void;
}

/** @param refuse answers in place of the usual ones, by verb */
export async function startFtpServer(refuse: Partial<Record<string, string>> = {}): Promise<FtpServer> {
  const log: string[] = [];
  const files = new Map<string, Buffer>();
  const open: Server[] = [];
  const server = createServer((control) => {
    control.setEncoding('utf8').on('error', () => {});
    const say = (line: string) => control.write(`${line}\r\n`);
    let connected: Promise<[Socket]> | undefined;
    let folder = '';
    const place = (name: string): string => (folder ? `${folder}/${name}` : name);
    say('220 ready');
    control.on('data', (text: string) => {
      for (const line of text.split('\r\n').filter(Boolean)) {
        log.push(line);
        const [verb] = line.split(' ', 1);
        const argument = line.slice(verb.length + 1);
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
          folder = argument;
          say('250 ok');
        } else if (verb === 'STOR') {
          const chunks: Buffer[] = [];
          void connected?.then(([socket]) => {
            say('150 go');
            socket.on('data', (chunk: Buffer) => chunks.push(chunk));
            socket.on('end', () => {
              files.set(place(argument), Buffer.concat(chunks));
              say('226 stored');
            });
          });
        } else if (verb === 'RETR') {
          const content = files.get(place(argument));
          void connected?.then(([socket]) => {
            if (!content) {
              socket.destroy();
              say('550 no such file');
              return;
            }
            say('150 here');
            socket.end(content, () => say('226 sent'));
          });
        } else if (verb === 'PWD') say(`257 "/${folder}"`);
        else say('200 ok');
      }
    });
  });
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    log,
    files,
    close: () => {
      for (const one of open.splice(0)) one.close();
    },
  };
}
