//! `report FILE.html`: what stands on the page, what it costs the server, and how it is used in a browser.

use std::path::Path;

use base64::Engine as _;
use insta::assert_snapshot;

use crate::browser::Browser;
use crate::support::{PEOPLE, Test, block_on};

/// A page's text without tags, from one heading to the next.
fn section(html: &str, id: &str) -> String {
    let (_, text) = html.split_once(&format!("<h2 id=\"{id}\">")).unwrap();
    let text = text.split("</section>").next().unwrap();
    let text = regex::Regex::new("</(td|th|dt|b)>").unwrap().replace_all(text, " ");
    let text = regex::Regex::new("<[^>]*>").unwrap().replace_all(&text, "");
    let text =
        regex::Regex::new(r"\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d)?|\d\d:\d\d:\d\d").unwrap().replace_all(&text, "<time>");
    let text = regex::Regex::new(r"\d+ ms").unwrap().replace_all(&text, "<ms> ms");
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

fn page(test: &Test) -> String {
    test.ok("report page.html --quiet");
    std::fs::read_to_string(test.folder.join("page.html")).unwrap()
}

fn health(html: &str) -> String {
    let (_, health) = html.split_once("<p class=\"health ").unwrap();
    let (_, health) = health.split_once('>').unwrap();
    let text = regex::Regex::new("<[^>]*>").unwrap().replace_all(health.split("</p>").next().unwrap(), "").into_owned();
    regex::Regex::new(r"\d{4}-\d\d-\d\d").unwrap().replace_all(&text, "<time>").into_owned()
}

/// A clinic with something to see in each part of the page.
fn clinic(name: &str) -> Test {
    let test = Test::new(name);
    test.ok("migrate");
    test.ok("partition ensure --behind 18");
    test.ok("seed");
    test.ok("archive appointments");
    test.ok("purge notifications");
    test.run("lint");
    test.sql("ALTER TABLE reviews ADD stars INT COMMENT '<script>alert(`1`)</script>'");
    assert!(test.run("drift").starts_with("exit 1"));
    test.sql("ANALYZE TABLE appointments, appointments_archive");
    test.sql(
        "UPDATE flyway_schema_history SET installed_on = installed_on - INTERVAL (17 - installed_rank) DIV 5 * 40 DAY",
    );
    test
}

#[test]
fn of_a_database_to_which_nothing_is_applied() {
    let test = Test::new("report_empty");
    let said = test.run("report page.html");
    let size = regex::Regex::new(r"\d+\.\d KiB").unwrap();
    assert_snapshot!(size.replace(&said, "<size>"), @"
    exit 0
    --- stdout
    wrote `page.html`, <size>; 1 thing to look at: version none of 15: nothing is applied yet, `caredb migrate` does it
    ");
    let html = page(&test);
    assert_snapshot!(section(&html, "migrations").lines().take(2).collect::<Vec<_>>().join("\n"), @"
    Migrations
    Version none of 15: nothing is applied yet, caredb migrate does it; nothing was ever applied.
    ");
    assert_snapshot!(section(&html, "partitions"), @"
    Partitions by month
    No table has monthly partitions here.
    ");
    assert_snapshot!(section(&html, "retention"), @"
    Retention
    No run is in the ledger yet.
    ");
    assert_snapshot!(section(&html, "checks"), @"
    Checks
    caredb drift: the live schema against its files
    Never run here.
    caredb lint: what is dangerous in the files
    Never run here.
    ");
    assert_snapshot!(section(&html, "diagram"), @"
    Diagram
    There are no tables yet: caredb migrate makes them.
    ");
    assert_snapshot!(test.run("report nowhere/page.html"), @"
    exit 2
    --- stderr
    error: could not write `nowhere/page.html`: no such file or directory (os error 2)
    ");
}

#[test]
fn of_a_migration_that_is_half_way() {
    let test = Test::new("report_half");
    test.migrations(&[
        ("V1__a.sql", "CREATE TABLE a (id INT PRIMARY KEY);"),
        ("U1__a.sql", "DROP TABLE a;"),
        ("V2__b.sql", "CREATE TABLE b (id INT PRIMARY KEY); ALTER TABLE b ADD x INTEGERS;"),
        ("U2__b.sql", "DROP TABLE b;"),
    ]);
    assert!(test.run("migrate").starts_with("exit 2"));
    let html = page(&test);
    assert_snapshot!(health(&html), @"problem 2 things to look at: version 2 is applied in part (1 of 2 statements); caredb migrate goes on with it; version 1 of 2, 1 version pending, caredb migrate applies them");
    assert_snapshot!(section(&html, "migrations"), @"
    Migrations
    Version 1 of 2, 1 version pending, caredb migrate applies them; 2 changes, all on <time>.
    version 2 is applied in part (1 of 2 statements); caredb migrate goes on with it
    <time>  1 applied, 1 failed
    time what file description took by
    <time> applied V1 a <ms> ms root
    <time> failed V2 b <ms> ms root
    pending  V2 b
    ");
}

#[test]
fn nobody_elses_text_runs_and_no_patient_is_in_it() {
    let test = clinic("report_text");
    test.sql("UPDATE flyway_schema_history SET description = '<img src=x onerror=alert(1)>' WHERE version = 3");
    let html = page(&test);
    assert!(html.contains("&lt;script&gt;alert(`1`)&lt;/script&gt;"), "the comment of a column");
    assert!(html.contains("&lt;img src=x onerror=alert(1)&gt;"), "a description of the history");
    assert_eq!((html.matches("<script").count(), html.matches("<img").count()), (1, 0));
    assert!(
        ["http://", "https://", "@import", "url("]
            .iter()
            .all(|text| !html.replace("http://www.w3.org/2000/svg", "").contains(text))
    );
    let of_patients = "SELECT email FROM users UNION ALL SELECT phone_number FROM patient_profiles UNION ALL SELECT id FROM appointments
        UNION ALL SELECT booking_reference FROM appointment_keys UNION ALL SELECT date_of_birth FROM patient_profiles";
    let values = test.rows(of_patients);
    assert!(values.len() > 100);
    let shown: Vec<&String> = values.iter().filter(|value| html.contains(value.as_str())).collect();
    assert_eq!(shown, Vec::<&String>::new());
    assert_snapshot!(section(&html, "checks"), @"
    Checks
    caredb drift: the live schema against its files
    drift: 1 object of t_report_text differs from the files up to version 15: 0 missing (-), 0 extra (+), 1 changed (~), at <time> UTC.
    changed  table reviewscolumn stars: extra, int NULL DEFAULT NULL COMMENT &#x27;&lt;script&gt;alert(1)&lt;/script&gt;&#x27;
    caredb lint: what is dangerous in the files
    0 errors, 0 warnings in 2 files, 6 statements, at <time> UTC.
    ");
    assert_snapshot!(health(&html), @"problem 3 things to look at: V3__add_appointments.sql was applied with the description &lt;img src=x onerror=alert(1)&gt;; give the file its old name, or say caredb repair to take the new one over; compress medical-records never ran, and about 4 rows are due; drift: 1 object of t_report_text differs from the files up to version 15: 0 missing (-), 0 extra (+), 1 changed (~), on <time>");
}

#[test]
fn a_check_that_can_not_be_kept_is_a_check() {
    let test = Test::new("report_kept");
    test.migrations(&[("V1__a.sql", "CREATE TABLE a (id INT PRIMARY KEY);"), ("U1__a.sql", "DROP TABLE a;")]);
    test.ok("migrate");
    test.file("file", "");
    let mut drift = test.command("drift --quiet");
    assert_snapshot!(test.show(&drift.env("XDG_CACHE_HOME", test.folder.join("file")).output().unwrap()), @"
    exit 0
    --- stdout
    no drift: 1 object of `<db>` as in the files up to version 1
    ");
    let mut lint = test.command("lint --quiet");
    assert_snapshot!(test.show(&lint.env("XDG_CACHE_HOME", test.folder.join("file")).output().unwrap()), @"
    exit 0
    --- stdout
    nothing to lint: no version is pending
    ");
    assert!(page(&test).matches("Never run here.").count() == 2);
    test.run("lint");
    // a file of another form is none
    let kept = std::fs::read_dir(test.folder.join("cache/caredb/last-lint")).unwrap().next().unwrap().unwrap();
    assert!(page(&test).contains("nothing to lint: no version is pending, at"));
    std::fs::write(kept.path(), "{}").unwrap();
    assert!(page(&test).matches("Never run here.").count() == 2);
}

#[test]
fn what_can_not_be_read_is_said_and_keeps_nobody_waiting() {
    let test = Test::new("report_unseen");
    test.ok("migrate");
    test.ok("purge notifications");
    let url = test.url_as("reporter", &["SHOW VIEW, TRIGGER, EVENT"]);
    let user = test.user("reporter");
    let tables = test.rows("SHOW TABLES").into_iter().filter(|table| !table.starts_with("caredb_run"));
    test.sql(&tables.map(|table| format!("GRANT SELECT ON `{table}` TO '{user}';")).collect::<String>());
    let retention = |number: u16| {
        let html = std::fs::read_to_string(test.folder.join("page.html")).unwrap();
        let why = format!("could not read table caredb_runs: MySQL error {number}: ");
        assert!(health(&html).contains(&why), "{}", health(&html));
        let text = section(&html, "retention");
        let lines = text.lines().map(|line| line.split(&why).next().unwrap().to_owned());
        lines.collect::<Vec<_>>().join("\n")
    };
    let said = test.run_at(&url, "report page.html");
    assert!(said.starts_with("exit 0"), "{said}");
    let unseen = "Retention\nWhat is due is not known: \nThe runs of the ledger are not known: ";
    assert_eq!(retention(1142), unseen);
    // the definitions of views are what this one may not see
    let said = test.run_at(&test.url_as("blind", &["SELECT"]), "report blind.html");
    assert!(said.starts_with("exit 0"), "{said}");
    let html = std::fs::read_to_string(test.folder.join("blind.html")).unwrap();
    let diagram = section(&html, "diagram");
    assert!(diagram.starts_with("Diagram\nThe tables are not known: could not read the definition of "), "{diagram}");
    assert!(diagram.contains(": MySQL error 1142: ") && health(&html).contains(": MySQL error 1142: "), "{diagram}");
    assert!(!html.contains("href=\"#t-"));
    let _holder = block_on(async {
        let mut conn = test.connect().await;
        sqlx::raw_sql("LOCK TABLES caredb_runs WRITE").execute(&mut conn).await.unwrap();
        conn
    });
    test.ok("report page.html");
    assert_eq!(retention(1205), unseen);
}

/// 20,000 rows in each of the tables that jobs of retention look at, all of them due.
const MANY: &str = "
    SET SESSION cte_max_recursion_depth = 100000;
    INSERT INTO appointments (id, patient_id, doctor_id, appointment_date, start_time, end_time, consultation_type, status, booking_reference, fee)
        WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 20000)
        SELECT CONCAT('a', n), 'p1', 'd1', DATE('2020-01-01') + INTERVAL n DIV 20 DAY, MAKETIME(8, n MOD 20, 0), '09:00:00', 'VIDEO', 'COMPLETED', CONCAT('B', n), 10 FROM n;
    INSERT INTO notifications (id, user_id, type, title, message, created_at)
        WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 20000)
        SELECT CONCAT('n', n), 'u1', 'GENERAL', 't', 'm', '2020-01-01 10:00:00' FROM n;
    ANALYZE TABLE appointments, notifications";

/// What handlers read for a user of the server, in rows.
fn reads(test: &Test, user: &str) -> u64 {
    let sum = format!(
        "SELECT CAST(COALESCE(SUM(VARIABLE_VALUE), 0) AS UNSIGNED) FROM performance_schema.status_by_user
         WHERE USER = '{user}' AND VARIABLE_NAME LIKE 'Handler\\_read%'"
    );
    test.rows(&sum)[0].parse().unwrap()
}

#[test]
fn it_costs_the_server_a_look_and_no_more() {
    let test = Test::new("report_cost");
    test.ok("migrate");
    test.ok("partition ensure --behind 12");
    test.sql(PEOPLE);
    let url = test.url_as("reporter", &["SELECT, SHOW VIEW, TRIGGER, EVENT"]);
    let user = test.user("reporter");
    let cost = || {
        let before = reads(&test, &user);
        assert!(
            test.run_at(&url, "report page.html").starts_with("exit 0"),
            "{}",
            test.run_at(&url, "report page.html")
        );
        reads(&test, &user) - before
    };
    // the first run makes the server's caches
    cost();
    let of_nothing = cost();
    test.sql(MANY);
    cost();
    let of_many = cost();
    assert!(
        of_many < of_nothing + 1000,
        "{of_nothing} rows were read of the empty database, {of_many} with 40,000 rows in it"
    );
}

#[test]
fn a_page_of_300_runs_is_small() {
    let test = clinic("report_size");
    test.sql(
        "SET SESSION cte_max_recursion_depth = 1000;
         INSERT INTO caredb_runs (command, policy, cut_off, account, host, started_at, ended_at, outcome)
             WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 310)
             SELECT 'purge notifications', '{}', '2026-01-01', 'cron@localhost', 'cron', '2026-01-01 01:00:00' + INTERVAL n HOUR,
                 '2026-01-01 01:00:02.5' + INTERVAL n HOUR, 'done' FROM n;
         INSERT INTO caredb_run_parts (run_id, part, action, row_count)
             SELECT id, CONCAT('p_2024_', m), 'purge', 1000 + id FROM caredb_runs, (SELECT '01' m UNION SELECT '02' UNION SELECT '03') months
             WHERE host = 'cron'",
    );
    let html = page(&test);
    assert!(html.len() < 2_000_000, "{}", html.len());
    let retention = section(&html, "retention");
    let lines: Vec<&str> = retention.lines().filter(|line| line.contains("purge notifications")).collect();
    // the backlog has one line, what was done by month another
    assert_eq!(lines.len(), 302);
    assert_snapshot!(lines[1], @"312 purge notifications <time> 2.50 s done <time> purge 3936 rows cron@localhost on cron");
    assert!(
        retention.contains("280 older runs") && retention.contains("There are older ones: caredb runs list shows all.")
    );
}

/// Of a test that failed, and where a person wants to look: the pictures.
fn keep(picture: &str, name: &str) {
    let Some(folder) = std::env::var_os("CAREDB_TEST_PICTURES") else { return };
    let png = base64::prelude::BASE64_STANDARD.decode(picture).unwrap();
    std::fs::write(Path::new(&folder).join(name), png).unwrap();
}

#[test]
fn a_browser_shows_it_and_finds_what_is_looked_for() {
    let Some(mut browser) = Browser::open("browser") else { return };
    let test = clinic("report_browser");
    page(&test);
    let file = test.folder.join("page.html");
    let mut backgrounds = Vec::new();
    for (width, height) in [(390, 844), (1280, 900)] {
        for scheme in ["light", "dark"] {
            browser.look((width, height), scheme);
            browser.open_file(&file);
            let at = format!("{width} px, {scheme}");
            assert_eq!(browser.text("document.querySelector('h1').textContent"), test.database, "{at}");
            // a telephone's window grows with what does not fit, a desktop's scrolls
            let beyond = "(e => `${innerWidth} ${e.scrollWidth - e.clientWidth}`)(document.documentElement)";
            assert_eq!(browser.text(beyond), format!("{width} 0"), "{at}: the page goes beyond the window");
            backgrounds.push(browser.text("getComputedStyle(document.body).backgroundColor"));
            keep(&browser.picture(), &format!("{width}-{scheme}.png"));
            used(&mut browser, &at);
            assert_eq!(browser.complaints(), Vec::<String>::new(), "{at}");
        }
    }
    assert_eq!(backgrounds, ["rgb(255, 255, 255)", "rgb(20, 24, 29)", "rgb(255, 255, 255)", "rgb(20, 24, 29)"]);
}

/// Uses a page as a person does.
fn used(browser: &mut Browser, at: &str) {
    // each link leads somewhere, and no place is there twice
    let astray = "JSON.stringify([...document.querySelectorAll('a')].map(a => a.getAttribute('href') || a.getAttribute('xlink:href'))
        .filter(to => !to.startsWith('#') || !document.getElementById(to.slice(1))))";
    assert_eq!(browser.text(astray), "[]", "{at}");
    let twice = "JSON.stringify([...document.querySelectorAll('[id]')].map(e => e.id).filter((id, at, ids) => ids.indexOf(id) !== at))";
    assert_eq!(browser.text(twice), "[]", "{at}");
    // by keys alone: the first stop is the link past the contents; `/` goes to the search
    browser.press("Tab");
    assert_eq!(browser.text("document.activeElement.className"), "skip", "{at}");
    browser.press("/");
    assert_eq!(browser.text("document.activeElement.id"), "search", "{at}");
    browser.type_text("booking ref");
    let hits = "[...document.querySelectorAll('#hits a')].map(a => a.textContent).join(' ')";
    let found =
        "appointment_keys.booking_reference appointments.booking_reference appointments_archive.booking_reference";
    assert!(browser.text(hits).starts_with(found), "{at}: {}", browser.text(hits));
    assert!(browser.text("document.getElementById('said').textContent").ends_with(" found"), "{at}");
    browser.press("ArrowDown");
    browser.press("ArrowDown");
    browser.press("Enter");
    let place = "t-appointments.booking_reference";
    assert_eq!(browser.text("location.hash + ' ' + document.hidden"), format!("#{place} false"), "{at}");
    assert_eq!(browser.text("document.activeElement.id"), place, "{at}");
    assert_eq!(browser.value("document.getElementById('hits').hidden"), true, "{at}");
    let seen = format!(
        "(() => {{ const b = document.getElementById('{place}').getBoundingClientRect();
           return b.top >= document.querySelector('.bar').getBoundingClientRect().bottom && b.bottom <= innerHeight; }})()"
    );
    assert_eq!(browser.value(&seen), true, "{at}: what was found is not in sight");
    // what is not there is not found, and Escape begins anew
    browser.press("/");
    browser.value("document.getElementById('search').select()");
    browser.type_text("zebra");
    assert_eq!(browser.text("document.getElementById('said').textContent"), "0 found", "{at}");
    browser.press("Escape");
    assert_eq!(browser.text("document.getElementById('search').value"), "", "{at}");
    // a comment's text is found, and is text
    browser.type_text("alert");
    assert_eq!(browser.text(hits), "reviews.stars", "{at}");
    browser.press("Escape");
    // from the diagram to the columns, and on to what they refer to
    browser.click(".diagram a[href='#t-consultations']");
    assert_eq!(browser.text("location.hash"), "#t-consultations", "{at}");
    assert_eq!(browser.text("document.activeElement.id"), "t-consultations", "{at}");
    browser.click("#t-consultations a[href='#t-appointment_keys']");
    assert_eq!(browser.text("location.hash"), "#t-appointment_keys", "{at}");
    // on paper all is unfolded
    browser.value("dispatchEvent(new Event('beforeprint'))");
    assert_eq!(browser.value("document.querySelectorAll('details:not([open])').length"), 0, "{at}");
    browser.value("dispatchEvent(new Event('afterprint'))");
    assert!(browser.value("document.querySelectorAll('details:not([open])').length").as_u64() > Some(0), "{at}");
}
