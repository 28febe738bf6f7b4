/** Registers at the port given, as an application would that does this first. */
import { Phone } from '../../dist/index.js';

const phone = new Phone({ server: `127.0.0.1:${process.argv[2]}`, username: 'bench', password: 'bench' });
phone.register().catch(() => {});
