/**
 * Drives Switchhook from a web page over WebSocket; see phone.html. The page's origin must be allowed:
 * `switchhook serve --origin http://127.0.0.1:8000`.
 */
export class SwitchhookClient {
  #socket;
  #waiting = new Map();
  #id = 0;

  /** @param {(notification: string) => void} onNotification */
  constructor(url, onNotification) {
    this.#socket = new WebSocket(url);
    this.opened = new Promise((resolve, reject) => {
      this.#socket.onopen = resolve;
      this.#socket.onerror = reject;
    });
    this.#socket.onmessage = ({ data }) => {
      const message = JSON.parse(data);
      if (message.notification) return onNotification(message.notification);
      this.#waiting.get(message.id)?.(message);
      this.#waiting.delete(message.id);
    };
  }

  /** Calls a function; resolves with `{ ok, value, result }`. */
  api(name, parameters = {}) {
    const id = ++this.#id;
    this.#socket.send(JSON.stringify({ function: name, parameters, id }));
    return new Promise((resolve) => this.#waiting.set(id, resolve));
  }

  close() {
    this.#socket.close();
  }
}

/** Registers, calls, hangs up when it is answered. Resolves with the record of the call. */
export function registerAndCall({ url, server, username, password, number, log }) {
  return new Promise((resolve, reject) => {
    let called = false;
    const client = new SwitchhookClient(url, (notification) => {
      log(notification);
      const [kind, , state] = notification.split(',');
      if (kind === 'REGISTER' && notification.includes('Registered') && !called) {
        called = true;
        client.api('API_Call', { line: -1, peer: number });
      } else if (kind === 'STATUS' && state === 'CallConnect') {
        client.api('API_Hangup', { line: -1 });
      } else if (kind === 'CDR') {
        client.close();
        resolve(notification);
      }
    });
    client.opened.then(() => client.api('API_Register', { server, username, password })).catch(reject);
  });
}
