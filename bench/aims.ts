/** What a figure should be at most. */
export interface Aim {
  name: string;
  limit: number;
  unit: string;
  value: number;
}

export function isMet({ limit, value }: Aim): boolean {
  return value <= limit;
}
