//! A report as one HTML file.

use serde::Serialize;

use super::last::Last;
use super::months::{Bar, Done, Months, Year, bars, done, years};
use super::timeline::{Day, days, summary};
use super::{Backlog, Migrations, Report, Run, Size, health};
use crate::output::finding::Level;
use crate::output::html::Html;
use crate::schema::dictionary::Dictionary;

const PAGE: Html =
    Html { body: include_str!("page.html"), style: include_str!("page.css"), script: include_str!("page.js") };

/// So many runs are seen at once; the others unfold.
const RUNS: usize = 20;

#[derive(Serialize)]
struct Content<'a> {
    caredb: &'static str,
    database: &'a str,
    server: &'a str,
    made_at: &'a str,
    level: Level,
    health: String,
    migrations: &'a Migrations,
    days: Vec<Day>,
    days_told: String,
    today: &'a str,
    partitioned: Vec<Partitioned<'a>>,
    backlog: &'a [Backlog],
    backlog_unseen: Option<&'a str>,
    runs: &'a [Run],
    older_runs: &'a [Run],
    more_runs: bool,
    done: Vec<Done>,
    checks: [Check<'a>; 2],
    sizes: Vec<Sized<'a>>,
    bytes: u64,
    diagram: &'a str,
    dictionary: &'a Dictionary,
}

#[derive(Serialize)]
struct Partitioned<'a> {
    table: &'a str,
    standing: &'a str,
    ahead: u32,
    wanted: u32,
    has_archive: bool,
    rows: u64,
    archived: u64,
    most: u64,
    bars: Vec<Bar>,
    years: Vec<Year>,
}

#[derive(Serialize)]
struct Check<'a> {
    command: &'static str,
    about: &'static str,
    last: Option<&'a Last>,
}

#[derive(Serialize)]
struct Sized<'a> {
    #[serde(flatten)]
    size: &'a Size,
    /// Of the largest, in thousandths.
    share: u64,
    /// Whether the dictionary has it.
    is_known: bool,
}

/// The page's text. Errors: the template is wrong.
pub fn html(report: &Report) -> Result<String, minijinja::Error> {
    let today = report.made_at.split(' ').next().unwrap_or_default();
    let days = days(&report.migrations.events, today);
    let health::Health { level, text } = health::health(report);
    let (runs, older_runs) = report.runs.split_at(report.runs.len().min(RUNS));
    let content = Content {
        caredb: env!("CARGO_PKG_VERSION"),
        database: &report.database,
        server: &report.server,
        made_at: &report.made_at,
        level,
        health: text,
        migrations: &report.migrations,
        days_told: summary(&days),
        days,
        today,
        partitioned: report.partitioned.iter().map(partitioned).collect(),
        backlog: &report.backlog,
        backlog_unseen: report.backlog_unseen.as_deref(),
        runs,
        older_runs,
        more_runs: report.more_runs,
        done: done(&report.runs),
        checks: [
            Check { command: "drift", about: "the live schema against its files", last: report.drift.as_ref() },
            Check { command: "lint", about: "what is dangerous in the files", last: report.lint.as_ref() },
        ],
        sizes: sizes(report),
        bytes: report.sizes.iter().map(|size| size.data + size.indexes).sum(),
        diagram: &report.diagram,
        dictionary: &report.dictionary,
    };
    PAGE.render(&format!("{}: how it is", report.database), content)
}

fn partitioned(months: &Months) -> Partitioned<'_> {
    let bars = bars(months);
    Partitioned {
        table: &months.table,
        standing: &months.standing,
        ahead: months.ahead,
        wanted: months.wanted,
        has_archive: months.archived.is_some(),
        rows: bars.iter().map(|bar| bar.rows).sum(),
        archived: bars.iter().filter_map(|bar| bar.archived).sum(),
        most: bars.iter().map(|bar| bar.rows + bar.archived.unwrap_or(0)).max().unwrap_or(0),
        years: years(&bars),
        bars,
    }
}

/// The largest first.
fn sizes(report: &Report) -> Vec<Sized<'_>> {
    let of = |size: &Size| size.data + size.indexes;
    let most = report.sizes.iter().map(of).max().unwrap_or(0).max(1);
    let mut sizes: Vec<Sized<'_>> = report
        .sizes
        .iter()
        .map(|size| Sized {
            size,
            share: of(size).saturating_mul(1000) / most,
            is_known: report.dictionary.table(&size.table).is_some(),
        })
        .collect();
    sizes.sort_by_key(|sized| (std::cmp::Reverse(of(sized.size)), sized.size.table.clone()));
    sizes
}

#[cfg(test)]
mod tests {
    use super::super::last::Finding;
    use super::super::months::{Partition, When};
    use super::super::timeline::{Event, What};
    use super::*;
    use crate::schema::dictionary::{Check, Column, Key, Mark, Program, Reference, Table, Trigger};
    use crate::schema::introspect::Kind;

    fn text(text: &str) -> String {
        text.to_owned()
    }

    fn column(name: &str, comment: &str, is_primary: bool) -> Column {
        Column {
            name: text(name),
            data_type: text("enum('a','<b>')"),
            collation: None,
            nullable: !is_primary,
            default: (!is_primary).then(|| text("'a'")),
            extra: vec![text("INVISIBLE")],
            comment: text(comment),
            marks: vec![if is_primary { Mark::Primary } else { Mark::Foreign }],
        }
    }

    fn dictionary() -> Dictionary {
        let reference = Reference {
            name: text("fk"),
            from: text("a b"),
            columns: vec![text("of")],
            database: None,
            to: text("a b"),
            parent_columns: vec![text("id")],
            on_delete: "CASCADE",
            on_update: "RESTRICT",
            is_optional: true,
            is_unique: false,
        };
        let table = Table {
            name: text("a b"),
            comment: text("<what> it is"),
            options: vec![(text("ENGINE"), text("InnoDB"))],
            partitioned_by: Some(text("RANGE COLUMNS(`id`)")),
            columns: vec![column("id", "", true), column("of", "whose & \"why\"", false)],
            keys: vec![
                Key {
                    name: text("PRIMARY"),
                    kind: "PRIMARY KEY",
                    parts: vec![text("`id`")],
                    invisible: false,
                    comment: text(""),
                },
                Key {
                    name: text("k"),
                    kind: "KEY",
                    parts: vec![text("`of`"), text("`id` DESC")],
                    invisible: true,
                    comment: text("c"),
                },
            ],
            references: vec![reference.clone()],
            referred_by: vec![reference],
            checks: vec![Check { name: text("c"), expression: text("`id` < 3"), enforced: false }],
            triggers: vec![Trigger { name: text("t"), fires: text("AFTER INSERT"), writes: vec![text("u")] }],
            written_by: Vec::new(),
        };
        let program = Program { kind: Kind::Procedure, name: text("p"), comment: text("does <it>") };
        Dictionary { tables: vec![table], programs: vec![program] }
    }

    fn report() -> Report {
        let event = Event {
            at: text("2026-11-20 10:00:00"),
            what: What::Applied,
            name: text("V1"),
            description: text("<first>"),
            by: text("root"),
            ms: 7,
        };
        let partition = |name: &str, month: Option<&str>, when, rows| Partition {
            name: text(name),
            month: month.map(text),
            when,
            rows,
            bytes: 16384,
        };
        let run = |id, outcome: Option<&str>| Run {
            id,
            command: text("archive appointments"),
            started_at: text("2026-11-26 01:00:00"),
            ms: outcome.map(|_| 2500),
            outcome: outcome.map(text),
            cut_off: Some(text("2025-11-26")),
            rows: 1200,
            did: text("archive 1200 rows"),
            by: text("cron@localhost on cron"),
        };
        Report {
            database: text("clinic"),
            server: text("9.7.4"),
            made_at: text("2026-11-27 09:30:00"),
            migrations: Migrations {
                version: text("1 of 2, 1 version pending, `caredb migrate` applies them"),
                events: vec![event],
                pending: vec![text("V2 second")],
                findings: vec![text("`V1__first.sql` was edited")],
            },
            partitioned: vec![Months {
                table: text("a b"),
                standing: text("`a b` is ready to 2026-12, 1 month ahead"),
                ahead: 1,
                wanted: 1,
                partitions: vec![
                    partition("p_2026_11", Some("2026-11"), When::Now, 1200),
                    partition("p_2026_12", Some("2026-12"), When::Ahead, 0),
                    partition("p_future", None, When::Rest, 0),
                ],
                archived: Some([(text("2025-11"), 600)].into()),
            }],
            backlog: vec![Backlog {
                job: text("archive appointments"),
                older_than: text("1y"),
                cut_off: text("2025-11-27"),
                oldest: Some(text("2025-11-01")),
                rows: 1200,
                last_run_at: Some(text("2026-11-26 01:00:00")),
                last_outcome: Some(text("done")),
            }],
            backlog_unseen: None,
            runs: (0..21).map(|id| run(30 - id, (id > 0).then_some("done"))).collect(),
            more_runs: true,
            drift: Some(Last {
                at: text("2026-11-26 10:00:00"),
                found: true,
                summary: text("drift: 2 objects differ"),
                findings: vec![Finding {
                    state: text("changed"),
                    place: text("table `t`"),
                    what: vec![text("comment none → `<c>`")],
                }],
                more: 1,
            }),
            lint: None,
            sizes: vec![
                Size { table: text("a b"), rows: 1200, data: 16384, indexes: 0 },
                Size { table: text("caredb_runs"), rows: 21, data: 16384, indexes: 16384 },
            ],
            diagram: text("<svg></svg>"),
            dictionary: dictionary(),
        }
    }

    fn body(report: &Report) -> String {
        let html = html(report).unwrap();
        let (_, body) = html.split_once("<main id=\"main\">").unwrap();
        let (body, script) = body.split_once("</main>").unwrap();
        assert_eq!((script.matches("<script>").count(), html.matches("<script>").count()), (1, 1));
        let row = "<tr><td class=\"number\">"; // 19 runs are enough
        let runs = body.lines().filter(|line| {
            !line.starts_with(row)
                || !line.contains("archive appointments")
                || line.contains(">30<")
                || line.contains(">10<")
        });
        runs.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_page_of_all_there_can_be() {
        insta::assert_snapshot!(body(&report()), @r##"
        <section aria-labelledby="migrations">
        <h2 id="migrations">Migrations</h2>
        <p>Version 1 of 2, 1 version pending, <code>caredb migrate</code> applies them; 1 change, all on 2026-11-20.</p>
        <ul class="findings">
        <li><code>V1__first.sql</code> was edited</li>
        </ul>
        <ol class="line" aria-label="days with migrations, in time">
        <li style="left:0.0%"><a href="#d-2026-11-20" title="2026-11-20: 1 applied"><span class="unseen">2026-11-20: 1 applied</span></a></li>
        </ol>
        <p class="ends" aria-hidden="true"><span>2026-11-20</span><span>2026-11-27</span></p>
        <ol class="days">
        <li id="d-2026-11-20"><b class="time">2026-11-20</b> 1 applied
        <div class="wide"><table>
        <thead class="unseen"><tr><th>time</th><th>what</th><th>file</th><th>description</th><th>took</th><th>by</th></tr></thead>
        <tbody>
        <tr><td class="time">10:00:00</td><td>applied</td><td>V1</td><td>&lt;first&gt;</td><td class="number">7 ms</td><td>root</td></tr>
        </tbody></table></div></li>
        <li class="pending"><b>pending</b> V2 second</li>
        </ol>
        </section>
        <section aria-labelledby="partitions">
        <h2 id="partitions">Partitions by month</h2>
        <h3><a href="#t-a-20b"><code>a b</code></a></h3>
        <p><code>a b</code> is ready to 2026-12, 1 month ahead; 1 wanted. About 1200 rows, 600 more archived.</p>
        <div class="chart" tabindex="0" role="img" aria-label="a bar a month; the highest has about 1200 rows; the numbers are in the table below">
        <p class="most">1,200 rows</p>
        <div class="bars">
        <span class="past" title="2025-11: 0 rows, 600 archived"><i class="kept" style="height:50.0%"></i><i style="height:0.0%"></i><b>2025</b></span>
        <span class="now" title="2026-11: 1,200 rows"><i class="kept" style="height:0.0%"></i><i style="height:100.0%"></i></span>
        <span class="ahead" title="2026-12: 0 rows"><i class="kept" style="height:0.0%"></i><i style="height:0.0%"></i></span>
        <span class="rest" title="p_future: 0 rows"><i class="kept" style="height:0.0%"></i><i style="height:0.0%"></i></span>
        </div>
        </div>
        <p class="key" aria-hidden="true"><i class="swatch"></i> rows <i class="swatch now"></i> this month <i class="swatch kept"></i> archived <i class="swatch ahead"></i> ready for rows</p>
        <details><summary>month by month, in numbers</summary>
        <div class="wide"><table>
        <thead><tr><th>month</th><th>partition</th><th>when</th><th class="number">rows ~</th><th class="number">size</th><th class="number">archived ~</th></tr></thead>
        <tbody>
        <tr><td class="time">2025-11</td><td>none any more</td><td>past</td><td class="number">0</td><td class="number">0 B</td><td class="number">600</td></tr>
        <tr><td class="time">2026-11</td><td>p_2026_11</td><td>now</td><td class="number">1,200</td><td class="number">16.0 KiB</td><td class="number">0</td></tr>
        <tr><td class="time">2026-12</td><td>p_2026_12</td><td>ahead</td><td class="number">0</td><td class="number">16.0 KiB</td><td class="number">0</td></tr>
        <tr><td class="time">p_future</td><td>p_future</td><td>rest</td><td class="number">0</td><td class="number">16.0 KiB</td><td class="number">0</td></tr>
        </tbody></table></div>
        </details>
        </section>
        <section aria-labelledby="retention">
        <h2 id="retention">Retention</h2>
        <div class="wide"><table>
        <caption>What each job has before it; rows that must stay for another reason count, too</caption>
        <thead><tr><th>job</th><th>older than</th><th>due before</th><th>oldest due</th><th class="number">rows due ~</th><th>last run</th><th>outcome</th></tr></thead>
        <tbody>
        <tr><td>archive appointments</td><td>1y</td><td class="time">2025-11-27</td><td class="time">2025-11-01</td><td class="number">1,200</td><td class="time">2026-11-26 01:00:00</td><td>done</td></tr>
        </tbody></table></div>
        <div class="wide"><table>
        <caption>The last runs of the ledger, newest first</caption>
        <thead><tr><th class="number">run</th><th>command</th><th>started at</th><th class="number">took</th><th>outcome</th><th>cut-off</th><th>did</th><th>by</th></tr></thead>
        <tbody>
        <tr><td class="number">30</td><td>archive appointments</td><td class="time">2026-11-26 01:00:00</td><td class="number"></td><td>under way or killed</td><td class="time">2025-11-26</td><td>archive 1200 rows</td><td>cron@localhost on cron</td></tr>
        </tbody></table></div>
        <details><summary>1 older run</summary>
        <div class="wide"><table>
        <caption>Older runs</caption>
        <thead><tr><th class="number">run</th><th>command</th><th>started at</th><th class="number">took</th><th>outcome</th><th>cut-off</th><th>did</th><th>by</th></tr></thead>
        <tbody>
        <tr><td class="number">10</td><td>archive appointments</td><td class="time">2026-11-26 01:00:00</td><td class="number">2.5 s</td><td>done</td><td class="time">2025-11-26</td><td>archive 1200 rows</td><td>cron@localhost on cron</td></tr>
        </tbody></table></div>
        </details>
        <details><summary>what was done, by month</summary>
        <div class="wide"><table>
        <thead><tr><th>month</th><th>command</th><th class="number">runs</th><th class="number">rows</th></tr></thead>
        <tbody>
        <tr><td class="time">2026-11</td><td>archive appointments</td><td class="number">21</td><td class="number">25,200</td></tr>
        </tbody></table></div>
        </details>
        <p>There are older ones: <code>caredb runs list</code> shows all. <code>caredb runs verify</code> says whether one was changed by hand.</p>
        </section>
        <section aria-labelledby="checks">
        <h2 id="checks">Checks</h2>
        <h3><code>caredb drift</code>: the live schema against its files</h3>
        <p>drift: 2 objects differ, at <time class="time">2026-11-26 10:00:00</time> UTC.</p>
        <ul class="findings">
        <li><b>changed</b> table <code>t</code><br>comment none → <code>&lt;c&gt;</code></li>
        </ul>
        <p>And 1 more.</p>
        <h3><code>caredb lint</code>: what is dangerous in the files</h3>
        <p>Never run here.</p>
        </section>
        <section aria-labelledby="sizes">
        <h2 id="sizes">Sizes and growth</h2>
        <p>About 48.0 KiB in 2 tables.</p>
        <div class="wide"><table>
        <caption class="unseen">sizes of the tables</caption>
        <thead><tr><th>table</th><th class="number">rows ~</th><th class="number">data</th><th class="number">indexes</th><th class="share"><span class="unseen">share of the largest</span></th></tr></thead>
        <tbody>
        <tr><td><code>caredb_runs</code></td><td class="number">21</td><td class="number">16.0 KiB</td><td class="number">16.0 KiB</td><td class="share"><i style="width:100.0%"></i></td></tr>
        <tr><td><a href="#t-a-20b"><code>a b</code></a></td><td class="number">1,200</td><td class="number">16.0 KiB</td><td class="number">0 B</td><td class="share"><i style="width:50.0%"></i></td></tr>
        </tbody></table></div>
        <h3>Growth of <a href="#t-a-20b"><code>a b</code></a></h3>
        <p>No old sizes are kept: this is how many rows are of a month, archived ones included, by year. Months to come are left out.</p>
        <div class="wide"><table>
        <thead><tr><th>year</th><th class="number">months</th><th class="number">rows ~</th><th class="number">rows a month</th><th class="number">growth</th></tr></thead>
        <tbody>
        <tr><td>2025</td><td class="number">1</td><td class="number">600</td><td class="number">600</td><td class="number"></td></tr>
        <tr><td>2026</td><td class="number">1</td><td class="number">1,200</td><td class="number">1,200</td><td class="number">+100 %</td></tr>
        </tbody></table></div>
        </section>
        <section aria-labelledby="diagram">
        <h2 id="diagram">Diagram</h2>
        <p>A table's name leads to its columns.</p>
        <div class="diagram" tabindex="0" role="region" aria-label="diagram of the tables; the same is in the dictionary below, in words"><svg></svg></div>
        </section>
        <section aria-labelledby="dictionary">
        <h2 id="dictionary">Dictionary</h2>
        <ul class="tables">
        <li><a href="#t-a-20b"><code>a b</code></a></li>
        </ul>
        <article id="t-a-20b" tabindex="-1" aria-labelledby="n-a-20b">
        <h3 id="n-a-20b" data-find="a b"><code>a b</code> <small>&lt;what&gt; it is</small></h3>
        <div class="wide"><table>
        <caption class="unseen">columns of a b</caption>
        <thead><tr><th>column</th><th>type</th><th>NULL</th><th>default</th><th>key</th><th>notes</th></tr></thead>
        <tbody>
        <tr id="t-a-20b.id" tabindex="-1" data-find="a b.id"><td><code>id</code></td><td>enum(&#x27;a&#x27;, &#x27;&lt;b&gt;&#x27;)</td><td>no</td><td></td><td><abbr title="primary key">PK</abbr> </td><td><code>INVISIBLE</code></td></tr>
        <tr id="t-a-20b.of" tabindex="-1" data-find="a b.of"><td><code>of</code></td><td>enum(&#x27;a&#x27;, &#x27;&lt;b&gt;&#x27;)</td><td>yes</td><td><code>&#x27;a&#x27;</code></td><td><abbr title="foreign key">FK</abbr> → <a href="#t-a-20b"><code>a b</code></a></td><td>whose &amp; &quot;why&quot; <code>INVISIBLE</code></td></tr>
        </tbody></table></div>
        <dl>
        <dt>keys</dt>
        <dd>primary <code>PRIMARY</code> over <code>`id`</code></dd>
        <dd>index <code>k</code> over <code>`of`</code>, <code>`id` DESC</code>, invisible: c</dd>
        <dt>refers to</dt>
        <dd><a href="#t-a-20b"><code>a b</code></a> by <code>of</code>, on delete cascade</dd>
        <dt>referred to by</dt>
        <dd><a href="#t-a-20b"><code>a b</code></a> by <code>of</code>, on delete cascade</dd>
        <dt>checks</dt>
        <dd><code>c</code>: <code>`id` &lt; 3</code>, not enforced</dd>
        <dt>triggers</dt>
        <dd><code>t</code> after insert, writes <a href="#t-u"><code>u</code></a></dd>
        <dt>partitioned by</dt>
        <dd>RANGE COLUMNS(<code>id</code>)</dd>
        <dt>stored as</dt>
        <dd>engine InnoDB</dd>
        </dl>
        <p class="back"><a href="#diagram">to the diagram</a></p>
        </article>
        <h3>Views and programs</h3>
        <ul>
        <li>procedure <code>p</code>: does &lt;it&gt;</li>
        </ul>
        </section>
        "##);
    }

    #[test]
    fn a_page_of_nothing() {
        let report = Report { database: text("<db>"), made_at: text("2026-11-27 09:30:00"), ..Report::default() };
        insta::assert_snapshot!(body(&report), @r#"
        <section aria-labelledby="migrations">
        <h2 id="migrations">Migrations</h2>
        <p>Version ; nothing was ever applied.</p>
        <ol class="days">
        </ol>
        </section>
        <section aria-labelledby="partitions">
        <h2 id="partitions">Partitions by month</h2>
        <p>No table has monthly partitions here.</p>
        </section>
        <section aria-labelledby="retention">
        <h2 id="retention">Retention</h2>
        <p>No run is in the ledger yet.</p>
        </section>
        <section aria-labelledby="checks">
        <h2 id="checks">Checks</h2>
        <h3><code>caredb drift</code>: the live schema against its files</h3>
        <p>Never run here.</p>
        <h3><code>caredb lint</code>: what is dangerous in the files</h3>
        <p>Never run here.</p>
        </section>
        <section aria-labelledby="sizes">
        <h2 id="sizes">Sizes and growth</h2>
        <p>About 0 B in 0 tables.</p>
        <div class="wide"><table>
        <caption class="unseen">sizes of the tables</caption>
        <thead><tr><th>table</th><th class="number">rows ~</th><th class="number">data</th><th class="number">indexes</th><th class="share"><span class="unseen">share of the largest</span></th></tr></thead>
        <tbody>
        </tbody></table></div>
        </section>
        <section aria-labelledby="diagram">
        <h2 id="diagram">Diagram</h2>
        <p>There are no tables yet: <code>caredb migrate</code> makes them.</p>
        </section>
        <section aria-labelledby="dictionary">
        <h2 id="dictionary">Dictionary</h2>
        <p>There are no tables yet.</p>
        </section>
        "#);
    }

    #[test]
    fn only_its_own_script_runs() {
        let html = html(&report()).unwrap();
        let (_, policy) = html.split_once("script-src '").unwrap();
        let hash = policy.split('\'').next().unwrap();
        let (_, script) = html.split_once("<script>").unwrap();
        let script = script.split("</script>").next().unwrap();
        use base64::Engine as _;
        use sha2::Digest as _;
        assert_eq!(hash, format!("sha256-{}", base64::prelude::BASE64_STANDARD.encode(sha2::Sha256::digest(script))));
    }
}
