import type { ModelToolCall } from "./model.ts";

/** One entry of a chunk's `tool_calls`; "" stands for what the server left out. */
export interface ToolCallPiece {
  index: number | null;
  id: string;
  name: string;
  arguments: string;
}

/**
 * Puts parallel tool calls together from their pieces. Pieces of one index are one call, whatever ids they carry. Servers
 * that give no index are followed by id, then by order: a piece with a name begins a call, one without goes on with the
 * last. A whole second call under an index that already has one (some servers number every call 0) is a call of its own;
 * the same call sent twice is not.
 */
export function joinToolCalls() {
  const calls: ToolCallPiece[] = [];

  function find(piece: ToolCallPiece): ToolCallPiece | undefined {
    if (piece.index !== null) return calls.findLast((call) => call.index === piece.index);
    const sameId = piece.id === "" ? undefined : calls.findLast((call) => call.id === piece.id);
    const last = calls.at(-1);
    if (sameId !== undefined || piece.name === "") return sameId ?? last;
    const goesOn =
      piece.id === "" &&
      last?.name === piece.name &&
      last.arguments !== "" &&
      !isWhole(last.arguments);
    return goesOn ? last : undefined;
  }

  return {
    add(piece: ToolCallPiece): void {
      const call = find(piece);
      if (call === undefined || beginsAnother(call, piece)) {
        calls.push({ ...piece });
        return;
      }
      call.id ||= piece.id;
      call.name ||= piece.name;
      const sentTwice = piece.arguments === call.arguments && isWhole(call.arguments);
      if (!sentTwice) call.arguments += piece.arguments;
    },

    /** The calls in the order of their indexes; an empty id is null, and arguments that were never sent are `{}`. */
    joined(): ModelToolCall[] {
      return calls
        .map((call, position) => ({ call, order: call.index ?? position }))
        .filter(({ call }) => call.name !== "" || call.arguments !== "")
        .sort((a, b) => a.order - b.order)
        .map(({ call }) => ({
          id: call.id === "" ? null : call.id,
          name: call.name,
          arguments: call.arguments.trim() === "" ? "{}" : call.arguments,
        }));
    },
  };
}

function beginsAnother(call: ToolCallPiece, piece: ToolCallPiece): boolean {
  if (piece.name === "" || !isWhole(call.arguments)) return false;
  if (piece.id !== "" && call.id !== "" && piece.id !== call.id) return true;
  const same = piece.name === call.name && piece.arguments === call.arguments;
  return isWhole(piece.arguments) && !same;
}

/** True for the text of one JSON object: no part of it is, so what follows cannot belong to it. */
function isWhole(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
