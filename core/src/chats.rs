//! Chats, messages and attachments.

pub mod attachment;
pub mod chat;
pub mod message;
