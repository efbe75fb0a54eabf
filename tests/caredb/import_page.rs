//! `import check|run|verify --page`: the page of what was found.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use insta::assert_snapshot;

use crate::import::with_sample;
use crate::support::{command, show};

/// The text of a page from the style on, cut after the table of numbers.
fn numbers(path: &Path) -> String {
    let html = std::fs::read_to_string(path).unwrap();
    assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
    let (_, body) = html.split_once("<body>\n").unwrap();
    body.split("</table>").next().unwrap().to_owned()
}

#[test]
fn the_page_of_a_check() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("caredb.toml"), "").unwrap();
    let mapping = "system = 'old'\n[source.s]\nfile = 's.csv'\n[[table]]\ninto = 'users'\nfrom = 's'\nlegacy_id = ['nr']\n[table.columns]\n\
                   email = { from = 'mail', pattern = 'email' }\npassword_hash = { value = '!' }\nrole = { value = 'STAFF' }";
    std::fs::write(path("mapping.toml"), mapping).unwrap();
    std::fs::write(path("s.csv"), "nr,mail\n1,a@b.example\n2,<script>alert(1)</script>\n").unwrap();
    let check = |more: &[&str]| {
        show(&command(folder.path()).args(["import", "check", "mapping.toml"]).args(more).output().unwrap())
    };
    // an older one is written over
    std::fs::write(path("page.html"), "<p>").unwrap();
    assert!(check(&["--page", "page.html"]).starts_with("exit 1\n"));
    assert_snapshot!(numbers(&path("page.html")), @r#"
    <h1>import check of old</h1>
    <p>checked 2 rows of 1 file: 1 rejected, in <code>rejects/s.csv</code></p>
    <h2>Tables</h2>
    <div><table>
    <tr><th>table</th><th class="number">rows</th><th class="number">accepted</th><th class="number">passed over</th><th class="number">rejected</th></tr>
    <tr><td>users</td><td class="number">2</td><td class="number">1</td><td class="number">0</td><td class="number">1</td></tr>
    "#);
    let masked = std::fs::read_to_string(path("page.html")).unwrap();
    assert!(masked.contains("line 3 <code>&lt;xxxxxx&gt;xxxxx(9)&lt;/xxxxxx&gt;</code>"), "{masked}");
    check(&["--page", "page.html", "--show-values"]);
    let shown = std::fs::read_to_string(path("page.html")).unwrap();
    assert!(shown.contains("line 3 <code>&lt;script&gt;alert(1)&lt;/script&gt;</code>"), "{shown}");
    // it needs nothing else, and runs nothing
    for html in [masked, shown] {
        assert!(["<script", "http:", "https:", "src=", "@import", "url("].iter().all(|text| !html.contains(text)));
    }
    assert_snapshot!(check(&["--page", "s.csv"]), @"
    exit 2
    --- stderr
    error: invalid value 's.csv' for '--page <FILE.html>': a page is HTML; end its name with `.html`

    For more information, try '--help'.
    ");
    assert_snapshot!(check(&["--page", "nowhere/page.html"]), @"
    exit 2
    --- stderr
    error: could not write the page `nowhere/page.html`: no such file or directory (os error 2)
    ");
}

#[test]
fn the_pages_of_an_import_and_of_a_comparison() {
    let test = with_sample("import_page");
    let path = test.folder.join("page.html");
    test.run("import run mapping.toml --page page.html");
    assert_snapshot!(numbers(&path), @r#"
    <h1>import run of praxis-muster</h1>
    <p>nothing was loaded: of 2276 rows, 39 rejected, in <code>rejects/doctors.csv</code>, <code>rejects/patients.csv</code>, <code>rejects/visits.csv</code>; mend them, or say by <code>--max-errors</code> how many may be left out</p>
    <h2>Tables</h2>
    <div><table>
    <tr><th>table</th><th class="number">rows</th><th class="number">accepted</th><th class="number">passed over</th><th class="number">rejected</th></tr>
    <tr><td>doctor_users</td><td class="number">24</td><td class="number">19</td><td class="number">3</td><td class="number">2</td></tr>
    <tr><td>doctor_profiles</td><td class="number">24</td><td class="number">14</td><td class="number">3</td><td class="number">7</td></tr>
    <tr><td>patient_users</td><td class="number">441</td><td class="number">428</td><td class="number">0</td><td class="number">13</td></tr>
    <tr><td>patient_profiles</td><td class="number">441</td><td class="number">420</td><td class="number">0</td><td class="number">21</td></tr>
    <tr><td>appointments</td><td class="number">1811</td><td class="number">1801</td><td class="number">0</td><td class="number">10</td></tr>
    <tr><td>payments</td><td class="number">1811</td><td class="number">772</td><td class="number">1034</td><td class="number">5</td></tr>
    "#);
    test.run("import run mapping.toml --max-errors 39 --page page.html");
    let run = numbers(&path);
    let sentence = run.lines().find(|line| line.starts_with("<p>")).unwrap();
    assert!(
        sentence.starts_with("<p>imported 3454 rows from 2276 rows of <code>praxis-muster</code> in "),
        "{sentence}"
    );
    test.sql("UPDATE appointments SET fee = fee + 1 WHERE booking_reference = 'B-97'");
    test.run("import verify mapping.toml --page page.html");
    assert_snapshot!(numbers(&path), @r#"
    <h1>import verify of praxis-muster</h1>
    <p>the database differs from the files, rows as the files count them; 39 rows of the files are rejected, and not looked for</p>
    <h2>Tables</h2>
    <div><table>
    <tr><th>table</th><th class="number">rows</th><th class="number">missing</th><th class="number">different</th></tr>
    <tr><td>doctor_users</td><td class="number">19</td><td class="number">0</td><td class="number"></td></tr>
    <tr><td>doctor_profiles</td><td class="number">14</td><td class="number">0</td><td class="number"></td></tr>
    <tr><td>patient_users</td><td class="number">428</td><td class="number">0</td><td class="number"></td></tr>
    <tr><td>patient_profiles</td><td class="number">420</td><td class="number">0</td><td class="number"></td></tr>
    <tr><td>appointments</td><td class="number">1801</td><td class="number">0</td><td class="number">fee: 1</td></tr>
    <tr><td>payments</td><td class="number">772</td><td class="number">0</td><td class="number"></td></tr>
    "#);
}
