use super::*;

fn alone(uuid: &str, read_only: bool) -> Standing {
    Standing { uuid: uuid.to_owned(), read_only, group: None }
}

/// `members`: `a+ b c!`, the primary with `+`, one that is out of reach with `!`, one that is offline with `-`.
fn member_of(uuid: &str, read_only: bool, members: &str) -> Standing {
    let member = |text: &str| {
        let state = match text.trim_start_matches(|c: char| c.is_alphanumeric()).trim_start_matches('+') {
            "!" => "UNREACHABLE",
            "-" => "OFFLINE",
            _ => "ONLINE",
        };
        let name = text.trim_end_matches(['+', '!', '-']);
        let primary = text.contains('+');
        Member { uuid: name.to_owned(), server: format!("{name}:3306"), state: state.to_owned(), primary }
    };
    let members = members.split(' ').map(member).collect();
    Standing { uuid: uuid.to_owned(), read_only, group: Some(Group { single_primary: true, members }) }
}

/// None has no standing: nobody answers there.
fn choice(answers: &[(&str, Option<Standing>)]) -> Choice {
    let answer = |standing: &Option<Standing>| standing.clone().ok_or_else(|| "connection refused".to_owned());
    let answers: Vec<_> = answers.iter().map(|(host, standing)| ((*host).to_owned(), answer(standing))).collect();
    choose(&answers)
}

#[test]
fn the_one_that_takes_writes() {
    assert_eq!(choice(&[("a", Some(alone("a", true))), ("b", Some(alone("b", false)))]), Choice::Primary(1));
    assert_eq!(choice(&[("a", None), ("b", Some(alone("b", false)))]), Choice::Primary(1));
    // two names of one server
    assert_eq!(choice(&[("a", Some(alone("a", false))), ("A", Some(alone("a", false)))]), Choice::Primary(0));
    let view = "a b+ c";
    let answers = [
        ("a", Some(member_of("a", true, view))),
        ("b", Some(member_of("b", false, view))),
        ("c", Some(member_of("c", true, view))),
    ];
    assert_eq!(choice(&answers), Choice::Primary(1));
    // `a` was the primary, is back, and takes writes as if it were alone
    assert_eq!(
        choice(&[("a", Some(member_of("a", false, "a-"))), ("b", Some(member_of("b", false, "b+ c")))]),
        Choice::Primary(1)
    );
    // cut off from the others, `a` still holds itself for the primary
    let answers = [("a", Some(member_of("a", false, "a+ b! c!"))), ("b", Some(member_of("b", false, "b+ c")))];
    assert_eq!(choice(&answers), Choice::Primary(1));
}

#[test]
fn an_election_is_waited_for() {
    // the others have not noticed yet that `a` is gone; then they have; then `b` is elected, and works off what it has received
    for (view, other) in [("a+ b c", "a+ b c"), ("a+! b c", "a+! b c"), ("b+ c", "b+ c")] {
        let found =
            choice(&[("a", None), ("b", Some(member_of("b", true, view))), ("c", Some(member_of("c", true, other)))]);
        assert!(matches!(found, Choice::Electing(_)), "{found:?}");
    }
    assert_eq!(
        choice(&[("a", None), ("b", Some(member_of("b", true, "a+! b c")))]),
        Choice::Electing("`a`: connection refused; `b`: it is a secondary; the primary is `a:3306`".to_owned())
    );
}

#[test]
fn none_is_said_at_once() {
    for (answers, why) in [
        (vec![("a", Some(alone("a", true))), ("b", None)], "`a`: it is read-only; `b`: connection refused"),
        (vec![("a", None), ("b", None)], "`a`: connection refused; `b`: connection refused"),
        (vec![("a", Some(alone("a", false))), ("b", Some(alone("b", false)))], "both `a` and `b` take writes"),
        // the primary is not in the URL
        (
            vec![("a", Some(member_of("a", true, "a b c+"))), ("b", Some(member_of("b", true, "a b c+")))],
            "`a`: it is a secondary; the primary is `c:3306`; `b`: it is a secondary; the primary is \
             `c:3306`",
        ),
        // who is left behind must not be taken for the primary
        (
            vec![("a", Some(member_of("a", false, "a-"))), ("b", None)],
            "`a`: it is `OFFLINE` in its replication group; `b`: connection refused",
        ),
    ] {
        assert_eq!(choice(&answers), Choice::None(why.to_owned()));
    }
    // a group that has lost its majority can't elect, but gets its members back
    let found = choice(&[("a", Some(member_of("a", false, "a+ b! c!"))), ("b", None)]);
    let why = "`a`: its replication group has lost the majority: 2 of 3 members are out of reach; `b`: \
               connection refused";
    assert_eq!(found, Choice::Electing(why.to_owned()));
}

#[test]
fn a_lock_counts_where_only_one_takes_writes() {
    assert_eq!(alone("a", true).keeps_others_out(), Ok(()));
    assert_eq!(member_of("a", true, "a+ b").keeps_others_out(), Ok(()));
    let mut several = member_of("a", false, "a+ b+");
    several.group.as_mut().unwrap().single_primary = false;
    let why = "its replication group has several primaries, and a lock is known to one alone";
    assert_eq!(several.keeps_others_out(), Err(why.to_owned()));
    assert_eq!(
        choice(&[("a", Some(several)), ("b", None)]),
        Choice::None(format!("`a`: {why}; `b`: connection refused"))
    );
    assert_eq!(member_of("a", false, "b+").keeps_others_out(), Err("it is not in its replication group".to_owned()));
    assert_eq!(
        member_of("a", true, "a b!").keeps_others_out(),
        Err("its replication group has lost the majority: 1 of 2 members are out of reach".to_owned())
    );
}
