/** Text without the byte order mark that editors on Windows begin it with. */
export function withoutMark(text: string): string {
  return text.replace(/^\ufeff/, '');
}
