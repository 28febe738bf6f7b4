/**
 * Connects callers with an agent. A supervisor who calls listens in, and chooses by digit: 1 listens, 2 speaks to the
 * agent alone, 3 speaks to both.
 *
 *   node examples/call-centre.mjs AGENT SUPERVISOR
 */
import { Phone } from 'switchhook';

const [agentNumber, supervisorNumber] = process.argv.slice(2);
const phone = new Phone({
  server: process.env.SIP_SERVER,
  username: process.env.SIP_USER,
  password: process.env.SIP_PASSWORD,
});
let talk; // the conversation there is: { room, agent }

phone.on('incoming', (call) => {
  const handle = call.remote.user === supervisorNumber ? supervise : serve;
  handle(call).catch((error) => console.log(error.message));
});

async function serve(customer) {
  if (talk) return customer.reject(486);
  await customer.answer();
  const agent = await phone.call(agentNumber, { displayName: customer.remote.user });
  talk = { agent, room: await phone.conference([customer, agent]) };
  console.log(`${customer.remote.user} talks with ${agent.remote.user}`);
  await Promise.race([customer.ended, agent.ended]);
  await Promise.all(talk.room.members.map((call) => call.hangup()));
  await talk.room.close();
  talk = undefined;
}

async function supervise(call) {
  if (!talk) return call.reject(480);
  const { room, agent } = talk;
  const modes = { 1: { listenOnly: true }, 2: { whisperTo: [agent] }, 3: {} };
  await call.answer();
  await room.add(call, modes[1]);
  console.log('the supervisor listens');
  for await (const { digit } of call.dtmf()) {
    if (!modes[digit]) continue;
    await room.add(call, modes[digit]);
    console.log(`the supervisor ${['', 'listens', 'speaks to the agent', 'speaks to both'][digit]}`);
  }
}

await phone.register();
console.log('waiting for calls');
process.once('SIGTERM', () => phone.close());
