//! Chats and their messages.

mod append_at_once;
mod append_message;
mod append_messages;
mod chat_by_index;
mod create_chat;
mod finish_message;
mod list_messages;
mod locked_chat;
mod message_item;
mod moving_tenant;
mod new_messages;
mod select_branch;
mod stored_message;
mod visible_chat;
