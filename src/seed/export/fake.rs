//! Stand-ins for values: the same value has the same one under the same key, and without the key nobody comes back.

use std::collections::BTreeMap;

use chrono::{Datelike as _, NaiveDate};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::policy::{How, is_harmless, member};
use crate::seed::fixtures;

/// Makes stand-ins.
#[derive(Debug)]
pub struct Faker {
    key: [u8; 32],
    /// The ids that the exported rows will have, by the ids that they have.
    ids: BTreeMap<String, String>,
}

impl Faker {
    /// `key`: any text; a short one can be guessed, and then the values by trying them.
    #[must_use]
    pub fn new(key: &str) -> Self {
        Self { key: Sha256::digest(key).into(), ids: BTreeMap::new() }
    }

    /// The label of a row: it follows from its table and id.
    #[must_use]
    pub fn label(&self, table: &str, id: &str) -> String {
        format!("r{}", self.draw(table, id).hex(16))
    }

    /// Notes that a row is exported, so that its id is replaced by the new one wherever it stands.
    pub fn exports(&mut self, table: &str, id: &str) {
        let new = fixtures::id(table, &self.label(table, id));
        self.ids.insert(id.to_owned(), new);
    }

    /// The stand-in for a value, `most` characters long at the most. An empty text is nobody's.
    #[must_use]
    pub fn fake(&self, how: How, value: &str, most: usize) -> String {
        if value.is_empty() {
            return String::new();
        }
        let fake = match how {
            How::Keep => return value.to_owned(),
            How::Word if is_word(value) => return value.to_owned(),
            How::Word => self.draw("code", value).letters(16),
            How::Id => self.id(value),
            How::Email => format!(
                "{}.{}@example.com",
                self.draw("first", value).name(2).to_lowercase(),
                self.draw("email", value).hex(16)
            ),
            How::Password => format!("!{}", self.draw("password", value).hex(32)),
            How::FirstName => self.draw("first", value).name(3),
            How::LastName => self.draw("last", value).name(4),
            How::FullName => {
                format!("{} {}", self.draw("first", value).name(3), self.draw("last", value).name(4))
            }
            How::Phone => format!("+999{}", self.draw("phone", value).digits(9)),
            How::Day => self.day(value),
            How::Text => self.draw("text", value).words(value.split_whitespace().count()),
            How::Code(prefix) => format!("{prefix}{}", self.draw("code", value).letters(16)),
            How::Url if value.starts_with('/') => format!("/fake/{}", self.draw("url", value).hex(16)),
            How::Url => format!("https://fake.invalid/{}", self.draw("url", value).hex(16)),
            How::Ip => self.draw("ip", value).address(value.contains(':')),
            How::Pick(list) => list[self.draw("pick", value).below(list.len())].to_owned(),
            How::Near => self.near(value),
            How::Digits => self.other_digits(value),
            How::Json => return self.json_text(value),
        };
        let mut fake: String = fake.chars().take(most).collect();
        // what was cut behind a word must not end in a space: MySQL takes `x ` and `x` for the same key
        fake.truncate(fake.trim_end().len());
        fake
    }

    /// JSON with all that could be a person's replaced; text that is no JSON is replaced as a whole.
    #[must_use]
    pub fn json(&self, value: &str) -> Value {
        match serde_json::from_str(value) {
            Ok(json) => self.in_json("", &json),
            Err(_) => Value::String(self.fake(How::Text, value, usize::MAX)),
        }
    }

    fn json_text(&self, value: &str) -> String {
        self.json(value).to_string()
    }

    fn in_json(&self, name: &str, value: &Value) -> Value {
        match value {
            Value::Null | Value::Bool(_) => value.clone(),
            Value::Number(number) => {
                let digits = self.other_digits(&number.to_string());
                serde_json::from_str(&digits).unwrap_or(Value::from(0))
            }
            Value::String(text) if self.ids.contains_key(text) || Uuid::try_parse(text).is_ok() => {
                Value::String(self.id(text))
            }
            Value::String(text) => Value::String(self.fake(member(name), text, usize::MAX)),
            Value::Array(items) => items.iter().map(|item| self.in_json(name, item)).collect(),
            Value::Object(members) => {
                let members = members.iter().map(|(name, value)| {
                    let harmless = is_harmless(name);
                    let shown = if harmless { name.clone() } else { format!("k{}", self.draw("key", name).hex(12)) };
                    (shown, self.in_json(name, value))
                });
                Value::Object(members.collect::<Map<_, _>>())
            }
        }
    }

    fn id(&self, value: &str) -> String {
        if let Some(id) = self.ids.get(value) {
            return id.clone();
        }
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&self.draw("id", value).bytes[..16]);
        uuid::Builder::from_sha1_bytes(bytes).into_uuid().to_string()
    }

    /// Another day of the year that a date, or the date of a time, lies in; what is no date is the year's first.
    fn day(&self, value: &str) -> String {
        let (date, time) = value.split_at_checked(10).unwrap_or((value, ""));
        let Ok(date) = date.parse::<NaiveDate>() else { return format!("1970-01-01{time}") };
        let days = NaiveDate::from_ymd_opt(date.year(), 12, 31).map_or(365, |last| last.ordinal());
        // 1 to days - 1 days on, and round: never the day itself
        let on = u32::try_from(self.draw("day", value).below(days as usize - 1)).unwrap_or(0) + 1;
        let ordinal = (date.ordinal0() + on) % days + 1;
        format!("{}{time}", date.with_ordinal(ordinal).unwrap_or(date))
    }

    /// 80 to 99 percent of a number, with as many digits behind the point.
    fn near(&self, value: &str) -> String {
        let percent = 80 + self.draw("near", value).below(20) as i128;
        let scale = value.split_once('.').map_or(0, |(_, fraction)| fraction.len());
        let Ok(number) = value.replace('.', "").parse::<i128>() else { return self.other_digits(value) };
        let number = number * percent / 100;
        let sign = if number < 0 { "-" } else { "" };
        let digits = format!("{:0>width$}", number.unsigned_abs(), width = scale + 1);
        match digits.split_at(digits.len() - scale) {
            (whole, "") => format!("{sign}{whole}"),
            (whole, fraction) => format!("{sign}{whole}.{fraction}"),
        }
    }

    /// Every digit another one, the first of a whole number no 0. No more than 18 digits, so that it stays a number
    /// for every reader, and no exponent.
    fn other_digits(&self, value: &str) -> String {
        let number = value.split(['e', 'E']).next().unwrap_or_default();
        let mut draw = self.draw("digits", value);
        let mut digits = String::new();
        for (index, c) in number.chars().take(18).enumerate() {
            let is_first = digits.trim_start_matches('-').is_empty();
            let is_zero = c == '0' && is_first && !number[index + 1..].starts_with(|c: char| c.is_ascii_digit());
            match c {
                '0'..='9' if is_zero => digits.push('0'),
                '0'..='9' if is_first => digits.push(char::from(b'1' + draw.next() % 9)),
                '0'..='9' => digits.push(char::from(b'0' + draw.next() % 10)),
                other => digits.push(other),
            }
        }
        digits.trim_end_matches('.').to_owned()
    }

    fn draw(&self, kind: &str, value: &str) -> Draw {
        let mut hash = Sha256::new();
        hash.update(self.key);
        hash.update((kind.len() as u64).to_be_bytes());
        hash.update(kind);
        hash.update(value);
        Draw { bytes: hash.finalize().into(), used: 0 }
    }
}

/// One word of a program: letters, digits, and what joins them.
fn is_word(text: &str) -> bool {
    text.len() <= 60 && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '/' | '.' | '-' | '+'))
}

/// An endless row of bytes that follows from key, kind and value.
struct Draw {
    bytes: [u8; 32],
    used: usize,
}

impl Draw {
    fn next(&mut self) -> u8 {
        if self.used == self.bytes.len() {
            self.bytes = Sha256::digest(self.bytes).into();
            self.used = 0;
        }
        self.used += 1;
        self.bytes[self.used - 1]
    }

    fn below(&mut self, number: usize) -> usize {
        let drawn = usize::from(self.next()) << 16 | usize::from(self.next()) << 8 | usize::from(self.next());
        drawn % number.max(1)
    }

    fn hex(mut self, digits: usize) -> String {
        (0..digits).map(|_| char::from(b"0123456789abcdef"[usize::from(self.next() % 16)])).collect()
    }

    /// 4 bits a letter; without digits, so that it is not taken for a number that somebody has.
    fn letters(mut self, letters: usize) -> String {
        (0..letters).map(|_| char::from(b'a' + self.next() % 16)).collect()
    }

    fn digits(mut self, digits: usize) -> String {
        (0..digits).map(|_| char::from(b'0' + self.next() % 10)).collect()
    }

    /// A name that nobody has, of so many syllables.
    fn name(mut self, syllables: usize) -> String {
        const FIRST: &[u8] = b"bdfgklmnprstvz";
        const THEN: &[u8] = b"aeiou";
        let mut name = String::new();
        for _ in 0..syllables {
            name.push(char::from(FIRST[self.below(FIRST.len())]));
            name.push(char::from(THEN[self.below(THEN.len())]));
        }
        name.push('x');
        name[..1].to_uppercase() + &name[1..]
    }

    /// So many words that mean nothing, 60 at the most.
    fn words(mut self, words: usize) -> String {
        const WORDS: [&str; 32] = [
            "lorem",
            "ipsum",
            "dolor",
            "amet",
            "consectetur",
            "adipiscing",
            "elit",
            "eiusmod",
            "tempor",
            "incididunt",
            "labore",
            "dolore",
            "magna",
            "aliqua",
            "veniam",
            "nostrud",
            "ullamco",
            "laboris",
            "aliquip",
            "commodo",
            "consequat",
            "irure",
            "reprehenderit",
            "voluptate",
            "velit",
            "cillum",
            "fugiat",
            "pariatur",
            "excepteur",
            "occaecat",
            "cupidatat",
            "proident",
        ];
        let words: Vec<&str> = (0..words.clamp(1, 60)).map(|_| WORDS[self.below(WORDS.len())]).collect();
        words.join(" ")
    }

    fn address(mut self, is_v6: bool) -> String {
        if is_v6 {
            let mut part = || u16::from(self.next()) << 8 | u16::from(self.next());
            return format!("2001:db8:{:x}:{:x}::{:x}", part(), part(), part());
        }
        format!("24{}.{}.{}.{}", self.next() % 10, self.next(), self.next(), self.next())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stand_ins_are_stable_and_short_enough() {
        let faker = Faker::new("key");
        for (how, value) in [
            (How::Email, "marta@example.org"),
            (How::FullName, "Marta Oliveira"),
            (How::Phone, "+1-202-555-0101"),
            (How::Day, "1984-03-17"),
            (How::Text, "Chest tightness when climbing stairs"),
            (How::Code("BK-"), "BK-10001"),
            (How::Url, "https://files.example.com/x"),
            (How::Ip, "192.0.2.1"),
            (How::Ip, "2001:db8::1"),
            (How::Near, "168.00"),
            (How::Digits, "90210"),
            (How::Id, "7f4ce425-bc00-5d9c-a6ef-9afbb58037be"),
        ] {
            let fake = faker.fake(how, value, 255);
            assert_eq!(fake, Faker::new("key").fake(how, value, 255));
            assert_ne!(fake, Faker::new("another").fake(how, value, 255), "{value}");
            assert_ne!(fake, value);
            assert!(faker.fake(how, value, 5).chars().count() <= 5);
        }
        assert_eq!(faker.fake(How::Text, "", 5), "");
    }

    #[test]
    fn days_stay_in_their_year_and_numbers_numbers() {
        let faker = Faker::new("key");
        for date in ["1000-01-01", "9999-12-31", "2024-02-29", "1999-07-01 10:00:00"] {
            let fake = faker.fake(How::Day, date, 255);
            assert_eq!((&fake[..5], &fake[10..]), (&date[..5], &date[10..]));
            assert_ne!(fake, date);
            fake[..10].parse::<NaiveDate>().unwrap();
        }
        for number in ["0", "-5", "0.01", "-999.99", "9223372036854775807", "1e308", "99999999.99"] {
            for how in [How::Near, How::Digits] {
                let fake = faker.fake(how, number, 255);
                fake.parse::<f64>().unwrap();
                assert!(fake.len() <= number.len(), "{number} {fake}");
            }
        }
    }

    #[test]
    fn json_keeps_its_form_and_nothing_else() {
        let mut faker = Faker::new("key");
        faker.exports("users", "u1");
        let fake = faker.json(r#"{"name": "Rui Oliveira", "peanuts": "severe", "year": 2003, "urgent": true, "patient_id": "u1", "list": [null, 0.5]}"#);
        let text = fake.to_string();
        for original in ["Rui", "Oliveira", "peanuts", "severe", "2003", "u1", "list"] {
            assert!(!text.contains(&format!("\"{original}\"")), "{text}");
        }
        assert!(text.contains(&fixtures::id("users", &faker.label("users", "u1"))));
        assert!(text.contains("\"urgent\":true") && text.contains("[null,0."), "{text}");
    }
}
