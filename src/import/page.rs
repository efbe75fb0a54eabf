//! A page to look at: one HTML file with all that it needs, of what a check, an import or a comparison has found.

use std::collections::BTreeMap;

use serde::Serialize;

use super::finding::{self, Example, Findings};
use super::read;
use crate::output::html::Html;

/// What stands on a page.
#[derive(Debug)]
pub struct Page<'a> {
    /// What it is about.
    pub title: String,
    /// How it ended, in a sentence; what stands between backticks is set apart.
    pub told: &'a str,
    /// The columns of the table of numbers, the first one with names.
    pub head: &'a [&'a str],
    /// Its lines.
    pub lines: Vec<Vec<String>>,
    /// What is wrong; values are masked as they are everywhere.
    pub findings: &'a Findings,
    /// Where the rejected rows are, between backticks.
    pub rejects: &'a [String],
}

const PAGE: Html = Html { body: include_str!("page.html"), style: "", script: "" };

#[derive(Serialize)]
struct Content<'a> {
    told: &'a str,
    head: &'a [&'a str],
    lines: &'a [Vec<String>],
    codes: Vec<Code<'a>>,
    rejects: &'a [String],
}

/// How often something was found, what it means, and where.
#[derive(Serialize)]
struct Code<'a> {
    name: &'a str,
    rows: u64,
    meaning: &'static str,
    places: Vec<Found<'a>>,
}

#[derive(Serialize)]
struct Found<'a> {
    source: &'a str,
    table: &'a str,
    column: &'a str,
    rows: u64,
    examples: &'a [Example],
}

impl Page<'_> {
    /// The page's text. Errors: the template is wrong.
    pub fn html(&self) -> Result<String, minijinja::Error> {
        let mut codes: BTreeMap<&str, Code<'_>> = BTreeMap::new();
        for ((code, place), found) in &self.findings.found {
            let known = codes.entry(code);
            let code =
                known.or_insert_with(|| Code { name: code, rows: 0, meaning: meaning(code), places: Vec::new() });
            code.rows += found.rows;
            code.places.push(Found {
                source: &place.source,
                table: &place.table,
                column: &place.column,
                rows: found.rows,
                examples: &found.examples,
            });
        }
        let codes = codes.into_values().collect();
        let content = Content { told: self.told, head: self.head, lines: &self.lines, codes, rejects: self.rejects };
        PAGE.render(&self.title, content)
    }
}

/// What a code means.
fn meaning(code: &str) -> &'static str {
    let all = finding::CODES.iter().chain(read::CODES);
    all.into_iter().find(|(known, _)| *known == code).map_or("", |(_, meaning)| meaning)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::finding::Place;

    #[test]
    fn a_page_is_text_and_nothing_else() {
        let mut findings = Findings { show_values: true, examples: 2, ..Findings::default() };
        let place =
            |column: &str| Place { source: "s".to_owned(), table: "users".to_owned(), column: column.to_owned() };
        findings.add("bad-email", place("email"), (1, 2), Some("<script>alert('\u{202e}x')</script>"));
        findings.add("bad-email", place("email"), (2, 3), Some("a&b"));
        findings.add("bad-email", place("email"), (3, 4), Some("c"));
        findings.add("bad-email", place("<b>\u{1b}"), (1, 2), None);
        findings.add(
            "ragged-row",
            Place { source: "s".to_owned(), table: String::new(), column: String::new() },
            (9, 10),
            None,
        );
        let page = Page {
            title: "import check of <old>".to_owned(),
            told: "checked 9 rows: 4 rejected, in `rejects/<s>.csv`",
            head: &["table", "rows"],
            lines: vec![vec!["users".to_owned(), "9".to_owned()]],
            findings: &findings,
            rejects: &["`rejects/<s>.csv`".to_owned()],
        };
        let html = page.html().unwrap();
        let (head, rest) = html.split_once("<style>").unwrap();
        let html = format!("{head}<style>…{}", &rest[rest.find("</style>").unwrap()..]);
        insta::assert_snapshot!(html, @r#"
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
        <meta name="viewport" content="width=device-width">
        <title>import check of &lt;old&gt;</title>
        <style>…</style>
        </head>
        <body>
        <h1>import check of &lt;old&gt;</h1>
        <p>checked 9 rows: 4 rejected, in <code>rejects/&lt;s&gt;.csv</code></p>
        <h2>Tables</h2>
        <div><table>
        <tr><th>table</th><th class="number">rows</th></tr>
        <tr><td>users</td><td class="number">9</td></tr>
        </table></div>
        <h2>Findings</h2>
        <div><table>
        <tr><th>code</th><th>source</th><th>table</th><th>column</th><th class="number">rows</th><th>first</th></tr>
        <tr><td rowspan="2"><code>bad-email</code> 4 rows<br>no address of e-mail</td><td>s</td><td>users</td><td>&lt;b&gt;?</td><td class="number">1</td><td>line 2</td></tr>
        <tr><td>s</td><td>users</td><td>email</td><td class="number">3</td><td>line 2 <code>&lt;script&gt;alert(&#x27;?x&#x27;)&lt;/script&gt;</code>, line 3 <code>a&amp;b</code></td></tr>
        <tr><td rowspan="1"><code>ragged-row</code> 1 row<br>another number of fields than the header&#x27;s</td><td>s</td><td></td><td></td><td class="number">1</td><td>line 10</td></tr>
        </table></div>
        <h2>Rejected rows</h2>
        <p>As they were, with their codes behind them; only their owner may read them.</p>
        <ul>
        <li><code>rejects/&lt;s&gt;.csv</code></li>
        </ul>
        </body>
        </html>
        "#);
        let nothing = Page { findings: &Findings::default(), rejects: &[], ..page };
        let html = nothing.html().unwrap();
        assert!(!html.contains("<h2>Findings") && !html.contains("<h2>Rejected"));
    }

    #[test]
    fn every_code_has_a_meaning() {
        assert!(finding::CODES.iter().chain(read::CODES).all(|(code, meaning_)| meaning(code) == *meaning_));
    }
}
