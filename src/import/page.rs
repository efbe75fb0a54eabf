//! A page to look at: one HTML file with all that it needs, of what a check, an import or a comparison has found.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::finding::{self, Example, Findings, Found, Place};
use super::read;
use crate::output::count;
use crate::output::plain::plain;

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

/// It takes the colours of the reader's system.
const STYLE: &str = "
:root { color-scheme: light dark; --line: #8884; --faint: #8882; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
div { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid var(--line); }
th { font-weight: 600; } .number { text-align: right; font-variant-numeric: tabular-nums; }
code { font: .875em ui-monospace, monospace; background: var(--faint); border-radius: 3px; padding: 0 .25em; }
";

impl Page<'_> {
    /// The page's text.
    #[must_use]
    pub fn html(&self) -> String {
        let title = escape(&self.title);
        // nothing is loaded from anywhere, and nothing runs
        let mut html = format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
             <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
             <h1>{title}</h1>\n<p>{}</p>\n",
            marked(self.told)
        );
        self.numbers(&mut html);
        self.found(&mut html);
        if !self.rejects.is_empty() {
            html.push_str("<h2>Rejected rows</h2>\n<p>As they were, with their codes behind them; only their owner may read them.</p>\n<ul>\n");
            self.rejects.iter().for_each(|path| line(&mut html, &format!("<li>{}</li>", marked(path))));
            html.push_str("</ul>\n");
        }
        html.push_str("</body>\n</html>\n");
        html
    }

    fn numbers(&self, html: &mut String) {
        html.push_str("<h2>Tables</h2>\n<div><table>\n");
        let row = |cell: &str, texts: &mut dyn Iterator<Item = &str>| {
            let cells = texts.enumerate().map(|(at, text)| {
                let class = if at == 0 { "" } else { " class=\"number\"" };
                format!("<{cell}{class}>{}</{cell}>", escape(text))
            });
            format!("<tr>{}</tr>", cells.collect::<String>())
        };
        line(html, &row("th", &mut self.head.iter().copied()));
        self.lines.iter().for_each(|cells| line(html, &row("td", &mut cells.iter().map(String::as_str))));
        html.push_str("</table></div>\n");
    }

    /// A block of lines for each code: how often it was found, what it means, and where.
    fn found(&self, html: &mut String) {
        if self.findings.found.is_empty() {
            return;
        }
        let mut codes: BTreeMap<&str, Vec<(&Place, &Found)>> = BTreeMap::new();
        for ((code, place), found) in &self.findings.found {
            codes.entry(code).or_default().push((place, found));
        }
        html.push_str("<h2>Findings</h2>\n<div><table>\n");
        html.push_str("<tr><th>code</th><th>source</th><th>table</th><th>column</th><th class=\"number\">rows</th><th>first</th></tr>\n");
        for (code, places) in codes {
            let rows: u64 = places.iter().map(|(_, found)| found.rows).sum();
            let about = format!("<code>{code}</code> {}<br>{}", count(rows, "row"), escape(meaning(code)));
            let mut first = format!("<td rowspan=\"{}\">{about}</td>", places.len());
            for (place, found) in places {
                let names = [&place.source, &place.table, &place.column]
                    .map(|name| format!("<td>{}</td>", escape(name)))
                    .concat();
                let examples: Vec<String> = found.examples.iter().map(example).collect();
                let examples = examples.join(", ");
                line(
                    html,
                    &format!("<tr>{first}{names}<td class=\"number\">{}</td><td>{examples}</td></tr>", found.rows),
                );
                first.clear();
            }
        }
        html.push_str("</table></div>\n");
    }
}

fn line(html: &mut String, text: &str) {
    let _ = writeln!(html, "{text}");
}

fn example(example: &Example) -> String {
    let value = example.value.as_ref().map(|value| format!(" <code>{}</code>", escape(value))).unwrap_or_default();
    format!("line {}{value}", example.line)
}

/// What a code means.
fn meaning(code: &str) -> &'static str {
    let all = finding::CODES.iter().chain(read::CODES);
    all.into_iter().find(|(known, _)| *known == code).map_or("", |(_, meaning)| meaning)
}

/// What stands between backticks becomes code.
fn marked(text: &str) -> String {
    let parts = text.split('`').enumerate();
    parts.map(|(at, part)| if at % 2 == 1 { format!("<code>{}</code>", escape(part)) } else { escape(part) }).collect()
}

/// A text that is no HTML.
fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for letter in plain(text).chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            letter => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let html = page.html().replace(STYLE, "…");
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
        <tr><td>s</td><td>users</td><td>email</td><td class="number">3</td><td>line 2 <code>&lt;script&gt;alert(&#39;?x&#39;)&lt;/script&gt;</code>, line 3 <code>a&amp;b</code></td></tr>
        <tr><td rowspan="1"><code>ragged-row</code> 1 row<br>another number of fields than the header&#39;s</td><td>s</td><td></td><td></td><td class="number">1</td><td>line 10</td></tr>
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
        assert!(!nothing.html().contains("<h2>Findings") && !nothing.html().contains("<h2>Rejected"));
    }

    #[test]
    fn every_code_has_a_meaning() {
        assert!(finding::CODES.iter().chain(read::CODES).all(|(code, meaning_)| meaning(code) == *meaning_));
    }
}
