/** The class names of the active voice, by id. */
export async function classNames(http: string): Promise<Map<number, string>> {
  const answer = await fetch(`${http}/v1/voice.list`, { method: 'POST', body: '{}' });
  const { data } = (await answer.json()) as {
    data: { voices: { active: boolean; classes: { id: number; name: string }[] }[] };
  };
  const active = data.voices.find((voice) => voice.active);
  return new Map(active?.classes.map(({ id, name }) => [id, name]));
}
