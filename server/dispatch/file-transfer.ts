/** A file in the body of a request. */
export interface IncomingFile {
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** A file sent as the answer. */
export interface OutgoingFile {
  /** Suggested file name. */
  readonly name: string;
  readonly bytes: number;
  /** Two files of one tag have the same bytes. */
  readonly tag: string;
  /** Bytes from `from` up to, not including, `to`. */
  read(from: number, to: number): AsyncIterable<Uint8Array>;
}

/** Files in and out of one request; both null over transports that carry no files. */
export interface FileTransfer {
  readonly incoming: IncomingFile | null;
  /** Sends a file in place of the answer, or the range of it that the client asked for; rejects if it cannot be read. */
  readonly deliver: ((file: OutgoingFile) => Promise<void>) | null;
}

export const noFiles: FileTransfer = { incoming: null, deliver: null };
