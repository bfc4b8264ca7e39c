/** A file that comes with a request. */
export interface IncomingFile {
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** A file that is an answer. */
export interface OutgoingFile {
  /** What it may be called. */
  readonly name: string;
  readonly bytes: number;
  /** Two files of one tag have the same bytes. */
  readonly tag: string;
  /** Bytes from `from` up to, not including, `to`. */
  read(from: number, to: number): AsyncIterable<Uint8Array>;
}

/** How files come and go beside a request: neither over most transports. */
export interface FileWays {
  /** The file that came along. */
  readonly incoming: IncomingFile | null;
  /** Hands a file over in place of the answer, as far as the client wants it; rejects where it could not be read. */
  readonly deliver: ((file: OutgoingFile) => Promise<void>) | null;
}

export const noFiles: FileWays = { incoming: null, deliver: null };
