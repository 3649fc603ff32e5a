/** The code view: the network as a program, in the reader's library. */
import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { Tabs } from "../shared/bar";
import { Code } from "../shared/panel";

const LIBRARIES = [
  { value: "torch", title: "PyTorch" }, { value: "numpy", title: "NumPy" },
  { value: "quimb", title: "quimb" }, { value: "tensorly", title: "TensorLy" },
];

export function Programs({ code, onCopied }: { code: Readonly<Record<string, string>>; onCopied: (text: string) => void }): VNode {
  const [library, setLibrary] = useState("torch");
  const text = code[library] ?? "";
  const title = LIBRARIES.find(({ value }) => value === library)?.title ?? library;
  return (
    <div class="wb-programs">
      <Tabs label="library" choices={LIBRARIES} chosen={library} onChoose={setLibrary} />
      {text
        ? <Code text={text} label={`the ${title} program`} onCopied={onCopied} />
        : <p class="wb-soft">The program appears here once the kernel has answered.</p>}
    </div>
  );
}
