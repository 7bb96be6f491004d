// A version vector between its two forms: bytes, as replicas know it, and counts by replica.

const NAME_BYTES = 8;
const ENTRY_BYTES = NAME_BYTES + 4;

/**
 * @param {Uint8Array} bytes from `TextReplica.version()`
 * @returns {Map<string, number>} of each replica, how many operations
 */
export function readVersion(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const counts = new Map();
  for (let at = 0; at + ENTRY_BYTES <= bytes.length; at += ENTRY_BYTES) {
    const name = view
      .getBigUint64(at, true)
      .toString(16)
      .padStart(2 * NAME_BYTES, "0");
    counts.set(name, view.getUint32(at + NAME_BYTES, true));
  }
  return counts;
}

/** @param {Map<string, number>} counts */
export function writeVersion(counts) {
  const entries = [...counts].filter(([, count]) => count > 0);
  const bytes = new Uint8Array(entries.length * ENTRY_BYTES);
  const view = new DataView(bytes.buffer);
  entries.forEach(([name, count], k) => {
    view.setBigUint64(k * ENTRY_BYTES, BigInt(`0x${name}`), true);
    view.setUint32(k * ENTRY_BYTES + NAME_BYTES, count, true);
  });
  return bytes;
}

/**
 * How many operations of one version another one lacks.
 * @param {Uint8Array} version
 * @param {Uint8Array} of
 */
export function missingFrom(version, of) {
  const known = readVersion(version);
  let missing = 0;
  for (const [name, count] of readVersion(of)) missing += Math.max(0, count - (known.get(name) ?? 0));
  return missing;
}
