/**
 * Imported for its effect: what a media engine loads when it is first needed takes time that is not the virtual one of a
 * test, so it is loaded before the tests of a file begin.
 */
import { VirtualClock } from '../../src/base/clock.js';
import { MediaEngine } from '../../src/media/index.js';
import { FakeAudioBackend } from '../../src/testing/fake-audio.js';

const clock = new VirtualClock();
const audioBackend = new FakeAudioBackend(clock);
const engine = await MediaEngine.start({ workers: 'in-process', clock, audioBackend });
await (await engine.openHeadset()).close();
await (await engine.openBridge({ label: 'none' })).close();
await engine.close();
