use super::*;
use crate::partition::Partition;
use crate::partition::scheme::Scheme;

fn ident(name: &str) -> Ident {
    Ident::new(name).unwrap()
}

fn month(text: &str) -> Month {
    Month::read(text).unwrap()
}

fn table(partitions: &[(&str, &str)]) -> Table {
    let partition = |&(name, bound): &(&str, &str)| Partition {
        name: ident(name),
        bound: Scheme::Columns.bound(bound),
        rows: 0,
        bytes: 0,
    };
    let partitions = partitions.iter().map(partition).collect();
    Table { name: ident("t"), column: ident("d"), scheme: Scheme::Columns, partitions }
}

const WHOLE: [(&str, &str); 4] = [
    ("p_2026_10", "'2026-11-01'"),
    ("p_2026_11", "'2026-12-01'"),
    ("p_2026_12", "'2027-01-01'"),
    ("p_future", "MAXVALUE"),
];

fn contents(of: &[(&str, Option<(&str, &str)>)]) -> BTreeMap<Ident, Content> {
    let content = |&(name, months): &(&str, Option<(&str, &str)>)| {
        let months = months.map(|(oldest, newest)| (month(oldest), month(newest)));
        (ident(name), Content { empty: months.is_none(), months })
    };
    of.iter().map(content).collect()
}

fn trigger(body: &str) -> Trigger {
    Trigger { when: "AFTER INSERT".to_owned(), body: vec![body.to_owned()] }
}

fn live(body: &str, definer_lives: Option<bool>) -> Live {
    Live { trigger: trigger(body), definer: "dba@%".to_owned(), definer_lives }
}

/// What is found that is not ok, a line each; `change` makes something wrong of a table that is whole.
fn found(
    partitions: &[(&str, &str)],
    held: &[(&str, Option<(&str, &str)>)],
    change: impl FnOnce(&mut Seen<'_>),
) -> String {
    let (table, contents, keys) = (table(partitions), contents(held), ident("k"));
    let mut seen = Seen {
        table: &table,
        contents: &contents,
        keys: Some((&keys, Mismatch::default())),
        expected: BTreeMap::from([("a".to_owned(), trigger("x"))]),
        live: Ok(BTreeMap::from([("a".to_owned(), live("x", Some(true)))])),
        row_versions: Ok(0),
    };
    change(&mut seen);
    let findings = judge(&seen, month("2026-11"), 1);
    let bad = findings.iter().filter(|finding| finding.level != Level::Ok);
    bad.map(|finding| format!("{} {}: {finding}", finding.level.word(), finding.check)).collect::<Vec<_>>().join("\n")
}

const EMPTY: [(&str, Option<(&str, &str)>); 2] = [("p_2026_10", None), ("p_future", None)];

#[test]
fn a_whole_table_has_no_problem() {
    assert_eq!(found(&WHOLE, &EMPTY, |_| ()), "");
    assert_eq!(found(&WHOLE, &[("p_2026_10", Some(("2026-10", "2026-10"))), ("p_future", None)], |_| ()), "");
}

#[test]
fn partitions_that_are_not_months() {
    let without = |name: &str| WHOLE.into_iter().filter(|(partition, _)| *partition != name).collect::<Vec<_>>();
    for (partitions, held, line) in [
        (
            without("p_2026_12"),
            EMPTY.to_vec(),
            "problem headroom: 0 of 1 months after 2026-11 have a partition; run `caredb partition ensure --ahead 1`",
        ),
        (
            without("p_2026_11"),
            EMPTY.to_vec(),
            "problem headroom: 0 of 1 months after 2026-11 have a partition; run `caredb partition ensure --ahead 1`\n\
             problem ranges: `p_2026_12` takes 2026-11 to 2026-12: a gap before its month; run `caredb partition ensure`, with `--allow-copy` where it has rows",
        ),
        (
            without("p_future"),
            EMPTY.to_vec(),
            "problem catch_all: no partition takes rows behind the last month: INSERT fails with error 1526, and INSERT IGNORE loses the row \
             without a word; run `caredb partition ensure`, which adds `p_future`",
        ),
        (
            WHOLE.to_vec(),
            vec![("p_2026_10", Some(("2026-08", "2026-10"))), ("p_future", Some(("2027-01", "2031-04")))],
            "problem catch_all: `p_future` holds rows of 2027-01 to 2031-04; run `caredb partition ensure --ahead N --allow-copy` with an N that \
             reaches 2031-04, at a quiet time, or mend the dates\n\
             problem ranges: `p_2026_10`, the first partition, also holds rows since 2026-08; run `caredb partition ensure --allow-copy`, or mend the dates",
        ),
        (
            vec![WHOLE[0], ("half", "'2026-11-15'"), WHOLE[1], WHOLE[2], WHOLE[3]],
            EMPTY.to_vec(),
            "problem ranges: `half` ends at '2026-11-15', within a month, which so has two partitions; reorganize it by hand to end on the first of a month",
        ),
        (
            vec![WHOLE[0], WHOLE[1], ("december", "'2027-01-01'"), WHOLE[3]],
            EMPTY.to_vec(),
            "problem names: the partition of 2026-12 is called `december`; reorganize it under the name `p_2026_12`, by which it is archived",
        ),
    ] {
        assert_eq!(found(&partitions, &held, |_| ()), line, "{partitions:?}");
    }
}

#[test]
fn keys_triggers_and_row_versions() {
    let ids = |count: u64| Ids { count, first: (0..count.min(5)).map(|id| format!("i{id}")).collect() };
    let denied = || DbError::because("could not look", "denied");
    let keys = |mismatch: Mismatch| move |seen: &mut Seen<'_>| seen.keys.as_mut().unwrap().1 = mismatch;
    let triggers = |found: Vec<(&str, Live)>| {
        let found = found.into_iter().map(|(name, live)| (name.to_owned(), live)).collect();
        move |seen: &mut Seen<'_>| seen.live = Ok(found)
    };
    assert_eq!(
        found(&WHOLE, &EMPTY, keys(Mismatch { no_key: ids(1), differs: ids(2), no_row: ids(7) })),
        "problem keys: 1 row of `t` without a key: i0; a trigger was missing when they were written; insert the keys by hand\n\
         problem keys: 2 rows of `t` unlike the key: i0, i1; a trigger was missing when they were changed; update the keys by hand\n\
         problem keys: 7 keys of `k` without a row: i0, i1, i2, i3, i4, …; TRUNCATE, DROP PARTITION or EXCHANGE removed the rows, and no trigger \
         fires for those; bring the rows back, or delete the keys"
    );
    assert_eq!(
        found(&WHOLE, &EMPTY, triggers(vec![])),
        "problem triggers: trigger `a` is missing: rows are written without their keys; create it again as its migration has it, then check again"
    );
    assert_eq!(
        found(&WHOLE, &EMPTY, triggers(vec![("a", live("y", Some(true)))])),
        "problem triggers: trigger `a` is not what its migration made; drop it and create it again as its migration has it, then check again"
    );
    assert_eq!(
        found(&WHOLE, &EMPTY, triggers(vec![("a", live("x", Some(false))), ("b", live("z", None))])),
        "problem triggers: trigger `a` runs as dba@%, an account that is gone: every write fails with error 1449; create the account again, or the \
         trigger under another one\n\
         unknown triggers: trigger `b` runs as dba@%; to know whether that account is there takes SELECT on `mysql`.`user`"
    );
    assert_eq!(found(&WHOLE, &EMPTY, |seen| seen.live = Err(denied())), "unknown triggers: could not look: denied");
    assert_eq!(
        found(&WHOLE, &EMPTY, |seen| seen.row_versions = Ok(2)),
        "problem row_versions: `t` has had 2 INSTANT changes since it was rebuilt, and so refuses EXCHANGE PARTITION (error 1731); run \
         `caredb partition rebuild NAME --allow-copy` with any of its partitions"
    );
    assert_eq!(
        found(&WHOLE, &EMPTY, |seen| seen.row_versions = Err(denied())),
        "unknown row_versions: could not look: denied"
    );
}
