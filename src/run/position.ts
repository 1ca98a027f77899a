/** A place in a list that is newest first. There need not be anything at it any more. */
export interface Position {
  created_at_ms: number;
  id: string;
}
