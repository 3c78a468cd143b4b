//! Chats, messages and attachments.

pub mod attachment;
pub mod chat;
pub mod chat_update;
pub mod growth;
pub mod message;
pub mod rating;
pub mod summary;
pub mod usage;
