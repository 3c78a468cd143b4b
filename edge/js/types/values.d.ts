// The values that arguments and rows are made of. By hand: SQL has no such types.

/** Any JSON value. */
export type Json = string | number | boolean | null | Json[] | JsonObject;
export type JsonObject = { [key: string]: Json | undefined };

/** A UUID in its usual form. */
export type Uuid = string;
/** A timestamptz as the gateway prints it, to the microsecond. Pass it back unchanged: a Date loses the last three digits. */
export type Timestamp = string;
/** A length of time: a number of seconds, or PostgreSQL's text, such as "30 days". */
export type Interval = number | string;
export type Bytes = ArrayBuffer | ArrayBufferView;
