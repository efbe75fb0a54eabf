use super::*;
use crate::partition::scheme::Scheme;

fn month(text: &str) -> Month {
    Month::read(text).unwrap()
}

fn ident(name: &str) -> Ident {
    Ident::new(name).unwrap()
}

/// A table `t` by `d`: partitions `name<bound`, the bound as the server writes it.
fn table(scheme: Scheme, partitions: &[&str]) -> Table {
    let partition = |text: &&str| {
        let (name, bound) = text.split_once('<').unwrap();
        Partition { name: ident(name), bound: scheme.bound(bound), rows: 200, bytes: 3 << 20 }
    };
    let partitions = partitions.iter().map(partition).collect();
    Table { name: ident("t"), column: ident("d"), scheme, partitions }
}

/// Contents: `name` for an empty partition, `name 2024-01 2024-03` for one with rows of these months.
fn contents(texts: &[&str]) -> BTreeMap<Ident, Content> {
    let content = |text: &&str| {
        let words: Vec<&str> = text.split(' ').collect();
        let months = (words.len() == 3).then(|| (month(words[1]), month(words[2])));
        (ident(words[0]), Content { empty: months.is_none(), months })
    };
    texts.iter().map(content).collect()
}

fn wish(ahead: u32, behind: Option<u32>) -> Wish {
    Wish { today: month("2026-11"), ahead, behind }
}

fn steps(table: &Table, held: &[&str], wish: &Wish) -> Vec<String> {
    let steps = plan(table, &contents(held), wish).unwrap();
    steps.iter().map(|step| step.copies.map_or(step.to_string(), |copies| format!("{step}: {copies}"))).collect()
}

fn sql(table: &Table, held: &[&str], wish: &Wish) -> String {
    plan(table, &contents(held), wish).unwrap().iter().map(|step| step.sql.clone()).collect::<Vec<_>>().join(";\n")
}

#[test]
fn the_sql_of_each_scheme() {
    let wish = wish(1, None);
    assert_eq!(
        sql(
            &table(Scheme::Columns, &["p_2026_10<'2026-11-01'", "p_future<MAXVALUE"]),
            &["p_2026_10", "p_future"],
            &wish
        ),
        "ALTER TABLE `t` REORGANIZE PARTITION `p_future` INTO (\n    \
         PARTITION `p_2026_11` VALUES LESS THAN ('2026-12-01'),\n    \
         PARTITION `p_2026_12` VALUES LESS THAN ('2027-01-01'),\n    \
         PARTITION `p_future` VALUES LESS THAN (MAXVALUE)\n)"
    );
    assert_eq!(
        sql(&table(Scheme::YearMonth, &["p_2026_11<202612", "pmax<MAXVALUE"]), &["p_2026_11", "pmax"], &wish),
        "ALTER TABLE `t` REORGANIZE PARTITION `pmax` INTO (\n    \
         PARTITION `p_2026_12` VALUES LESS THAN (202701),\n    \
         PARTITION `pmax` VALUES LESS THAN (MAXVALUE)\n)"
    );
    assert_eq!(
        sql(
            &table(Scheme::UnixTime, &["p_2026_11<1796083200", "p_future<MAXVALUE"]),
            &["p_2026_11", "p_future"],
            &wish
        ),
        "ALTER TABLE `t` REORGANIZE PARTITION `p_future` INTO (\n    \
         PARTITION `p_2026_12` VALUES LESS THAN (1798761600),\n    \
         PARTITION `p_future` VALUES LESS THAN (MAXVALUE)\n)"
    );
    // a source that keeps its own month, and its end
    assert_eq!(
        sql(
            &table(Scheme::Columns, &["p_2026_12<'2027-01-01'", "p_future<MAXVALUE"]),
            &["p_2026_12 2026-11 2026-12", "p_future"],
            &wish
        ),
        "ALTER TABLE `t` REORGANIZE PARTITION `p_2026_12` INTO (\n    \
         PARTITION `p_2026_11` VALUES LESS THAN ('2026-12-01'),\n    \
         PARTITION `p_2026_12` VALUES LESS THAN ('2027-01-01')\n)"
    );
    // without a catch-all
    assert_eq!(
        sql(&table(Scheme::Columns, &["p_2026_11<'2026-12-01'"]), &["p_2026_11"], &wish),
        "ALTER TABLE `t` ADD PARTITION (\n    \
         PARTITION `p_2026_12` VALUES LESS THAN ('2027-01-01'),\n    \
         PARTITION `p_future` VALUES LESS THAN (MAXVALUE)\n)"
    );
}

#[test]
fn months_are_made_from_the_oldest_row_to_the_wish() {
    let columns = |partitions: &[&str]| table(Scheme::Columns, partitions);
    let alone = columns(&["p_future<MAXVALUE"]);
    for (table, held, wish, expected) in [
        // what V13 leaves behind: empty, with rows, with rows older than is wished
        (&alone, vec!["p_future"], wish(2, None), vec!["split `p_future` for 2026-11 to 2027-01"]),
        (
            &alone,
            vec!["p_future"],
            wish(0, Some(4)),
            vec!["split `p_future` for 2026-07 to 2026-09", "split `p_future` for 2026-10 to 2026-11"],
        ),
        (
            &alone,
            vec!["p_future 2023-12 2029-01"],
            wish(3, None),
            vec![
                "split `p_future` for 2023-12 to 2027-02: copies about 200 rows (3.0 MiB), and writes wait for that long",
            ],
        ),
        (
            &alone,
            vec!["p_future 2023-12 2029-01"],
            wish(0, Some(1)),
            vec![
                "split `p_future` for 2026-10 to 2026-11: copies about 200 rows (3.0 MiB), and writes wait for that long",
            ],
        ),
        // a row that is ahead of the wish stays where it is
        (
            &alone,
            vec!["p_future 2028-01 2028-01"],
            wish(1, None),
            vec!["split `p_future` for 2026-12: copies about 200 rows (3.0 MiB), and writes wait for that long"],
        ),
    ] {
        assert_eq!(steps(table, &held, &wish), expected, "{held:?}");
    }
}

#[test]
fn gaps_are_filled_and_what_is_there_stays() {
    let columns = |partitions: &[&str]| table(Scheme::Columns, partitions);
    for (partitions, held, wish, expected) in [
        // all there
        (
            vec!["p_2026_11<'2026-12-01'", "p_2026_12<'2027-01-01'", "p_future<MAXVALUE"],
            vec!["p_2026_11", "p_future"],
            wish(1, None),
            vec![],
        ),
        // further ahead than is wished
        (
            vec!["p_2026_11<'2026-12-01'", "p_2026_12<'2027-01-01'", "p_future<MAXVALUE"],
            vec!["p_2026_11", "p_future 2027-05 2027-05"],
            wish(0, None),
            vec![],
        ),
        // a gap, empty and not
        (
            vec!["p_2026_10<'2026-11-01'", "p_2027_01<'2027-02-01'", "p_future<MAXVALUE"],
            vec!["p_2026_10", "p_2027_01", "p_future"],
            wish(1, None),
            vec!["split `p_2027_01` for 2026-11 to 2026-12"],
        ),
        (
            vec!["p_2026_10<'2026-11-01'", "p_2026_12<'2027-01-01'", "p_future<MAXVALUE"],
            vec!["p_2026_10", "p_2026_12 2026-12 2026-12", "p_future"],
            wish(1, None),
            vec!["split `p_2026_12` for 2026-11: copies about 200 rows (3.0 MiB), and writes wait for that long"],
        ),
        // months that nobody ran the job for
        (
            vec!["p_2026_05<'2026-06-01'", "p_future<MAXVALUE"],
            vec!["p_2026_05", "p_future"],
            wish(0, None),
            vec!["split `p_future` for 2026-06 to 2026-08", "split `p_future` for 2026-09 to 2026-11"],
        ),
        // the first partition, where its rows are older than its month, or older months are wished
        (
            vec!["p_2026_11<'2026-12-01'", "p_future<MAXVALUE"],
            vec!["p_2026_11 2026-09 2026-11", "p_future"],
            wish(0, None),
            vec![
                "split `p_2026_11` for 2026-09 to 2026-10: copies about 200 rows (3.0 MiB), and writes wait for that long",
            ],
        ),
        (
            vec!["p_2026_11<'2026-12-01'", "p_future<MAXVALUE"],
            vec!["p_2026_11 2026-09 2026-11", "p_future"],
            wish(0, Some(0)),
            vec![],
        ),
        (
            vec!["p_2026_11<'2026-12-01'", "p_future<MAXVALUE"],
            vec!["p_2026_11", "p_future"],
            wish(0, Some(2)),
            vec!["split `p_2026_11` for 2026-09 to 2026-10"],
        ),
        // without a catch-all: it comes with the months, or alone
        (vec!["p_2026_10<'2026-11-01'"], vec!["p_2026_10"], wish(0, None), vec!["add 2026-11 and `p_future`"]),
        (
            vec!["p_2026_10<'2026-11-01'"],
            vec!["p_2026_10"],
            wish(2, None),
            vec!["add 2026-11 to 2027-01 and `p_future`"],
        ),
        (
            vec!["p_2027_10<'2027-11-01'"],
            vec!["p_2027_10 2026-11 2026-11"],
            wish(0, Some(0)),
            vec![
                "split `p_2027_10` for 2026-11 to 2027-09: copies about 200 rows (3.0 MiB), and writes wait for that long",
                "add `p_future`",
            ],
        ),
    ] {
        assert_eq!(steps(&columns(&partitions), &held, &wish), expected, "{partitions:?} {held:?}");
    }
}

#[test]
fn the_ends_of_the_calendar_are_kept() {
    let at = |today: &str| Wish { today: month(today), ahead: 1200, behind: None };
    let columns = table(Scheme::Columns, &["p_9999_09<'9999-10-01'", "p_future<MAXVALUE"]);
    assert_eq!(
        steps(&columns, &["p_9999_09", "p_future"], &at("9999-12")),
        ["split `p_future` for 9999-10 to 9999-11"]
    );
    let unix = table(Scheme::UnixTime, &["p_2037_10<2140646400", "p_future<MAXVALUE"]);
    let unix_steps = steps(&unix, &["p_2037_10", "p_future"], &at("2037-12"));
    assert_eq!(unix_steps, ["split `p_future` for 2037-11 to 2037-12"]);
    // dates before 1970
    let old = table(Scheme::Columns, &["p_1970_01<'1970-02-01'", "p_future<MAXVALUE"]);
    let wish = Wish { today: month("1970-01"), ahead: 0, behind: Some(2) };
    assert!(
        sql(&old, &["p_1970_01", "p_future"], &wish).contains("PARTITION `p_1969_11` VALUES LESS THAN ('1969-12-01')")
    );
}

#[test]
fn what_cant_be_planned_is_refused() {
    let error = |table: Table, held: &[&str], wish: &Wish| plan(&table, &contents(held), wish).unwrap_err().to_string();
    assert_eq!(
        error(table(Scheme::Columns, &["a<'2024-02-15'", "p_future<MAXVALUE"]), &["p_future"], &wish(1, None)),
        "partition `a` of table `t` ends at '2024-02-15', which is not the first of a month; reorganize it by hand first"
    );
    assert_eq!(
        error(
            table(Scheme::Columns, &["p_2026_12<'2026-11-01'", "p_future<MAXVALUE"]),
            &["p_2026_12", "p_future"],
            &wish(1, None)
        ),
        "table `t` needs a partition `p_2026_12` for 2026-12, and has one of that name for other months; reorganize it under another name first"
    );
    assert_eq!(
        error(table(Scheme::Columns, &["p_future<MAXVALUE"]), &["p_future 0999-05 2026-11"], &wish(1, None)),
        "table `t` would have 12333 partitions from 0999-05 on, and MySQL takes 8192; mend the oldest rows, or say by `--behind` how far back months are wanted"
    );
}

mod every_plan {
    use proptest::prelude::*;

    use super::*;

    /// The table after the steps, as the server would have it.
    fn applied(table: &Table, steps: &[Step]) -> Table {
        let mut table = table.clone();
        for step in steps {
            let at = match &step.source {
                Some(source) => table.partitions.iter().position(|partition| partition.name == *source).unwrap(),
                None => table.partitions.len(),
            };
            let months = step.months.into_iter().flat_map(|(first, last)| first.to(last));
            let new = months.map(|month| Partition {
                name: ident(&month.partition()),
                bound: Bound::Before(month.next().unwrap()),
                rows: 0,
                bytes: 0,
            });
            let catch_all = step.source.is_none().then(|| Partition {
                name: ident(CATCH_ALL),
                bound: Bound::Max,
                rows: 0,
                bytes: 0,
            });
            let new: Vec<Partition> = new.chain(catch_all).collect();
            table.partitions.splice(at..at, new);
        }
        table
    }

    proptest! {
        /// Bounds go up, the wished months are there, nothing is lost, and a second plan has nothing to do.
        #[test]
        fn makes_what_is_wished_and_then_nothing(
            ends in proptest::collection::btree_set(23_500u32..24_400, 0..6),
            has_catch_all: bool, ahead in 0u32..20, behind in proptest::option::of(0u32..20),
            empty in proptest::collection::vec(any::<bool>(), 7),
        ) {
            prop_assume!(has_catch_all || !ends.is_empty());
            let first = month("0000-01");
            let mut partitions: Vec<Partition> = ends.iter().map(|&end| {
                let end = first.plus(end);
                Partition { name: ident(&end.previous().unwrap().partition()), bound: Bound::Before(end), rows: 9, bytes: 9 }
            }).collect();
            if has_catch_all {
                partitions.push(Partition { name: ident("p_future"), bound: Bound::Max, rows: 9, bytes: 9 });
            }
            let table = Table { name: ident("t"), column: ident("d"), scheme: Scheme::Columns, partitions };
            let contents: BTreeMap<Ident, Content> = table.partitions.iter().zip(&empty).map(|(partition, &empty)| {
                (partition.name.clone(), Content { empty, months: None })
            }).collect();
            let wish = wish(ahead, behind);
            let steps = plan(&table, &contents, &wish).unwrap();
            let after = applied(&table, &steps);
            let bounds: Vec<_> = after.partitions.iter().map(|partition| match partition.bound {
                Bound::Before(month) => first.until(month),
                _ => i64::MAX,
            }).collect();
            prop_assert!(bounds.windows(2).all(|pair| pair[0] < pair[1]), "{bounds:?}");
            prop_assert!(table.partitions.iter().all(|old| after.partitions.contains(old)));
            prop_assert!(after.headroom(wish.today) >= ahead);
            prop_assert_eq!(after.catch_all().map(|last| last.name.as_str()), Some("p_future"));
            prop_assert_eq!(plan(&after, &contents, &wish).unwrap(), vec![]);
        }
    }
}
