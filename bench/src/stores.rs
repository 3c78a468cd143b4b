//! The stores that a turn is measured on: Chatkeep, and the statement sequences of other stores,
//! replayed message by message as their libraries send them. A turn is one message of the user and
//! one answer.

mod chatkeep;
mod langchain;
mod langgraph;
mod mastra;
mod openai_agents;
mod store;
mod vercel;

pub use chatkeep::{Chatkeep, Ids};
pub use langchain::LangChain;
pub use langgraph::LangGraph;
pub use mastra::Mastra;
pub use openai_agents::OpenAiAgents;
pub use store::{MESSAGE, Store, Texts};
pub use vercel::{Driver, Vercel};
