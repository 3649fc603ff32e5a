/** The picture: draws a scene as SVG and hands what the pointer does to the pure gestures. */
import type { VNode } from "preact";
import { useCallback, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { Field } from "../shared/panel";
import { fitted, toScreen, type Size } from "./camera";
import { draw } from "../shared/geometry";
import { foretell, type Drag } from "./gestures";
import { placeLabels, type Label } from "../shared/labels";
import { DiscMark, HubMark, LabelMark, WireMark } from "../shared/parts";
import { union, type Point } from "../shared/plane";
import { usePointer } from "./pointer";
import { docOf, renameTo, resizeTo, type Command, type Item, type State } from "./reducer";
import { anchorOf, extent, type Scene } from "../shared/scene";
import { describeIndex, describeTensor } from "../shared/network";
import type { Issue } from "./sync";

interface Props {
  readonly state: State;
  readonly dispatch: (command: Command) => void;
  readonly shape: readonly number[];
  readonly issues: readonly Issue[];
  readonly size: Size;
  readonly onSize: (size: Size) => void;
}

export function sceneOf(state: State): Scene {
  const { network, positions } = docOf(state);
  return draw(network, positions);
}

export function Picture({ state, dispatch, shape, issues, size, onSize }: Props): VNode {
  const { network, positions } = docOf(state);
  const [drag, setDrag] = useState<Drag | null>(null);
  const canvas = useRef<HTMLDivElement>(null);
  const svg = useRef<SVGSVGElement>(null);
  const held = drag?.kind === "move" && drag.moved ? drag : null;
  const still = useMemo(() => {
    const scene = draw(network, positions);
    return { scene, labels: placeLabels(network, scene, shape) };
  }, [network, positions, shape]);
  const { scene, labels } = useMemo(() => {
    if (!held) return still;
    const moving = draw(network, new Map(positions).set(held.tensor, held.at));
    return { scene: moving, labels: placeLabels(network, moving, shape, still) };
  }, [still, held]);
  const spoken = useMemo(
    () => ({
      tensor: new Map([...network.tensors.keys()].map((name) => [name, describeTensor(network, name)])),
      index: new Map([...network.sizes.keys()].map((name) => [name, describeIndex(network, name)])),
    }),
    [network],
  );
  const camera = drag?.kind === "pan" ? drag.now : state.camera;

  useLayoutEffect(() => {
    const measure = () => {
      const { clientWidth: width, clientHeight: height } = canvas.current as HTMLDivElement;
      if (width && height) onSize({ width, height });
    };
    measure();
    if (typeof ResizeObserver === "undefined") return;
    const observer = new ResizeObserver(measure);
    observer.observe(canvas.current as HTMLDivElement);
    return () => observer.disconnect();
  }, [onSize]);
  useLayoutEffect(() => dispatch({ type: "camera", camera: fitted(whole(scene, labels), size) }), [state.fits, size]);

  // The focus follows the selection while it is on the picture, so that arrows and screen readers agree.
  const focusItem = () => {
    const item = state.selection && `${state.selection.kind}:${state.selection.name}`;
    const marks = [...(svg.current?.querySelectorAll<SVGElement>("[data-item]") ?? [])];
    (marks.find((mark) => mark.dataset.item === item) ?? svg.current)?.focus({ preventScroll: true });
  };
  useLayoutEffect(() => {
    const focused = (svg.current?.getRootNode() as Document | ShadowRoot | undefined)?.activeElement;
    if (state.selection && svg.current?.contains(focused ?? null)) focusItem();
  }, [state.selection]);

  const onFocus = useCallback((kind: Item["kind"], name: string) => dispatch({ type: "select", item: { kind, name } }), [dispatch]);
  const pointer = usePointer({ state, dispatch, scene, labels, drag, setDrag, svg });

  const { selection, pending } = state;
  const isSelected = (kind: Item["kind"], name: string) => selection?.kind === kind && selection.name === name;
  const target = dropTarget(drag) ?? (pending && pending.op !== "join" ? pending.target : null);
  const ailing = (kind: "tensor" | "index", name: string) => issues.some((issue) => issue[kind] === name);
  return (
    <div class="wb-canvas" ref={canvas}>
      <svg
        ref={svg}
        tabindex={0}
        role="application"
        aria-label={`network picture, ${network.tensors.size} tensors, ${network.sizes.size} indices; arrow keys select, question mark lists the keys`}
        data-tool={state.tool}
        data-drag={drag?.kind}
        {...pointer}
      >
        <defs>
          <pattern id="wb-grid" width={20} height={20} patternUnits="userSpaceOnUse" patternTransform={`translate(${camera.x % 20} ${camera.y % 20})`}>
            <circle cx={1} cy={1} r={0.8} />
          </pattern>
        </defs>
        <rect class="wb-ground" width="100%" height="100%" fill="url(#wb-grid)" />
        <g transform={`translate(${camera.x} ${camera.y}) scale(${camera.k})`}>
          <g aria-hidden="true">
            {scene.wires.map((wire, at) => (
              <WireMark
                key={`${wire.index}:${at}`}
                path={wire.path}
                width={wire.width}
                part={wire.part}
                selected={isSelected("index", wire.index)}
                faded={drag?.kind === "end" && drag.index === wire.index && wire.part === "leg"}
                issue={ailing("index", wire.index)}
              />
            ))}
            {[...scene.hubs.values()].map((hub) => (
              <HubMark key={hub.index} x={hub.x} y={hub.y} radius={hub.radius} selected={isSelected("index", hub.index)} />
            ))}
            {[...scene.tips.values()].map((tip) => <circle key={tip.index} class="wb-tip" cx={tip.x} cy={tip.y} r={9} />)}
            <Draft drag={drag} state={state} scene={scene} />
          </g>
          {[...scene.discs.values()].map((disc) => (
            <DiscMark
              key={disc.name}
              name={disc.name}
              x={disc.x}
              y={disc.y}
              fixed={disc.fixed}
              inner={disc.inner}
              selected={isSelected("tensor", disc.name)}
              target={target === disc.name}
              issue={ailing("tensor", disc.name)}
              label={spoken.tensor.get(disc.name) ?? disc.name}
              onFocus={onFocus}
            />
          ))}
          {[...labels.values()].map((label) => (
            <LabelMark
              key={label.index}
              index={label.index}
              text={label.text}
              x={label.x}
              y={label.y}
              hidden={label.crowded && !isSelected("index", label.index)}
              selected={isSelected("index", label.index)}
              issue={ailing("index", label.index) || label.text.includes("≠")}
              label={spoken.index.get(label.index) ?? label.index}
              onFocus={onFocus}
            />
          ))}
          <Foretold drag={drag} state={state} />
        </g>
      </svg>
      <Inline state={state} dispatch={dispatch} scene={scene} labels={labels} onDone={focusItem} />
      {!network.tensors.size && (
        <div class="wb-welcome">
          <b>No tensors yet</b>
          <span>Double-click here or press <kbd>t</kbd> to add one, or start from a template.</span>
        </div>
      )}
      <Hint state={state} />
    </div>
  );
}

/** What the picture fills with its names, for fitting it. */
function whole(scene: Scene, labels: ReadonlyMap<string, Label>) {
  const box = extent(scene);
  return box && [...labels.values()].filter((label) => !label.crowded).map((label) => label.box).reduce(union, box);
}

function dropTarget(drag: Drag | null): string | null {
  if (drag?.kind !== "wire" && drag?.kind !== "end") return null;
  if (drag.kind === "wire" && !drag.left) return null;
  return drag.over?.kind === "disc" || drag.over?.kind === "rim" ? drag.over.name : null;
}

/** The line being drawn, by the pointer or by keys. */
function Draft({ drag, state, scene }: { drag: Drag | null; state: State; scene: Scene }): VNode | null {
  const { pending } = state;
  if (drag?.kind === "wire" && drag.left) {
    const from = scene.discs.get(drag.from) as Point;
    return <path class="wb-draft" d={`M${from.x} ${from.y}L${drag.to.x} ${drag.to.y}`} />;
  }
  if (drag?.kind === "end") {
    const base = scene.wires.find((wire) => wire.index === drag.index && wire.part === "leg")?.controls[0];
    const bad = foretell(drag, docOf(state).network)?.bad;
    return base ? <path class={`wb-draft${bad ? " wb-bad" : ""}`} d={`M${base.x} ${base.y}L${drag.to.x} ${drag.to.y}`} /> : null;
  }
  if (!pending) return null;
  const spot = (name: string, tensor: boolean) => (tensor ? scene.discs.get(name) : (scene.tips.get(name) ?? anchorOf(scene, name)));
  const from = spot(pending.from, pending.op === "bond");
  const to = pending.target === null ? undefined : spot(pending.target, pending.op !== "join");
  if (!from || !to) return null;
  return (
    <g>
      <path class="wb-draft" d={`M${from.x} ${from.y}L${to.x} ${to.y}`} />
      {pending.op === "join" && <circle class="wb-ring wb-target" cx={to.x} cy={to.y} r={14} />}
    </g>
  );
}

/** Beside the pointer: what letting go would do. */
function Foretold({ drag, state }: { drag: Drag | null; state: State }): VNode | null {
  const told = drag && foretell(drag, docOf(state).network);
  if (!told || !(drag.kind === "wire" || drag.kind === "end")) return null;
  const { k } = state.camera;
  const clear = drag.over?.kind === "disc" || drag.over?.kind === "rim" ? { x: 30, y: 34 } : { x: 14 / k, y: 14 / k };
  return <text class={`wb-foretold${told.bad ? " wb-bad" : ""}`} x={drag.to.x + clear.x} y={drag.to.y - clear.y}>{told.text}</text>;
}

interface InlineProps {
  readonly state: State;
  readonly dispatch: (command: Command) => void;
  readonly scene: Scene;
  readonly labels: ReadonlyMap<string, Label>;
  readonly onDone: () => void;
}

/** The field that opens on a name or a size in the picture. */
function Inline({ state, dispatch, scene, labels, onDone }: InlineProps): VNode | null {
  const { editing, camera } = state;
  const { network } = docOf(state);
  if (!editing) return null;
  const place = editing.kind === "tensor" ? scene.discs.get(editing.name) : labels.get(editing.name);
  if (!place) return null;
  const { x, y } = toScreen(camera, place);
  const size = editing.field === "size";
  const commit = (text: string) =>
    dispatch(size ? resizeTo(editing.name, text === "" ? NaN : Number(text)) : renameTo(editing, text));
  return (
    <div class="wb-inline" style={{ left: `${x}px`, top: `${y}px` }}>
      <Field
        label={size ? `size of ${editing.name}` : `name of ${editing.name}`}
        value={size ? String(network.sizes.get(editing.name) ?? "") : editing.name}
        numeric={size}
        focus
        onCommit={commit}
        onLeave={() => {
          dispatch({ type: "type", editing: null });
          onDone();
        }}
      />
    </div>
  );
}

const HINTS: Readonly<Record<State["tool"], string>> = {
  select: "drag a disc to move it · drag from its rim to bond or to pull out a leg · drop a leg on a leg to join · drag a size to change it · ? for keys",
  tensor: "click where the tensor should go · Esc for Select",
  bond: "drag from one disc to another, or back to itself for a trace · Esc for Select",
  leg: "click a disc to pull out a leg · Esc for Select",
};

function Hint({ state }: { state: State }): VNode {
  const { pending, message, tool } = state;
  if (pending) {
    const verb = { bond: "bond with", join: "join with", attach: "attach to" }[pending.op];
    return <div class="wb-hint">{`${pending.from}: arrows choose, Enter to ${verb} ${pending.target ?? "…"}, Esc to leave off`}</div>;
  }
  if (message) return <div class={`wb-hint wb-${message.tone}`}>{message.text}</div>;
  return <div class="wb-hint">{HINTS[tool]}</div>;
}
