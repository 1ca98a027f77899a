/**
 * Characters that a reader cannot see or that turn the text around them: control, bidirectional, zero-width, tag and
 * other format characters, variation selectors, fillers, and spaces that pass for others. Newline and tab stay.
 */
export const hidden =
  /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]|(?! )\p{Zs}/gu;

/** The text with everything invisible in it spelled out, so that what a person reads is what there is. */
export function visible(text: string): string {
  return text.replace(hidden, (char) => {
    if (char === "\n" || char === "\t") return char;
    return `\\u{${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}}`;
  });
}
