//! The database: callers with their own connections, and a superuser who moves times.

use crate::connection::{self, Outcome, run};
use chatkeep_core::documents::model::{Person, Registration};
use postgres::{Client, SimpleQueryRow};

/// The most callers that register at the same time.
pub const CALLERS: usize = 3;

/// The answer to a call: outcome or status with the document's id, or the SQLSTATE of the refusal.
pub type Seen = Result<(String, String), String>;

pub struct Database {
    callers: Vec<Client>,
    superuser: Client,
    /// The ids of Ada, Bob and Eve.
    people: Vec<String>,
}

impl Database {
    pub fn open() -> Outcome<Self> {
        Ok(Self {
            callers: connection::callers(CALLERS)?,
            superuser: connection::superuser()?,
            people: Vec::new(),
        })
    }

    /// Makes new people for a history.
    pub fn begin(&mut self) -> Outcome<()> {
        let rows = run(
            &mut self.superuser,
            "with new as (
               insert into auth.users (id) select gen_random_uuid() from generate_series(1, 3) returning id
             ), placed as (select id, row_number() over (order by id) as place from new),
             -- This connection fires no triggers, which would make the tenants.
             tenants as (insert into chatkeep.tenants (id) select id from placed where place <> 2)
             select p.id, m.tenant_id from placed p, lateral chatkeep.add_member(
               case p.place when 3 then p.id else (select id from placed where place = 1) end, p.id) m order by p.place",
        )?;
        self.people = rows
            .iter()
            .filter_map(|row| row.get("id").map(str::to_owned))
            .collect();
        Ok(())
    }

    /// Lets more than an hour pass for every document that is being ingested.
    pub fn pass_an_hour(&mut self) -> Outcome<()> {
        let sql = format!(
            "update chatkeep.documents set updated_at = updated_at - interval '61 minutes'
             where user_id in ('{}') and status = 'processing'",
            self.people.join("','")
        );
        run(&mut self.superuser, &sql).map(drop)
    }

    /// Registers documents, each by its own caller; several at the same time.
    pub fn register(&mut self, calls: &[(Person, Registration)]) -> Outcome<Vec<Seen>> {
        let statements: Vec<String> = calls
            .iter()
            .map(|(who, new)| {
                let call = format!(
                    "select outcome as said, id from chatkeep.register_document('{}', '{}', title => {}, visibility => '{}')",
                    source(*new),
                    checksum(*new),
                    new.title.map_or_else(|| "null".to_owned(), |title| format!("'{title}'")),
                    visibility(*new),
                );
                self.transaction(*who, &call)
            })
            .collect();
        if let ([statement], Some(caller)) = (statements.as_slice(), self.callers.first_mut()) {
            return Ok(vec![one(connection::answer(caller, statement)?)?]);
        }
        std::thread::scope(|scope| {
            let running: Vec<_> = self
                .callers
                .iter_mut()
                .zip(&statements)
                .map(|(caller, statement)| {
                    scope.spawn(move || one(connection::answer(caller, statement)?))
                })
                .collect();
            let joined = running.into_iter().map(std::thread::ScopedJoinHandle::join);
            joined
                .map(|seen| seen.map_err(|_| "a caller broke down".to_owned())?)
                .collect()
        })
    }

    /// Registers a batch.
    pub fn register_all(&mut self, who: Person, batch: &[Registration]) -> Outcome<Vec<Seen>> {
        let items: Vec<String> = batch
            .iter()
            .map(|new| {
                format!(
                    r#"{{"source_uri":"{}","checksum":"{}","title":{},"visibility":"{}"}}"#,
                    source(*new),
                    checksum(*new),
                    new.title
                        .map_or_else(|| "null".to_owned(), |title| format!("\"{title}\"")),
                    visibility(*new),
                )
            })
            .collect();
        let call = format!(
            "select outcome as said, id from chatkeep.register_documents('[{}]')",
            items.join(",")
        );
        Ok(match self.ask(who, &call)? {
            Ok(rows) => rows.iter().map(|row| Ok(said(row))).collect(),
            Err(refusal) => vec![Err(refusal)],
        })
    }

    pub fn set_status(&mut self, who: Person, id: &str, status: &str) -> Outcome<Seen> {
        let call = format!(
            "select status as said, id from chatkeep.set_document_status('{id}', '{status}')"
        );
        one(self.ask(who, &call)?)
    }

    pub fn delete(&mut self, who: Person, id: &str) -> Outcome<Seen> {
        let call = format!("select status as said, id from chatkeep.delete_document('{id}')");
        one(self.ask(who, &call)?)
    }

    /// The rows of all three people by id, each in the form of the model's documents.
    pub fn stored(&mut self) -> Outcome<Vec<(String, String)>> {
        let [ada, bob, eve] = [Person::Ada, Person::Bob, Person::Eve].map(|who| self.id(who));
        let sql = format!(
            "select d.id, concat_ws(' ',
               case d.user_id when '{ada}' then 'Ada' when '{bob}' then 'Bob' when '{eve}' then 'Eve' end,
               array_to_string(d.source_uri || d.aliases, ','), right(d.checksum, 1),
               case d.visibility when 'tenant' then 'true' else 'false' end, coalesce(d.title, '-'), d.status,
               coalesce(d.supersedes::text, '-'), case when d.deleted_at is null then 'false' else 'true' end) as line
             from chatkeep.documents d where d.user_id in ('{ada}', '{bob}', '{eve}') order by d.id::text collate \"C\""
        );
        let rows = run(&mut self.superuser, &sql)?;
        let text = |row: &SimpleQueryRow, column| row.get(column).unwrap_or_default().to_owned();
        Ok(rows
            .iter()
            .map(|row| (text(row, "id"), text(row, "line")))
            .collect())
    }

    fn ask(&mut self, who: Person, call: &str) -> Outcome<Result<Vec<SimpleQueryRow>, String>> {
        let statement = self.transaction(who, call);
        let caller = self.callers.first_mut().ok_or("there is no caller")?;
        connection::answer(caller, &statement)
    }

    fn id(&self, who: Person) -> &str {
        let place = match who {
            Person::Ada => 0,
            Person::Bob => 1,
            Person::Eve => 2,
        };
        self.people.get(place).map_or("", String::as_str)
    }

    /// A transaction in one message, as `PostgREST` sends it for its caller.
    fn transaction(&self, who: Person, call: &str) -> String {
        let claims = format!(r#"{{"role":"authenticated","sub":"{}"}}"#, self.id(who));
        format!(
            "begin; set local role authenticated; set local request.jwt.claims = '{claims}'; {call}; commit"
        )
    }
}

fn source(new: Registration) -> String {
    new.source.to_string()
}

fn checksum(new: Registration) -> String {
    format!("{:064}", new.bytes)
}

const fn visibility(new: Registration) -> &'static str {
    if new.shared { "tenant" } else { "private" }
}

fn one(answer: Result<Vec<SimpleQueryRow>, String>) -> Outcome<Seen> {
    match answer {
        Ok(rows) => rows
            .first()
            .map(|row| Ok(said(row)))
            .ok_or_else(|| "a call returned no row".to_owned()),
        Err(refusal) => Ok(Err(refusal)),
    }
}

fn said(row: &SimpleQueryRow) -> (String, String) {
    let text = |column| row.get(column).unwrap_or_default().to_owned();
    (text("said"), text("id"))
}
