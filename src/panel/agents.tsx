import { visible } from "../approval/visible.ts";
import type { Tool } from "../tools/tool.ts";
import { type Frame, Settings } from "./settings.tsx";
import { gateInWords, ToolPolicy } from "./tool-policy.tsx";
import { words } from "./words.ts";

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
          {words.agents.none((name) => (
            <code>{name}</code>
          ))}
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
        {visible(name)} <span class="dim">{words.agents.kinds[sourceType]}</span>
      </h2>
      {description !== null && <p class="said">{visible(description)}</p>}
      <dl>
        <dt>{words.agents.id}</dt>
        <dd>{id}</dd>
        <dt>{words.agents.model}</dt>
        <dd>{visible(`${model.id}, ${model.provider}`)}</dd>
        {members.size > 0 && (
          <>
            <dt>{words.agents.members}</dt>
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
      {tools.size === 0 && <p class="card">{words.agents.noTools}</p>}
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
          <summary>{words.agents.policyOf(tool.name)}</summary>
          <ToolPolicy policy={tool.approval} />
        </details>
      )}
    </li>
  );
}
