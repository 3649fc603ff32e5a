import type { Camera } from "./reducer";
import type { Box, Point } from "../shared/plane";

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Room for two lines of hints below, and some air. */
const PAD = { x: 28, top: 28, bottom: 56 };

/** The camera that shows a box in the middle of the canvas; small networks keep their natural size. */
export function fitted(box: Box | null, { width, height }: Size): Camera {
  if (!box) return { x: width / 2, y: (height - PAD.bottom + PAD.top) / 2, k: 1 };
  const k = Math.min(
    1.15,
    (width - 2 * PAD.x) / Math.max(1, box.right - box.left),
    (height - PAD.top - PAD.bottom) / Math.max(1, box.bottom - box.top),
  );
  const scale = Math.max(0.1, k);
  return {
    k: scale,
    x: width / 2 - ((box.left + box.right) / 2) * scale,
    y: (height + PAD.top - PAD.bottom) / 2 - ((box.top + box.bottom) / 2) * scale,
  };
}

export function toWorld(camera: Camera, screen: Point): Point {
  return { x: (screen.x - camera.x) / camera.k, y: (screen.y - camera.y) / camera.k };
}

export function toScreen(camera: Camera, world: Point): Point {
  return { x: world.x * camera.k + camera.x, y: world.y * camera.k + camera.y };
}
