/**
 * Three phones and a server to which {@link Step}s happen. What has to be true after every step is looked at by
 * {@link ModelWorld.check}; when nothing more happens, the network is well again and all time-outs are over, both ends
 * of every call have to agree ({@link ModelWorld.agree}), and when all have hung up nothing is left
 * ({@link ModelWorld.empty}). Failures are thrown as texts that name the phone, the call and what is wrong.
 */
import type { Call, CallState } from '../../../src/ua/index.js';
import { PhoneWorld, type TestPhone } from '../phone-world.js';
import { StatelessServer } from './stateless-server.js';
import { type CallStep, PHONES, type PhoneStep, type Setup, type Step } from './steps.js';

const NAMES = ['alice', 'bob', 'carol'];
const SERVER = '10.0.0.9';
/** Ring time-outs, session timers and transfers that nobody reports of are over, and the transactions after them. */
const ALL_OVER_MS = 300_000;
/** The BYE of a call is repeated for 64*T1; a callee may say for three minutes more that it rang. */
const PARTED_MS = 70_000;

/** In which state a call has to be for a deed to make sense. */
const STATE_FOR: Partial<Record<CallStep['do'], CallState>> = {
  answer: 'ringing',
  reject: 'ringing',
  forward: 'ringing',
  hold: 'connected',
  resume: 'connected',
  digits: 'connected',
  transfer: 'connected',
  'transfer to another call': 'connected',
  'leave the conference': 'connected',
};

interface Deed {
  what: string;
  /** `pending`, `done` or an error code. */
  text: string;
}

export class ModelWorld extends PhoneWorld {
  readonly #server = new StatelessServer(this.network, SERVER);
  readonly #closed = new Set<TestPhone>();
  readonly #deeds: Deed[] = [];
  /** Timers of phones that do nothing. */
  #idleTimers = 0;

  constructor(private readonly setup: Setup) {
    super(setup.seed);
  }

  async start(): Promise<void> {
    const { reliable, holdsOthers, registered, answersMs } = this.setup;
    const answering = answersMs === undefined ? {} : ({ automatic: 'all', delayMs: answersMs } as const);
    const others = { incoming: holdsOthers, outgoing: holdsOthers };
    await this.#server.start();
    for (const [index, username] of NAMES.entries()) {
      this.phone(`10.0.0.${index + 1}`, {
        server: SERVER,
        username,
        reliableProvisionals: reliable,
        ringTimeout: 30,
        sessionExpires: 90,
        messages: { offline: 'fail' },
        policies: { numbers: { directRoute: 'target' }, otherLines: { hold: others }, answering },
      });
    }
    await Promise.all(this.phones.map((phone) => phone.start()));
    this.#idleTimers = this.clock.pending;
    if (registered) for (const phone of this.phones) this.#do('register', phone.register());
    await this.run(200);
  }

  async apply(step: Step): Promise<void> {
    this.#act(step);
    await this.run(step.waitMs);
  }

  #act(step: Step): void {
    const { network } = this;
    if ('lossRate' in step) {
      const { lossRate, duplicateRate, jitterMs, latencyMs } = step;
      Object.assign(network, { lossRate, duplicateRate, jitterMs, latencyMs });
      return;
    }
    if ('which' in step) return this.#toCall(step);
    const phone = this.phones[step.who];
    if ('event' in step) {
      if (step.event === 'silence') network.unreachable.add(hostOf(step.who));
      else if (step.event === 'back') network.unreachable.delete(hostOf(step.who));
      else phone.breakConnections();
    } else if (!this.#closed.has(phone)) {
      this.#toPhone(step, phone);
    }
  }

  #toPhone(step: PhoneStep, phone: TestPhone): void {
    const what = `${NAMES[step.who]}: ${step.do}`;
    switch (step.do) {
      case 'dial':
        return this.#do(what, phone.dial(this.#address(step.who + step.whom, step.by)));
      case 'conference':
        return this.#do(what, phone.conferences.addAll());
      case 'register':
        return this.#do(what, phone.register());
      case 'unregister':
        return this.#do(what, phone.unregister());
      case 'restart':
        return this.#do(what, phone.restart());
      case 'add account':
        return this.#do(
          what,
          phone.addAccount({ aor: `sip:second@${SERVER}` }).then((added) => added.register()),
        );
      case 'remove account': {
        const last = phone.accounts.at(-1);
        if (last && phone.accounts.length > 1) this.#do(what, phone.removeAccount(last));
        return;
      }
      case 'message':
        return this.#do(what, phone.messages.send(this.#address(step.who + step.whom, 'udp'), 'hello'));
      case 'close':
        this.#closed.add(phone);
        return this.#do(what, phone.close());
    }
  }

  #toCall(step: CallStep): void {
    const meant = this.#meant(step);
    if (!meant) return;
    const { phone, call } = meant;
    const what = `${NAMES[this.phones.indexOf(phone)]}: ${step.do}`;
    switch (step.do) {
      case 'answer':
        return this.#do(what, call.answer());
      case 'hang up':
        return this.#do(what, call.hangup());
      case 'hold':
        return this.#do(what, call.hold());
      case 'resume':
        return this.#do(what, call.resume());
      case 'mute':
        return call.mute();
      case 'leave the conference':
        return this.#do(what, phone.conferences.remove(call));
      case 'reject':
        return this.#do(what, async () => call.reject(step.status));
      case 'forward':
        return this.#do(what, async () => call.redirect(this.#address(step.whom, 'udp')));
      case 'digits':
        return this.#do(what, call.sendDtmf('1', { method: step.method }));
      case 'transfer':
        return this.#do(
          `${what} (${step.kind})`,
          call.transferTo(this.#address(step.whom, 'udp'), {
            kind: step.kind,
            signal: this.#abortAfter(step.abortMs),
          }),
        );
      case 'transfer to another call': {
        const others = phone.calls.filter((other) => other !== call);
        const other = others[step.other % Math.max(1, others.length)];
        if (other) this.#do(what, call.transferTo(other, { signal: this.#abortAfter(step.abortMs) }));
      }
    }
  }

  #abortAfter(ms: number | undefined): AbortSignal | undefined {
    if (ms === undefined) return undefined;
    const abort = new AbortController();
    this.clock.after(ms, () => abort.abort());
    return abort.signal;
  }

  /** A call for which the step has a meaning; with `any`, whichever call it hits. */
  #meant(step: CallStep): { phone: TestPhone; call: Call } | undefined {
    const open = this.phones.filter((phone) => !this.#closed.has(phone));
    const all = open.flatMap((phone) => phone.calls.map((call) => ({ phone, call })));
    const state = STATE_FOR[step.do];
    const fit = all.filter(
      ({ call }) => call.state === state && (state === 'connected' || call.direction === 'incoming'),
    );
    const chosen = step.any || state === undefined ? all : fit;
    return chosen[step.which % Math.max(1, chosen.length)];
  }

  #address(counted: number, by: 'udp' | 'tcp' | 'server'): string {
    const index = counted % PHONES;
    const name = NAMES[index];
    if (by === 'server') return `sip:${name}@${SERVER}`;
    return `sip:${name}@${hostOf(index)}${by === 'tcp' ? ';transport=tcp' : ''}`;
  }

  /** Notes what becomes of a deed; what fails has to fail with a code of the catalogue. */
  #do(what: string, result: Promise<unknown> | (() => Promise<unknown>)): void {
    const deed: Deed = { what, text: 'pending' };
    this.#deeds.push(deed);
    (typeof result === 'function' ? result() : result).then(
      () => {
        deed.text = 'done';
      },
      (error: { code?: string; stack?: string }) => {
        deed.text = error.code ?? `${error.stack}`;
      },
    );
  }

  /** After every step: lines and calls belong together. */
  check(): void {
    for (const [index, phone] of this.phones.entries()) {
      const seated = phone.lines.calls;
      const over = seated.find(({ state }) => state === 'ended');
      if (over) throw new Error(`${NAMES[index]}: a line is taken by a call that has ended`);
      const homeless = phone.calls.find((call) => !seated.includes(call) && !isReplaced(phone, call));
      if (homeless) throw new Error(`${NAMES[index]}: a call (${homeless.state}) has no line`);
    }
    const wild = this.#deeds.find(({ text }) => text !== 'pending' && text !== 'done' && !/^ERR_/.test(text));
    if (wild) throw new Error(`${wild.what}: ${wild.text}`);
  }

  /** The network is well again, and nobody does anything. */
  async settle(): Promise<void> {
    const { network } = this;
    Object.assign(network, { lossRate: 0, duplicateRate: 0, jitterMs: 0, latencyMs: 5 });
    network.unreachable.clear();
    await this.run(ALL_OVER_MS);
  }

  /** Whoever is in a call is so with somebody who sees it the same way. */
  agree(): void {
    for (const [index, phone] of this.phones.entries()) {
      for (const call of phone.calls) {
        const name = `${NAMES[index]}'s call ${call.id}`;
        if (call.state !== 'connected') throw new Error(`${name} is still ${call.state}`);
        const peers = this.phones.flatMap((other) =>
          other.calls.filter((one) => one !== call && one.id === call.id),
        );
        if (peers.length !== 1) throw new Error(`${name} has ${peers.length} peers`);
        this.#same(name, call, peers[0]);
      }
    }
  }

  #same(name: string, call: Call, peer: Call): void {
    const differ = (what: string, ours: unknown, theirs: unknown): void => {
      if (ours !== theirs) throw new Error(`${name}: ${what} is ${ours} here and ${theirs} there`);
    };
    differ('the state', call.state, peer.state);
    differ('the codec', call.codec, peer.codec);
    differ('our hold', call.held.local, peer.held.remote);
    differ('the direction', call.holdStatus.direction, mirrored(peer.holdStatus.direction));
  }

  /** All hang up and unregister; after that nothing is left but phones that do nothing. */
  async empty(): Promise<void> {
    for (const phone of this.phones) {
      if (this.#closed.has(phone)) continue;
      this.#do('hang up all', phone.unregister({ hangUp: true }));
    }
    await this.run(PARTED_MS);
    this.check();
    const pending = this.#deeds.filter(({ text }) => text === 'pending').map(({ what }) => what);
    if (pending.length > 0) throw new Error(`never came to an end: ${pending.join(', ')}`);
    for (const [index, phone] of this.phones.entries()) {
      const left = {
        ...phone.userAgent?.counters,
        // What a phone that is closed has still to say is dropped with its sockets.
        ...(this.#closed.has(phone) && { partings: 0 }),
        media: phone.engine.open.size,
        lines: phone.lines.taken.length,
      };
      for (const [kind, count] of Object.entries(left)) {
        if (count !== 0) throw new Error(`${NAMES[index]}: ${count} ${kind} left`);
      }
    }
    const idle = this.#idleTimers - this.#closed.size * (this.#idleTimers / PHONES);
    if (this.clock.pending !== idle)
      throw new Error(`${this.clock.pending} timers are left where there should be ${idle}`);
  }

  override async end(): Promise<void> {
    await super.end();
    await this.#server.close();
  }
}

/**
 * Another call has its line already, and it ends once that is connected; one that waits for its ACK not before that has
 * come (RFC 3261 §15).
 */
function isReplaced({ lines }: TestPhone, call: Call): boolean {
  const other = lines.get(lines.lineOf(call) ?? 0);
  const awaitsAck = call.direction === 'incoming' && call.state === 'connecting';
  return other?.state === 'connecting' || (other?.state === 'connected' && awaitsAck);
}

function hostOf(index: number): string {
  return `10.0.0.${index + 1}`;
}

function mirrored(direction: string): string {
  return direction === 'sendonly' ? 'recvonly' : direction === 'recvonly' ? 'sendonly' : direction;
}
