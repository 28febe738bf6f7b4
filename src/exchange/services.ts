/**
 * The numbers of the embedded exchange that answer by themselves: a phone of its own, to which the exchange forwards
 * their calls like to any other user.
 */
import type { Logger } from '../base/logger.js';
import type { MediaEngine } from '../media/index.js';
import { Phone } from '../phone/index.js';
import type { Call } from '../ua/index.js';

export interface ServicesOptions {
  /** Loopback or other local address to live on. */
  host: string;
  logger: Logger;
  /** Media engine to share; one of its own when absent. */
  engine?: MediaEngine;
  /** WAV file `prompt` and `early` play; a tone when absent. */
  prompt?: string;
}

/** Number → what it does, for listings. */
export const SERVICE_NUMBERS: Readonly<Record<string, string>> = {
  echo: 'answers and sends back what it hears',
  prompt: 'answers, plays the prompt, and hangs up',
  tone: 'answers and plays a 440 Hz tone',
  early: 'plays the prompt as early media, then answers and echoes',
  noanswer: 'rings and never answers',
  'reject-NNN': 'refuses with the status NNN, such as reject-486',
  fork: 'rings all registered users but the caller',
};

const TONE = { tone: { segments: [{ frequencies: [440], durationMs: 1000 }] } } as const;

export class Services {
  readonly #phone: Phone;
  readonly #prompt: string | undefined;
  readonly #logger: Logger;

  constructor(options: ServicesOptions) {
    this.#prompt = options.prompt;
    this.#logger = options.logger;
    this.#phone = new Phone({
      listen: { host: options.host, transports: ['udp'] },
      userAgent: 'Switchhook exchange',
      engine: options.engine,
      media: { srtp: 'optional' },
      logger: options.logger,
    });
    this.#phone.on('incoming', (call) => this.#serve(call));
  }

  /** Starts and gives the port its numbers are reached at. */
  async start(): Promise<number> {
    await this.#phone.start();
    return this.#phone.addresses[0].port;
  }

  /** True for a number of ours. */
  has(user: string): boolean {
    return (
      /^reject-[3-6]\d\d$/.test(user) || (user in SERVICE_NUMBERS && user !== 'fork' && user !== 'reject-NNN')
    );
  }

  close(): Promise<void> {
    return this.#phone.close();
  }

  #serve(call: Call): void {
    const user = /^sips?:([^@;]+)@/.exec(call.local)?.[1] ?? '';
    this.#run(call, user).catch((error: unknown) => {
      if (call.state !== 'ended') this.#logger.warn('a service call failed', { user, error });
    });
  }

  async #run(call: Call, user: string): Promise<void> {
    const refusal = /^reject-(\d{3})$/.exec(user);
    if (refusal) return call.reject(Number(refusal[1]));
    switch (user) {
      case 'echo':
        await call.answer();
        return call.echo();
      case 'prompt':
        await call.answer();
        await this.#playPrompt(call);
        await call.hangup();
        return;
      case 'tone':
        await call.answer();
        call.startPlaying(TONE);
        return;
      case 'early':
        await call.progress();
        await this.#playPrompt(call);
        await call.answer();
        return call.echo();
      case 'noanswer':
        return;
      default:
        call.reject(404);
    }
  }

  async #playPrompt(call: Call): Promise<void> {
    await call.play(this.#prompt ?? { tone: { ...TONE.tone, repeat: 1 } });
  }
}
