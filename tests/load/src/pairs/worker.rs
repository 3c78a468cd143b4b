//! A connection that runs a call in the background.

use crate::connection::{Answer, Outcome, answer, value};
use postgres::Client;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

/// The longest wait for an answer. Every statement has a lower timeout.
const LONGEST: Duration = Duration::from_mins(1);

pub struct Worker {
    calls: Sender<String>,
    answers: Receiver<Outcome<Answer>>,
    answered: Option<Answer>,
    pid: String,
}

impl Worker {
    pub fn open(mut client: Client) -> Outcome<Self> {
        let pid = value(&mut client, "select pg_backend_pid()")?;
        let (calls, to_call) = channel::<String>();
        let (to_answer, answers) = channel();
        std::thread::spawn(move || {
            for call in to_call {
                if to_answer.send(answer(&mut client, &call)).is_err() {
                    return;
                }
            }
        });
        Ok(Self {
            calls,
            answers,
            answered: None,
            pid,
        })
    }

    pub fn start(&mut self, call: String) -> Outcome<()> {
        self.answered = None;
        self.calls
            .send(call)
            .map_err(|_| "a worker broke down".to_owned())
    }

    /// Waits until the call waits for a lock, or has ended.
    pub fn settle(&mut self, observer: &mut Client) -> Outcome<()> {
        let end = Instant::now() + LONGEST;
        let question = format!("select cardinality(pg_blocking_pids({})) > 0", self.pid);
        while Instant::now() < end {
            if self.is_over(Duration::from_millis(1))? || value(observer, &question)? == "t" {
                return Ok(());
            }
        }
        Err("a call neither waited for a lock nor ended".to_owned())
    }

    /// Waits for the answer.
    pub fn end(&mut self) -> Outcome<Answer> {
        if !self.is_over(LONGEST)? {
            return Err("a call did not end".to_owned());
        }
        self.answered
            .take()
            .ok_or_else(|| "a call had no answer".to_owned())
    }

    fn is_over(&mut self, patience: Duration) -> Outcome<bool> {
        if self.answered.is_some() {
            return Ok(true);
        }
        match self.answers.recv_timeout(patience) {
            Ok(answered) => {
                self.answered = Some(answered?);
                Ok(true)
            }
            Err(RecvTimeoutError::Timeout) => Ok(false),
            Err(RecvTimeoutError::Disconnected) => Err("a worker broke down".to_owned()),
        }
    }
}
