/** A network drawn small and still; indices that can be chosen are buttons. */
import type { VNode } from "preact";
import { useMemo } from "preact/hooks";
import { draw } from "./geometry";
import { placeLabels } from "./labels";
import { describeIndex, type Network } from "./network";
import { classes, HubMark, LabelMark, WireMark } from "./parts";
import { union, type Point, type Positions } from "./plane";
import { extent, RADIUS } from "./scene";

interface DiagramProps {
  readonly label: string;
  readonly network: Network;
  readonly positions: Positions;
  readonly chosen: string | null;
  readonly onChoose: (index: string) => void;
  readonly most: { readonly width: number; readonly height: number };
}

/** Discs stand closer than in the editor: here the names have to be read in a panel. */
const CLOSER = 0.58;
const LEG = 62;
const MARGIN = 4;

export function Diagram({ label, network, positions, chosen, onChoose, most }: DiagramProps): VNode | null {
  const { scene, labels } = useMemo(() => {
    const near = new Map<string, Point>([...positions].map(([name, { x, y }]) => [name, { x: x * CLOSER, y: y * CLOSER }]));
    const scene = draw(network, near, LEG);
    return { scene, labels: placeLabels(network, scene) };
  }, [network, positions]);
  const box = extent(scene);
  if (!box) return null;
  const whole = [...labels.values()].filter((each) => !each.crowded).map((each) => each.box).reduce(union, box);
  const [width, height] = [whole.right - whole.left + 2 * MARGIN, whole.bottom - whole.top + 2 * MARGIN];
  const scale = Math.min(1, most.width / width, most.height / height);
  return (
    <svg
      class="wb-diagram"
      role="group"
      aria-label={label}
      width={width * scale}
      height={height * scale}
      viewBox={`${whole.left - MARGIN} ${whole.top - MARGIN} ${width} ${height}`}
    >
      <g aria-hidden="true">
        {scene.wires.map((wire, at) => (
          <g key={`${wire.index}:${at}`} onClick={() => onChoose(wire.index)}>
            <WireMark path={wire.path} width={wire.width} part={wire.part} selected={wire.index === chosen} faded={false} issue={false} />
          </g>
        ))}
        {[...scene.hubs.values()].map((hub) => <HubMark key={hub.index} x={hub.x} y={hub.y} radius={hub.radius} selected={hub.index === chosen} />)}
        {[...scene.discs.values()].map((disc) => (
          <g key={disc.name} class={classes("wb-disc", disc.inner && "wb-inner", disc.fixed !== undefined && "wb-fixed", disc.fixed === "data" && "wb-data")} transform={`translate(${disc.x} ${disc.y})`}>
            <circle class="wb-body" r={RADIUS} />
            <text class={disc.name.length > 3 ? "wb-small" : ""}>{disc.name.slice(0, 6)}</text>
          </g>
        ))}
      </g>
      {[...labels.values()].filter((each) => !each.crowded).map((each) => (
        <g key={each.index} onClick={() => onChoose(each.index)}>
          <LabelMark
            index={each.index}
            text={each.text}
            x={each.x}
            y={each.y}
            hidden={false}
            selected={each.index === chosen}
            issue={false}
            label={describeIndex(network, each.index)}
            still={network.legs.includes(each.index)}
            onFocus={(_, index) => onChoose(index)}
          />
        </g>
      ))}
    </svg>
  );
}
