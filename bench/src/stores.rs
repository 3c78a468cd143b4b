//! The stores on which a turn is measured: Chatkeep, and the statement sequences of other stores, replayed message by
//! message as their libraries send them. A turn is a message of the user and an answer.

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
