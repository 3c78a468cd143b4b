// Names for the words of columns. By hand: the columns of the database have the words, and no names for them.

import type { Document, Message, Session } from "./rows.d.ts";

export type Role = Message["role"];
export type MessageStatus = Message["status"];
export type Visibility = Document["visibility"];
export type DocumentStatus = Document["status"];
/** A level of assurance, of NIST SP 800-63B. */
export type AssuranceLevel = Session["aal"];
