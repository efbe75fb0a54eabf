//! Which of several servers takes writes, and whether a named lock means anything there.

use sqlx::Row as _;
use sqlx::mysql::{MySqlConnection, MySqlRow};

use super::error::DbError;

/// What a server says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Its `server_uuid`, the same behind each of its names.
    pub uuid: String,
    /// `read_only`, which `super_read_only` turns on as well.
    pub read_only: bool,
    /// The replication group that it is set up for, in it or not.
    pub group: Option<Group>,
}

/// A replication group, as one of its servers sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Whether only one member takes writes.
    pub single_primary: bool,
    /// Those that it knows.
    pub members: Vec<Member>,
}

/// One member of a replication group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its `server_uuid`.
    pub uuid: String,
    /// Its host and port as the others know them (`report_host`), which need not be those of a URL.
    pub server: String,
    /// `ONLINE`, `RECOVERING`, `OFFLINE`, `ERROR` or `UNREACHABLE`.
    pub state: String,
    /// Whether it takes writes, where it can.
    pub primary: bool,
}

// no `@@` for what only a plugin knows; both ask for no privilege
const STANDING: &str = "
    SELECT @@GLOBAL.server_uuid, @@GLOBAL.read_only,
           (SELECT VARIABLE_VALUE FROM performance_schema.global_variables WHERE VARIABLE_NAME = 'group_replication_group_name'),
           (SELECT VARIABLE_VALUE FROM performance_schema.global_variables
            WHERE VARIABLE_NAME = 'group_replication_single_primary_mode')";
const MEMBERS: &str = "
    SELECT MEMBER_ID, CONCAT(MEMBER_HOST, ':', MEMBER_PORT), MEMBER_STATE, MEMBER_ROLE = 'PRIMARY'
    FROM performance_schema.replication_group_members ORDER BY MEMBER_HOST, MEMBER_PORT";

/// Asks a server what it is. Errors: also an account that may not see the members of its group.
pub async fn standing(conn: &mut MySqlConnection) -> Result<Standing, DbError> {
    let failed = |error: sqlx::Error| DbError::new("could not ask whether the server takes writes", &error);
    let row = sqlx::raw_sql(STANDING).fetch_one(&mut *conn).await.map_err(failed)?;
    let text = |column| row.try_get_unchecked::<Option<String>, _>(column).map(Option::unwrap_or_default);
    let uuid = text(0).map_err(failed)?;
    let read_only = row.try_get_unchecked::<i64, _>(1).map_err(failed)? != 0;
    if text(2).map_err(failed)?.is_empty() {
        return Ok(Standing { uuid, read_only, group: None });
    }
    let single_primary = text(3).map_err(failed)? == "ON";
    let failed = |error: sqlx::Error| DbError::new("could not ask for the members of the replication group", &error);
    let rows = sqlx::raw_sql(MEMBERS).fetch_all(conn).await.map_err(failed)?;
    let members = rows.iter().map(member).collect::<Result<_, _>>().map_err(failed)?;
    Ok(Standing { uuid, read_only, group: Some(Group { single_primary, members }) })
}

fn member(row: &MySqlRow) -> Result<Member, sqlx::Error> {
    Ok(Member {
        uuid: row.try_get_unchecked(0)?,
        server: row.try_get_unchecked(1)?,
        state: row.try_get_unchecked(2)?,
        primary: row.try_get_unchecked::<i64, _>(3)? != 0,
    })
}

impl Standing {
    /// Whether a named lock, which its server alone knows, keeps all other runs out: not where others take writes as well
    /// (MySQL manual, Group Replication Limitations). Errors: why it does not.
    pub fn keeps_others_out(&self) -> Result<(), String> {
        let Some(group) = &self.group else { return Ok(()) };
        let Some(own) = group.members.iter().find(|member| member.uuid == self.uuid) else {
            return Err("it is not in its replication group".to_owned());
        };
        if own.state != "ONLINE" {
            return Err(format!("it is `{}` in its replication group", own.state));
        }
        let lost = group.members.iter().filter(|member| member.state == "UNREACHABLE").count();
        if lost * 2 >= group.members.len() {
            let all = group.members.len();
            return Err(format!(
                "its replication group has lost the majority: {lost} of {all} members are out of reach"
            ));
        }
        if !group.single_primary {
            return Err("its replication group has several primaries, and a lock is known to one alone".to_owned());
        }
        if own.primary {
            return Ok(());
        }
        Err(match group.members.iter().find(|member| member.primary) {
            Some(primary) => format!("it is a secondary; the primary is `{}`", primary.server),
            None => "it is a secondary, and there is no primary".to_owned(),
        })
    }

    /// Whether it takes writes, and is the only one that does. Errors: why it does not.
    pub fn takes_writes(&self) -> Result<(), String> {
        self.keeps_others_out()?;
        if self.read_only { Err("it is read-only".to_owned()) } else { Ok(()) }
    }

    fn is_in_group(&self) -> bool {
        let Some(group) = &self.group else { return false };
        group.members.iter().any(|member| member.uuid == self.uuid && member.state == "ONLINE")
    }
}

/// What helps who is refused.
pub const CURE: &str = "connect to the primary of a single-primary group";

/// Refuses a server on which a named lock [keeps nobody out](Standing::keeps_others_out). `what`: the clause of the error.
pub async fn require(conn: &mut MySqlConnection, what: impl Into<String>) -> Result<(), DbError> {
    let refused = |reason| DbError::because(what, reason).with_cure(CURE);
    standing(conn).await?.keeps_others_out().map_err(refused)
}

/// What came of asking one host.
pub type Answer = (String, Result<Standing, String>);

/// Which of several hosts to go to.
#[derive(Debug, PartialEq, Eq)]
pub enum Choice {
    /// The one that takes writes, by its place in the list.
    Primary(usize),
    /// None now, but a group whose primary is gone elects another one.
    Electing(String),
    /// None, or more than one.
    None(String),
}

/// Which of the hosts takes writes. Pure. Where one of them is in a replication group, one that is outside does not count, though
/// it may take writes: it has been left behind.
#[must_use]
pub fn choose(answers: &[Answer]) -> Choice {
    let standings =
        || answers.iter().enumerate().filter_map(|(place, (_, answer))| Some((place, answer.as_ref().ok()?)));
    let in_group = standings().any(|(_, standing)| standing.is_in_group());
    let writable: Vec<_> = standings()
        .filter(|(_, standing)| standing.takes_writes().is_ok() && (!in_group || standing.is_in_group()))
        .collect();
    if let [(place, first), others @ ..] = writable.as_slice() {
        let Some((other, _)) = others.iter().find(|(_, other)| other.uuid != first.uuid) else {
            return Choice::Primary(*place);
        };
        let (one, two) = (&answers[*place].0, &answers[*other].0);
        return Choice::None(format!("both `{one}` and `{two}` take writes"));
    }
    let reason = |(host, answer): &Answer| {
        let reason = match answer.as_ref().map(Standing::takes_writes) {
            Ok(Ok(())) => "it is not in the replication group of the others",
            Ok(Err(reason)) => &reason.clone(),
            Err(reason) => reason,
        };
        format!("`{host}`: {reason}")
    };
    let why = answers.iter().map(reason).collect::<Vec<_>>().join("; ");
    // a member that can't be reached may be the primary that the others have not yet given up
    let all_answer = answers.iter().all(|(_, answer)| answer.is_ok());
    let elsewhere = all_answer && standings().any(|(_, standing)| primary_elsewhere(standing, answers));
    let has_several =
        standings().any(|(_, standing)| standing.group.as_ref().is_some_and(|group| !group.single_primary));
    if in_group && !elsewhere && !has_several { Choice::Electing(why) } else { Choice::None(why) }
}

/// Whether the primary is none of those who answered.
fn primary_elsewhere(standing: &Standing, answers: &[Answer]) -> bool {
    let members = standing.group.iter().flat_map(|group| &group.members);
    let mut primaries = members.filter(|member| member.primary && member.state == "ONLINE");
    let answered =
        |uuid: &str| answers.iter().any(|(_, answer)| answer.as_ref().is_ok_and(|standing| standing.uuid == uuid));
    primaries.any(|primary| !answered(&primary.uuid))
}

#[cfg(test)]
mod tests;
