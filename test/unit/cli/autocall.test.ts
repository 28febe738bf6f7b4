/** The call that `autocall` makes, in virtual time. */
import { afterEach, describe, expect, it } from 'vitest';
import { autocall } from '../../../src/cli/autocall.js';
import { EXIT } from '../../../src/cli/exit-codes.js';
import { SERVER, WebphoneWorld } from '../../support/webphone-world.js';

let w: WebphoneWorld;

afterEach(() => w.end());

describe('the call at the start', () => {
  async function begin(password: string, other: string): Promise<{ codes: number[]; invites(): number }> {
    w = new WebphoneWorld({
      serveraddress: SERVER,
      username: 'alice',
      password,
      callto: '1234',
      extraregisteraccounts: `${SERVER},bob,${other}`,
    });
    const registrar = await w.registrar();
    registrar.password = 'secret';
    const codes: number[] = [];
    autocall(w.webphone, w.webphone.settings, (code) => codes.push(code));
    w.webphone.API_Start();
    await w.run(2000);
    return {
      codes,
      invites: () => registrar.others.filter(({ request }) => request.method === 'INVITE').length,
    };
  }

  it('[param:autocall] goes out when the main account is registered, whatever becomes of others', async () => {
    const { codes, invites } = await begin('secret', 'wrong');
    expect([codes, invites()]).toEqual([[], 1]);
    void w.webphone.API_Hangup(-2);
  });

  it('[param:autocall] does not when the main account is refused, although another is registered', async () => {
    const { codes, invites } = await begin('wrong', 'secret');
    expect([codes[0], invites()]).toEqual([EXIT.registration, 0]);
  });
});
