import { visible } from "../approval/visible.ts";
import { settingsParts } from "./settings.tsx";
import { words } from "./words.ts";

/** Why calls do not start at the moment, and whether whoever reads it may turn the switch. */
export interface HeldProps {
  /** A sentence for each switch that is on. */
  reasons: readonly string[];
  mayTurn: boolean;
}

/** That gated calls are paused, where they are. */
export function Held({ reasons = [], mayTurn = false }: Partial<HeldProps>) {
  const { path, title } = settingsParts.switches;
  return (
    <div id="held" data-live="">
      {reasons.length > 0 && (
        <div class="card alarm" role="status">
          {reasons.map((reason) => (
            <p>
              <strong class="paused">{visible(reason)}</strong>
            </p>
          ))}
          <p>
            {words.held.wait} {mayTurn && <a href={path}>{title}</a>}
          </p>
        </div>
      )}
    </div>
  );
}
