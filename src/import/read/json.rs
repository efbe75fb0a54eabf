//! The members of a JSON object, with numbers, arrays and objects as the text that stands in the file.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// The most levels of objects and arrays in each other.
const MOST_LEVELS: usize = 64;

/// What is wrong with a line: the code of the fault, and the message.
pub(super) struct Bad(pub &'static str, pub String);

/// Checks a line: one JSON object, no key twice in any object, not too deep.
pub(super) fn check(line: &str) -> Result<(), Bad> {
    let problem = Cell::new(Problem::Syntax);
    let at = |error: &serde_json::Error| error.column();
    let mut deserializer = serde_json::Deserializer::from_str(line);
    let checked = Check { level: 0, problem: &problem }.deserialize(&mut deserializer);
    let error = match checked.and_then(|()| deserializer.end()) {
        Ok(()) => return Ok(()),
        Err(error) => error,
    };
    let at = at(&error);
    Err(match problem.get() {
        Problem::Syntax => {
            Bad("bad-json", format!("the line is no JSON object, from byte {at} on; write one object a line"))
        }
        Problem::Twice => Bad("duplicate-key", format!("an object has a key twice, at byte {at}; rename or drop one")),
        Problem::Deep => {
            Bad("nested-too-deep", format!("there are more than {MOST_LEVELS} levels; flatten the object"))
        }
    })
}

#[derive(Clone, Copy)]
enum Problem {
    Syntax,
    Twice,
    Deep,
}

/// Reads a value and keeps nothing of it. The outermost has to be an object.
struct Check<'a> {
    level: usize,
    problem: &'a Cell<Problem>,
}

impl Check<'_> {
    fn deeper<E: serde::de::Error>(&self) -> Result<Self, E> {
        if self.level == MOST_LEVELS {
            self.problem.set(Problem::Deep);
            return Err(E::custom("too deep"));
        }
        Ok(Self { level: self.level + 1, problem: self.problem })
    }
}

impl<'de> DeserializeSeed<'de> for Check<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        match self.level {
            0 => deserializer.deserialize_map(self),
            _ => deserializer.deserialize_any(self),
        }
    }
}

impl<'de> Visitor<'de> for Check<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut keys = HashSet::new();
        while let Some(key) = map.next_key::<String>()? {
            if !keys.insert(key) {
                self.problem.set(Problem::Twice);
                return Err(A::Error::custom("twice"));
            }
            map.next_value_seed(self.deeper()?)?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<(), A::Error> {
        while sequence.next_element_seed(self.deeper()?)?.is_some() {}
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

/// A member of the line's object, or of an object inside it.
pub(super) struct Member<'a> {
    /// The keys from the outermost object on, with dots between them.
    pub path: &'a str,
    /// It is a member of the line's object itself.
    pub top: bool,
    /// Its value: a text without quotes, anything else as it stands in the file. None for `null`.
    pub text: Option<&'a str>,
}

/// Calls `each` for every member of a checked object, and of the objects inside it but for those in arrays.
pub(super) fn members(line: &str, each: &mut dyn FnMut(&Member<'_>)) -> Result<(), Bad> {
    walk(line, &mut String::new(), true, each)
        .map_err(|_| Bad("bad-json", "the line is no JSON object; write one object a line".to_owned()))
}

fn walk(
    object: &str,
    path: &mut String,
    top: bool,
    each: &mut dyn FnMut(&Member<'_>),
) -> Result<(), serde_json::Error> {
    let length = path.len();
    for (key, value) in serde_json::from_str::<Pairs<'_>>(object)?.0 {
        path.push_str(&key);
        let raw = value.get();
        let text = match raw.as_bytes().first() {
            Some(b'n') => None,
            Some(b'"') => Some(unquote(raw)?),
            _ => Some(Cow::Borrowed(raw)),
        };
        each(&Member { path, top, text: text.as_deref() });
        if raw.starts_with('{') {
            path.push('.');
            walk(raw, path, false, each)?;
        }
        path.truncate(length);
    }
    Ok(())
}

fn unquote(raw: &str) -> Result<Cow<'_, str>, serde_json::Error> {
    if raw.contains('\\') {
        serde_json::from_str(raw).map(Cow::Owned)
    } else {
        Ok(Cow::Borrowed(raw.trim_matches('"')))
    }
}

struct Pairs<'a>(Vec<(String, &'a RawValue)>);

impl<'de> serde::Deserialize<'de> for Pairs<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Pairs<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs<'de>, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}
