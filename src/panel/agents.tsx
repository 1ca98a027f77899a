import { visible } from "../approval/visible.ts";
import type { Tool } from "../tools/tool.ts";
import { type Frame, Settings } from "./settings.tsx";
import { gateInWords, ToolPolicy } from "./tool-policy.tsx";

/** An agent or a team, as far as this page shows it. */
export interface AgentShown {
  id: string;
  name: string;
  description: string | null;
  sourceType: "agent" | "team";
  model: { id: string; provider: string };
  tools: ReadonlyMap<string, Tool>;
  members: ReadonlyMap<string, { id: string; name: string }>;
}

/** Every agent and team, its tools, and what stands before each. */
export function Agents({ agents, frame }: { agents: readonly AgentShown[]; frame: Frame }) {
  return (
    <Settings part="agents" frame={frame}>
      {agents.length === 0 && (
        <p class="card">
          There are no agents yet: give <code>AgentOS</code> some, as <code>agents</code> or{" "}
          <code>teams</code>.
        </p>
      )}
      {agents.map((agent) => (
        <Agent agent={agent} />
      ))}
    </Settings>
  );
}

function Agent({ agent }: { agent: AgentShown }) {
  const { description, id, members, model, name, sourceType, tools } = agent;
  return (
    <section id={`agent-${id}`}>
      <h2>
        {visible(name)} <span class="dim">({sourceType === "team" ? "team" : "agent"})</span>
      </h2>
      {description !== null && <p class="said">{visible(description)}</p>}
      <dl>
        <dt>Id</dt>
        <dd>{id}</dd>
        <dt>Model</dt>
        <dd>{visible(`${model.id}, ${model.provider}`)}</dd>
        {members.size > 0 && (
          <>
            <dt>Members</dt>
            <dd>
              {[...members.values()].map((member, n) => (
                <>
                  {n > 0 && ", "}
                  <a href={`#agent-${member.id}`}>{visible(member.name)}</a>
                </>
              ))}
            </dd>
          </>
        )}
      </dl>
      {tools.size === 0 && <p class="card">It has no tools.</p>}
      <ul class="list">
        {[...tools.values()].map((tool) => (
          <ToolCard tool={tool} />
        ))}
      </ul>
    </section>
  );
}

function ToolCard({ tool }: { tool: Tool }) {
  return (
    <li class="card">
      <h3>{tool.name}</h3>
      {tool.description !== "" && <p class="dim said">{visible(tool.description)}</p>}
      <p>{visible(gateInWords(tool))}</p>
      {tool.approval?.type === "required" && (
        <details>
          <summary>Policy of {tool.name}</summary>
          <ToolPolicy policy={tool.approval} />
        </details>
      )}
    </li>
  );
}
