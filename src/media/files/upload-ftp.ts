/** One upload by FTP, or FTPS: TLS is asked for on the control connection (RFC 4217), or there from the start on port 990. */
import { posix } from 'node:path';
import { type UploadAttempt, UploadFailure } from './upload-attempt.js';
import { decode } from './upload-target.js';

const IMPLICIT_TLS_PORT = '990';

/** @throws UploadFailure */
export async function uploadByFtp(attempt: UploadAttempt): Promise<void> {
  const { url, path, timeoutMs, signal, onSent, ca } = attempt;
  const { Client, FTPError } = await import('basic-ftp');
  const client = new Client(timeoutMs);
  const abort = (): void => client.close();
  signal?.addEventListener('abort', abort, { once: true });
  try {
    client.trackProgress(({ bytes }) => onSent(bytes));
    await client.access({
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port ? Number(url.port) : undefined,
      user: url.username ? decode(url.username) : undefined,
      password: url.username ? decode(url.password) : undefined,
      secure: url.protocol === 'ftps:' && (url.port === IMPLICIT_TLS_PORT ? 'implicit' : true),
      secureOptions: { ca, servername: url.hostname },
    });
    // RFC 1738 §3.2.2: relative to where the server puts us.
    const folder = decode(posix.dirname(url.pathname).slice(1));
    if (folder !== '') await client.ensureDir(folder);
    await client.uploadFrom(path, attempt.fileName);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    // RFC 959 §4.2: 5yz is a permanent negative.
    const permanent = error instanceof FTPError && error.code >= 500;
    throw new UploadFailure(why, !permanent, 0, error);
  } finally {
    signal?.removeEventListener('abort', abort);
    client.trackProgress();
    client.close();
  }
}
