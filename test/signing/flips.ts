/** The bytes with one bit turned over: each of the bits in turn. */
export function* byteFlips(bytes: Uint8Array): Generator<Uint8Array> {
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const turned = bytes.slice();
    turned[bit >> 3] = (turned[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    yield turned;
  }
}

/** The text with one bit of one of its characters turned over, such as a header. */
export function* textFlips(text: string): Generator<string> {
  for (let at = 0; at < text.length; at++)
    for (let bit = 0; bit < 8; bit++)
      yield (
        text.slice(0, at) +
          String.fromCharCode(text.charCodeAt(at) ^ (1 << bit)) +
          text.slice(at + 1)
      );
}

export const bytesOf = (text: string) => new TextEncoder().encode(text);

/** Times that are no whole seconds in digits, though some would read them so. */
export const notTimes = [
  "",
  " ",
  "soon",
  "1.5e9",
  "+1614265330",
  "-1614265330",
  " 1614265330",
  "1614265330 ",
  "1614265330.0",
  "1614265330n",
  "1614265330, 1614265330",
  "0x6037c0f2",
  "1614265330000000",
  "１６１４２６５３３０",
  "NaN",
  "Infinity",
];
