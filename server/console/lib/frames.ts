/** Work that waits for the next frame, by whom it is for. */
const waiting = new Map<object, () => void>();

/** Does it before the next frame is drawn; of several for one owner the last. In a page that is hidden it waits. */
export function onNextFrame(owner: object, work: () => void): void {
  if (waiting.size === 0) requestAnimationFrame(flush);
  waiting.set(owner, work);
}

function flush(): void {
  const all = [...waiting.values()];
  waiting.clear();
  for (const work of all) work();
}
