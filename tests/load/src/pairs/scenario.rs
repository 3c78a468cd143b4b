//! One pair of calls at one gate, and the checks of its results.

use super::calls::{Call, Effect};
use super::gates::{Gate, WAIT_FOR_GATE};
use super::scene::Scene;
use super::worker::Worker;
use crate::connection::{Answer, Outcome, Place, Refusal, rows, text, value};
use crate::dice::Dice;
use crate::report::Report;
use crate::{store, verdict};
use postgres::Client;

/// The `statement_timeout`, as on Supabase. No call may wait longer for another one.
const TIMEOUT: &str = "8s";

/// Two calls, and the lock at which the first one is stopped.
#[derive(Clone, Copy)]
pub struct Pair {
    pub first: &'static Call,
    pub second: &'static Call,
    pub gate: &'static Gate,
}

/// The connections: the holder of the gate, an observer, and the two callers.
pub struct Stage {
    gate: Client,
    observer: Client,
    first: Worker,
    second: Worker,
    /// Replaces the second caller if the database's owner acts.
    operator: Worker,
}

impl Stage {
    pub fn open(place: &Place) -> Outcome<Self> {
        Ok(Self {
            gate: place.superuser("60s")?,
            observer: place.superuser("60s")?,
            first: Worker::open(place.caller(TIMEOUT)?)?,
            second: Worker::open(place.caller(TIMEOUT)?)?,
            operator: Worker::open(place.superuser(TIMEOUT)?)?,
        })
    }

    pub fn play(&mut self, pair: Pair, mut dice: Dice, report: &mut Report) -> Outcome<()> {
        let Pair {
            first,
            second,
            gate,
        } = pair;
        let scene = Scene::set(&mut self.observer, &mut dice)?;
        rows(&mut self.gate, &format!("begin; {}", gate.lock(&scene)))?;
        let last = if gate.is_the_commit() {
            WAIT_FOR_GATE
        } else {
            ""
        };
        self.first.start(first.request(&scene, 0, last))?;
        self.first.settle(&mut self.observer)?;
        let beside = if second.is_of_operator() {
            &mut self.operator
        } else {
            &mut self.second
        };
        beside.start(second.request(&scene, 1, ""))?;
        beside.settle(&mut self.observer)?;
        rows(&mut self.gate, "rollback")?;
        let answers = [self.first.end()?, beside.end()?];

        let mut found = Report::default();
        for ((side, answer), (own, other)) in answers
            .iter()
            .enumerate()
            .zip([(first, second), (second, first)])
        {
            verdict::judge(&mut found, own.name, &own.sql(&scene, side), answer);
            if let Err(refusal) = answer
                && verdict::is_documented(refusal)
                && !is_due(refusal, own, other)
            {
                found.fault(
                    format!("{} was refused with {refusal}", own.name),
                    own.sql(&scene, side),
                );
            }
            self.check_appended(&scene, side, own, answer, &mut found)?;
        }
        if gate.is_the_commit() {
            self.check_ended(first, second, &answers, &mut found)?;
        }
        store::check(&mut self.observer, &mut found, "")?;
        report.merge(found.at(&format!("{} beside {}", first.name, second.name), gate.name));
        Ok(())
    }

    /// Acknowledged messages are in the chat, as long as the chat exists.
    fn check_appended(
        &mut self,
        scene: &Scene,
        side: usize,
        call: &Call,
        answer: &Answer,
        found: &mut Report,
    ) -> Outcome<()> {
        let appends = call.name.starts_with("append_message") || call.name == "import_chat";
        let new = scene.new_id(side);
        if !appends || answer.is_err() || !call.sql(scene, side).contains(new) {
            return Ok(());
        }
        let sql = format!(
            "select not exists (select from chatkeep.chats where id = '{}')
               or exists (select from chatkeep.messages where id = '{new}')",
            scene.live
        );
        if value(&mut self.observer, &sql)? != "t" {
            found.fault(
                format!("What {} had acknowledged is not in the chat", call.name),
                call.sql(scene, side),
            );
        }
        Ok(())
    }

    /// A call that ends all sessions of a user also ends those that are being created.
    fn check_ended(
        &mut self,
        first: &Call,
        second: &Call,
        answers: &[Answer; 2],
        found: &mut Report,
    ) -> Outcome<()> {
        let [Ok(made), Ok(_)] = answers else {
            return Ok(());
        };
        if !first.name.starts_with("create_session") || second.name != "revoke_all_sessions" {
            return Ok(());
        }
        for session in made.iter().map(|row| text(row, "session_id")) {
            let sql = format!(
                "select count(*) from chatkeep.sessions where id = '{session}' and revoked_at is null"
            );
            if value(&mut self.observer, &sql)? != "0" {
                found.fault(
                    "A session that was being made outlives the end of all",
                    session,
                );
            }
        }
        Ok(())
    }
}

/// Whether the other call's effect explains a documented refusal.
fn is_due(refusal: &Refusal, own: &Call, other: &Call) -> bool {
    if own.disturbs() {
        // A move may be refused completely, with a hint.
        return own.effect == Effect::Moves && refusal.code == "PT409";
    }
    if own.is_through_a_share() {
        return matches!(refusal.code.as_str(), "42501" | "PT404");
    }
    let user_is_gone = matches!(other.effect, Effect::Disables | Effect::DeletesUser);
    match refusal.code.as_str() {
        "42501" => {
            verdict::is_about_rights_of_others(refusal)
                || (own.is_for_ada() && (user_is_gone || other.effect == Effect::Moves))
        }
        "PT404" | "PT410" if verdict::is_about_the_chat(refusal) => {
            user_is_gone
                || matches!(
                    other.effect,
                    Effect::DeletesChat | Effect::PurgesChats | Effect::Transfers
                )
        }
        "PT404" | "PT409" | "PT410" => true,
        // No argument is bad.
        _ => false,
    }
}
