/** What may happen to three phones, as data for fast-check: what users do with their phones, and networks to both. */
import fc from 'fast-check';

export const PHONES = 3;

/** Which of the calls there are, on whatever phone: of those that it makes sense for, or of any. */
export interface OnCall {
  which: number;
  any: boolean;
}

interface Timed {
  /** How long nothing else happens. */
  waitMs: number;
}

/** The user thinks better of it after so many ms. */
interface GivenUp {
  abortMs: number | undefined;
}

export type CallStep = Timed &
  OnCall &
  (
    | { do: 'answer' | 'hang up' | 'hold' | 'resume' | 'mute' | 'leave the conference' }
    | { do: 'reject'; status: number }
    | { do: 'forward'; whom: number }
    | { do: 'digits'; method: 'rfc4733' | 'info' }
    | (GivenUp & {
        do: 'transfer';
        whom: number;
        kind: 'blind' | 'held' | 'attended' | 'on-leave' | 'bridge';
      })
    | (GivenUp & { do: 'transfer to another call'; other: number })
  );

export type PhoneStep = Timed & { who: number } & (
    | { do: 'dial'; whom: number; by: 'udp' | 'tcp' | 'server' }
    | { do: 'message'; whom: number }
    | { do: 'conference' | 'register' | 'unregister' | 'close' | 'restart' }
    | { do: 'add account' | 'remove account' }
  );

export type NetworkStep = Timed &
  (
    | { lossRate: number; duplicateRate: number; jitterMs: number; latencyMs: number }
    | { event: 'silence' | 'back' | 'connections lost'; who: number }
  );

export type Step = CallStep | PhoneStep | NetworkStep;

/** How the three phones are set up. */
export interface Setup {
  seed: number;
  reliable: 'off' | 'supported' | 'required';
  /** The other calls are held when one is placed or answered. */
  holdsOthers: boolean;
  registered: boolean;
  /** Calls answer themselves after so many ms. */
  answersMs: number | undefined;
}

const who = fc.nat(PHONES - 1);
const whom = fc.integer({ min: 1, max: PHONES - 1 });
const onCall = {
  which: fc.nat(11),
  any: fc.nat(9).map((n) => n === 0),
};
const share = fc.constantFrom(0, 0.1, 0.3);
const waitMs = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(0, 5, 12, 30) },
  { weight: 3, arbitrary: fc.constantFrom(60, 200, 700) },
  { weight: 1, arbitrary: fc.constantFrom(3_000, 12_000, 40_000) },
);

const abortMs = fc.constantFrom(undefined, undefined, undefined, 2, 40, 1_000);

const is = <D extends string>(...words: D[]) => fc.constantFrom(...words);

const user = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ do: is('dial'), who, whom, by: is('udp', 'tcp', 'server'), waitMs }),
  },
  { weight: 5, arbitrary: fc.record({ do: is('answer'), ...onCall, waitMs }) },
  { weight: 2, arbitrary: fc.record({ do: is('hang up'), ...onCall, waitMs }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: is('hold', 'resume', 'mute', 'leave the conference'),
      ...onCall,
      waitMs,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: is('reject'), ...onCall, status: fc.constantFrom(480, 486, 603), waitMs }),
  },
  { weight: 1, arbitrary: fc.record({ do: is('forward'), ...onCall, whom: who, waitMs }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: is('digits'), ...onCall, method: is('rfc4733', 'info'), waitMs }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: is('transfer'),
      ...onCall,
      whom: who,
      kind: is('blind', 'held', 'attended', 'on-leave', 'bridge'),
      abortMs,
      waitMs,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: is('transfer to another call'),
      ...onCall,
      other: fc.nat(3),
      abortMs,
      waitMs,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: is('conference', 'register', 'unregister'), who, waitMs }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: is('restart', 'add account', 'remove account'), who, waitMs }),
  },
  { weight: 1, arbitrary: fc.record({ do: is('message'), who, whom, waitMs }) },
);

const network = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      lossRate: share,
      duplicateRate: share,
      jitterMs: fc.constantFrom(0, 40, 400),
      latencyMs: fc.constantFrom(5, 80, 600),
      waitMs,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ event: is('silence', 'back', 'connections lost'), who, waitMs }),
  },
);

export const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 60, arbitrary: user },
    { weight: 9, arbitrary: network },
    { weight: 1, arbitrary: fc.record({ do: is('close'), who, waitMs }) },
  ),
  { minLength: 5, maxLength: 40, size: 'max' },
);

export const setup: fc.Arbitrary<Setup> = fc.record({
  seed: fc.integer({ min: 1, max: 0x7fffffff }),
  reliable: is('off', 'supported', 'required'),
  holdsOthers: fc.boolean(),
  registered: fc.boolean(),
  answersMs: fc.constantFrom(undefined, undefined, 0, 900),
});
