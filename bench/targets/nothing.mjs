/** Yardstick: a process with nothing but Node in it. */
import { serve } from '../support/target.mjs';

serve({ port: 0 });
