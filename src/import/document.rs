//! A JSON document as MySQL keeps it, or what it would lose.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Reads a document. An error is a code: it is none, has a key twice, of which the last would stay, or a number with digits that no
/// number of MySQL's JSON has room for.
pub fn read(text: &str) -> Result<Value, &'static str> {
    let Document(value) = serde_json::from_str(text).map_err(|error| {
        // serde_json says no more of an error of ours than its text
        if error.to_string().starts_with(TWICE) { "duplicate-key" } else { "bad-json-value" }
    })?;
    if numbers(text).all(is_kept) { Ok(value) } else { Err("too-precise") }
}

const TWICE: &str = "a key twice";

struct Document(Value);

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Build).map(Self)
    }
}

struct Build;

impl<'de> Visitor<'de> for Build {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some((key, Document(value))) = members.next_entry::<String, Document>()? {
            if object.insert(key, value).is_some() {
                return Err(A::Error::custom(TWICE));
            }
        }
        Ok(Value::Object(object))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(Document(item)) = items.next_element()? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
}

/// The numbers of a document, as they stand in it.
fn numbers(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            let at = rest.find(|letter: char| letter == '"' || letter == '-' || letter.is_ascii_digit())?;
            rest = &rest[at..];
            if let Some(inside) = rest.strip_prefix('"') {
                rest = behind_string(inside);
                continue;
            }
            let end = rest.find(|letter: char| !letter.is_ascii_digit() && !"+-.eE".contains(letter));
            let (number, behind) = rest.split_at(end.unwrap_or(rest.len()));
            rest = behind;
            return Some(number);
        }
    })
}

/// What stands behind the end of a string.
fn behind_string(inside: &str) -> &str {
    let mut escaped = false;
    let end = inside.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    });
    end.map_or("", |end| &inside[end + 1..])
}

/// Whether MySQL keeps all digits of a number: as a whole one of 64 bits, or else as a DOUBLE.
fn is_kept(number: &str) -> bool {
    let whole = number.parse::<i64>().is_ok() || number.parse::<u64>().is_ok();
    whole || number.parse::<f64>().is_ok_and(|double| digits(number) == digits(&format!("{double:e}")))
}

/// The digits that count.
fn digits(number: &str) -> String {
    let (mantissa, _) = number.split_once(['e', 'E']).unwrap_or((number, ""));
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    digits.trim_matches('0').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_what_stands_there() {
        for (text, expected) in [
            (r#"{"b":[1,null,true,"x\"1e999"],"a":{}}"#, Ok(r#"{"b":[1,null,true,"x\"1e999"],"a":{}}"#)),
            ("18446744073709551615", Ok("18446744073709551615")),
            ("[0.1,1.50,-2e3,36.600,0.0]", Ok("[0.1,1.5,-2000.0,36.6,0.0]")),
            ("18446744073709551616", Err("too-precise")),
            ("[0.12345678901234567890]", Err("too-precise")),
            ("1e-999", Err("too-precise")),
            ("1e999", Err("bad-json-value")),
            ("NaN", Err("bad-json-value")),
            (r#"{"a":1,"a":1}"#, Err("duplicate-key")),
            (r#"[{"b":{"a":1,"\u0061":2}}]"#, Err("duplicate-key")),
            ("{", Err("bad-json-value")),
            ("", Err("bad-json-value")),
            ("1 2", Err("bad-json-value")),
        ] {
            assert_eq!(read(text).map(|value| value.to_string()), expected.map(str::to_owned), "{text}");
        }
    }
}
