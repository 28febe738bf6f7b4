/** Decoding trees made from lists of Huffman codes, once when the module is loaded. */

/**
 * Entry 2n + b of a tree tells where bit b leads from node n: to another node, or, if negative, to the symbol ~entry.
 */
export type CodeTree = Int16Array;

/** Of equal codes the first one counts. */
export function codeTree(lengths: Uint8Array, codes: Uint16Array): CodeTree {
  const tree: number[] = [0, 0];
  for (let symbol = 0; symbol < lengths.length; symbol++) {
    let node = 0;
    for (let left = lengths[symbol] - 1; left >= 0; left--) {
      const entry = 2 * node + ((codes[symbol] >> left) & 1);
      if (tree[entry] < 0) break;
      if (left === 0) tree[entry] = ~symbol;
      else if (tree[entry] === 0) {
        node = tree.length / 2;
        tree[entry] = node;
        tree.push(0, 0);
      } else node = tree[entry];
    }
  }
  return Int16Array.from(tree);
}
