/** The one-word form of a mix of classes, `DogBark:0.7+Rain:0.3`, which `classFromText` reads; its weights as `round` leaves them. */
export function mixText(mix: object, round: (weight: number) => number = (weight) => weight): string {
  return Object.entries(mix)
    .map(([name, weight]) => `${name}:${round(weight)}`)
    .join('+');
}
