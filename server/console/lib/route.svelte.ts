export const views = [
  { id: 'play', label: 'Play' },
  { id: 'watch', label: 'Watch' },
  { id: 'choose', label: 'Choose' },
  { id: 'machine', label: 'Machine' },
  { id: 'teach', label: 'Teach' },
] as const;

export type ViewId = (typeof views)[number]['id'];

/** Which view the address names: `#choose`. */
class Route {
  view = $state<ViewId>(read());

  constructor() {
    addEventListener('hashchange', () => (this.view = read()));
  }
}

function read(): ViewId {
  const name = location.hash.slice(1);
  return views.find(({ id }) => id === name)?.id ?? 'play';
}

export const route = new Route();

/** Whether a key press belongs to a field that is being written in. */
export function isWriting(event: KeyboardEvent): boolean {
  const target = event.target as HTMLElement | null;
  return (
    event.ctrlKey ||
    event.metaKey ||
    event.altKey ||
    target?.matches('input:not([type=range]):not([type=checkbox]), textarea, select, [contenteditable]') === true ||
    document.querySelector('dialog[open]') !== null
  );
}
