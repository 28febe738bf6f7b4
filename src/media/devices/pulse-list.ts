/** Reads what `pactl -f json` tells about sound devices. Pure. */
import type { AudioDevice, AudioDeviceKind } from './audio-backend.js';

interface Entry {
  readonly name: string;
  readonly description: string;
  readonly monitor: boolean;
}

export interface PulseDefaults {
  readonly sink?: string;
  readonly source?: string;
}

/** Sinks and sources as `pactl -f json list` prints them. @throws SyntaxError for anything but JSON */
export function parseEntries(json: string): Entry[] {
  const parsed: unknown = JSON.parse(json);
  if (!Array.isArray(parsed)) return [];
  return parsed.flatMap((value: Record<string, unknown> | null) => {
    if (typeof value?.name !== 'string') return [];
    const { name, description, properties } = value;
    const kind = (properties as Record<string, unknown> | undefined)?.['device.class'];
    return {
      name,
      description: typeof description === 'string' && description !== '(null)' ? description : name,
      monitor: kind === 'monitor' || name.endsWith('.monitor'),
    };
  });
}

/** Defaults as `pactl -f json info` prints them. @throws SyntaxError */
export function parseDefaults(json: string): PulseDefaults {
  const info = JSON.parse(json) as Record<string, unknown>;
  const name = (value: unknown) => (typeof value === 'string' ? value : undefined);
  return { sink: name(info.default_sink_name), source: name(info.default_source_name) };
}

/**
 * What people choose from: outputs, then inputs. A monitor, which hears what an output plays, comes after the
 * microphones. Names are made different from each other, since they are chosen by.
 */
export function toDevices(
  sinks: readonly Entry[],
  sources: readonly Entry[],
  defaults: PulseDefaults,
): AudioDevice[] {
  const inputs = [...sources].sort((a, b) => Number(a.monitor) - Number(b.monitor));
  return [...name(sinks, 'output', defaults.sink), ...name(inputs, 'input', defaults.source)];
}

function name(
  entries: readonly Entry[],
  kind: AudioDeviceKind,
  defaultName: string | undefined,
): AudioDevice[] {
  return entries.map((entry) => {
    const alone = entries.filter((other) => other.description === entry.description).length === 1;
    return {
      id: entry.name,
      name: alone ? entry.description : `${entry.description} (${entry.name})`,
      kind,
      isDefault: entry.name === defaultName,
    };
  });
}
