/** The first Ctrl-C ends the request, the second one the process. */
export function onInterrupt(stop: () => void): { readonly happened: boolean; stop(): void } {
  const state = { happened: false, stop: () => void process.removeListener('SIGINT', heard) };
  const heard = (): void => {
    state.happened = true;
    stop();
  };
  process.once('SIGINT', heard);
  return state;
}
