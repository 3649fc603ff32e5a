/** Numbers that Python packs: little-endian, any alignment. */

/** How hosts hand buffers over: JupyterLab as DataView, others as arrays or the buffer itself. */
export type Packed = DataView | ArrayBuffer | Uint8Array;

export function bytesOf(packed: Packed | undefined): Uint8Array {
  if (!packed) return new Uint8Array();
  if (ArrayBuffer.isView(packed)) return new Uint8Array(packed.buffer, packed.byteOffset, packed.byteLength);
  return new Uint8Array(packed);
}

/** A copy: the bytes may start anywhere, wider numbers may not. */
function aligned(packed: Packed | undefined): ArrayBuffer {
  return bytesOf(packed).slice().buffer as ArrayBuffer;
}

export const shorts = (packed: Packed | undefined): Uint16Array => new Uint16Array(aligned(packed));
export const words = (packed: Packed | undefined): Uint32Array => new Uint32Array(aligned(packed));
export const floats = (packed: Packed | undefined): Float32Array => new Float32Array(aligned(packed));
