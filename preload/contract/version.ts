/** Version of the contract between a page and the engine thread. A page of another version is told to reload. */
export const CONTRACT_VERSION = 1

/** A frame from a page to the engine thread may have this many bytes at the most; a longer one ends the connection. Answers may be longer. */
export const FRAME_BYTES_MAX = 256 * 1024
