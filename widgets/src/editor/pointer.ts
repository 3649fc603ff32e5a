/** The pointer's events on the picture, handed to the pure gestures. */
import { useLayoutEffect, useRef } from "preact/hooks";
import { toWorld } from "./camera";
import * as gestures from "./gestures";
import type { Drag } from "./gestures";
import { zoomed } from "./keyboard";
import type { Label } from "../shared/labels";
import { distance, middle, type Point } from "../shared/plane";
import { addTensor, docOf, pullLeg, type Command, type State } from "./reducer";
import type { Scene } from "../shared/scene";

interface PointerProps {
  readonly state: State;
  readonly dispatch: (command: Command) => void;
  readonly scene: Scene;
  readonly labels: ReadonlyMap<string, Label>;
  readonly drag: Drag | null;
  readonly setDrag: (drag: Drag | null) => void;
  readonly svg: { readonly current: SVGSVGElement | null };
}

export function usePointer({ state, dispatch, scene, labels, drag, setDrag, svg }: PointerProps) {
  const { network } = docOf(state);
  const { camera } = state;
  // Read by handlers between two renderings, when the state above is still the one before.
  const live = useRef<Drag | null>(null);
  live.current = drag;
  const fingers = useRef(new Map<number, Point>());

  const screenOf = (event: MouseEvent): Point => {
    const box = (svg.current as SVGSVGElement).getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const update = (next: Drag | null) => {
    live.current = next;
    setDrag(next);
  };

  useLayoutEffect(() => {
    const element = svg.current as SVGSVGElement;
    // Preact would register this one passive: the page must not scroll while the picture zooms.
    const onWheel = (event: WheelEvent) => {
      const root = element.closest(".wb-editor");
      const active = (element.getRootNode() as Document | ShadowRoot).activeElement;
      if (!event.ctrlKey && !event.metaKey && !(active && root?.contains(active))) return;
      event.preventDefault();
      const factor = Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0015) * (event.deltaMode ? 20 : 1));
      dispatch({ type: "camera", camera: zoomed(camera, factor, screenOf(event)) });
    };
    element.addEventListener("wheel", onWheel, { passive: false });
    return () => element.removeEventListener("wheel", onWheel);
  }, [camera, dispatch]);

  return {
    // Else the browser gives the focus to whatever element happens to be on top, and selects text on drags.
    onMouseDown: (event: MouseEvent) => event.preventDefault(),
    onPointerDown: (event: PointerEvent) => {
      if (event.button !== 0) return;
      const element = svg.current as SVGSVGElement;
      const screen = screenOf(event);
      const p = toWorld(camera, screen);
      fingers.current.set(event.pointerId, screen);
      if (fingers.current.size > 1) {
        update(null);
        return;
      }
      const target = gestures.targetAt(scene, labels, p, camera.k);
      element.focus({ preventScroll: true });
      if (state.editing) dispatch({ type: "type", editing: null });
      click(target, p);
      element.setPointerCapture?.(event.pointerId);
      update(gestures.begin(target, p, screen, scene, network, camera, state.tool, event.shiftKey));
    },
    onPointerMove: (event: PointerEvent) => {
      const screen = screenOf(event);
      if (fingers.current.size > 1) {
        pinch(event.pointerId, screen);
        return;
      }
      const p = toWorld(camera, screen);
      const before = live.current;
      if (!before) {
        const over = gestures.targetAt(scene, labels, p, camera.k);
        (svg.current as SVGSVGElement).dataset.over = over?.kind ?? "ground";
        return;
      }
      const after = gestures.move(before, p, screen, scene, camera);
      const command = gestures.during(before, after);
      update(after);
      if (command) dispatch(command);
    },
    onPointerUp: (event: PointerEvent) => {
      fingers.current.delete(event.pointerId);
      const last = live.current;
      if (!last) return;
      const screen = screenOf(event);
      const done = gestures.move(last, toWorld(camera, screen), screen, scene, camera);
      const command = gestures.end(done, network);
      if (done.kind === "pan") dispatch({ type: "camera", camera: done.now });
      if (command) dispatch(command);
      update(null);
    },
    onPointerCancel: (event: PointerEvent) => {
      fingers.current.delete(event.pointerId);
      update(null);
    },
    onDblClick: (event: MouseEvent) => {
      const p = toWorld(camera, screenOf(event));
      const target = gestures.targetAt(scene, labels, p, camera.k);
      if (!target) dispatch(addTensor(network, p));
      else if (target.kind === "disc" || target.kind === "rim") dispatch({ type: "type", editing: { kind: "tensor", name: target.name, field: "name" } });
      else dispatch({ type: "type", editing: { kind: "index", name: target.name, field: "size" } });
    },
  };

  function click(target: gestures.Target | null, p: Point): void {
    const tensor = target?.kind === "disc" || target?.kind === "rim";
    if (!target) dispatch(state.tool === "tensor" ? addTensor(network, p) : { type: "select", item: null });
    else if (tensor && state.tool === "leg") dispatch(pullLeg(network, target.name));
    else dispatch({ type: "select", item: { kind: tensor ? "tensor" : "index", name: target.name } });
  }

  function pinch(id: number, screen: Point): void {
    const other = [...fingers.current].find(([each]) => each !== id)?.[1];
    const before = fingers.current.get(id);
    fingers.current.set(id, screen);
    if (!other || !before) return;
    const factor = distance(screen, other) / Math.max(1, distance(before, other));
    const [from, to] = [middle(before, other), middle(screen, other)];
    const zoom = zoomed(camera, factor, from);
    dispatch({ type: "camera", camera: { ...zoom, x: zoom.x + to.x - from.x, y: zoom.y + to.y - from.y } });
  }
}

