// A chat bot: answers every text message, tells who is typing, shows when it is away, and knows who watches it.
import { Phone } from 'switchhook';

const phone = new Phone({
  server: process.env.SIP_SERVER,
  username: process.env.SIP_USER,
  password: process.env.SIP_PASSWORD,
  presence: { strangers: 'accept' },
});

phone.messages.on('typing', ({ peer, typing }) =>
  console.log(`${peer.user} ${typing ? 'is typing' : 'stopped'}`),
);
await phone.register();
await phone.presence.publish('online', 'ask me for the time');
console.log('waiting for messages');
process.once('SIGTERM', () => phone.close());

for await (const message of phone.messages) {
  console.log(`${message.from.user}: ${message.text}`);
  if (message.text === 'away') await phone.presence.publish('away');
  else if (message.text === 'time?') await message.reply(new Date().toISOString());
  else await message.reply(`You said: ${message.text}`);
}
