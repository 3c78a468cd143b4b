//! Documents.

mod classification;
mod document_checksum;
mod document_item;
mod insertion;
mod register_content;
mod register_document;
mod register_documents;
mod registrar;
mod registration;
mod replacement;
mod stored_batch;
