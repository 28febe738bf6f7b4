/** What the engine can speak, in the form that offers are made of; used by ua and exchange. */
import { SwitchhookError } from '../base/errors.js';
import { allCodecs } from '../codecs/registry.js';

/** As in an `a=rtpmap` line; sdp's AudioFormat has the same shape. */
export interface MediaFormat {
  name: string;
  clockRate: number;
  channels: number;
  payloadType?: number;
  fmtp?: string;
}

/**
 * @param names encoding names in order of preference, case-insensitive; all codecs when absent
 * @throws ERR_INVALID_ARGUMENT for a name that is no codec of ours, or none at all
 */
export function audioFormats(names?: readonly string[]): MediaFormat[] {
  const codecs = allCodecs();
  const chosen = names
    ? names.flatMap((name) => {
        const found = codecs.filter(({ info }) => info.name.toLowerCase() === name.toLowerCase());
        if (found.length > 0) return found;
        const known = codecs.map(({ info }) => info.name).join(', ');
        throw new SwitchhookError('ERR_INVALID_ARGUMENT', {
          what: `unknown codec '${name}' (there are ${known})`,
        });
      })
    : codecs;
  if (chosen.length === 0) throw new SwitchhookError('ERR_INVALID_ARGUMENT', { what: 'no codec is enabled' });
  return chosen.map(({ info }) => ({
    name: info.name,
    clockRate: info.clockRate,
    channels: info.rtpmapChannels,
    payloadType: info.payloadType,
    fmtp: info.fmtp,
  }));
}
