import { expect, it } from 'vitest';
import type { Call } from '../../../../src/ua/index.js';
import { outcome } from '../../../support/outcome.js';
import { atDesk, type WebphoneDesk } from '../../../support/webphone-desk.js';

/** What the last STATUS of the line in conversation says. */
function told({ told }: WebphoneDesk): unknown {
  const speaking = told.filter((one) => one.kind === 'STATUS' && one.statustext === 'Speaking').at(-1);
  return (speaking as { encrypted?: number } | undefined)?.encrypted;
}

/** One beyond that of UDP. */
const PORT_TLS = ':5061';

it('[tls-srtp/2] [API_IsEncrypted] unknown without a call, else of neither, of the audio or the way alone, or of both; STATUS says the same', async () => {
  const cases = [
    [0, 'off', 'udp', 0],
    [2, 'required', 'udp', 1],
    [0, 'off', 'tls', 1],
    [2, 'required', 'tls', 3],
  ] as const;
  for (const [mediaencryption, srtp, transport, level] of cases) {
    await atDesk(
      { mediaencryption },
      async (desk) => {
        expect(desk.webphone.API_IsEncrypted()).toBe(-1);
        const port = transport === 'tls' ? PORT_TLS : '';
        desk.webphone.API_Call(-1, `${desk.uri}${port};transport=${transport}`);
        await desk.run(300);
        const answered = outcome((desk.came[0] as Call).answer());
        await desk.run(500);
        expect(answered.text).toBe('done');
        expect([desk.webphone.API_IsEncrypted(), told(desk)]).toEqual([level, level]);
      },
      {
        peer: {
          media: { srtp, codecs: ['PCMA'] },
          listen: { host: '10.0.0.2', port: 5060, transports: ['udp', 'tls'] },
          tls: { cert: 'never used', key: 'never used' },
        },
      },
    );
  }
});
