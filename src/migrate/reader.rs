//! Reads a statement word by word, as far as classifying it needs.

use super::classify::Target;
use crate::db::ident::Ident;
use crate::db::split::Token;
use crate::schema::introspect::Kind;

/// Reads a statement from its first word on.
pub struct Reader<'t, 'a> {
    /// What is not read yet.
    pub tokens: &'t [Token<'a>],
}

impl Reader<'_, '_> {
    /// Takes the next word, in upper case; empty where no word is next.
    pub fn word(&mut self) -> String {
        match self.tokens {
            [Token::Word(word), rest @ ..] => {
                self.tokens = rest;
                word.to_ascii_uppercase()
            }
            _ => String::new(),
        }
    }

    /// Whether a word is next.
    #[must_use]
    pub fn at(&self, word: &str) -> bool {
        matches!(self.tokens, [Token::Word(next), ..] if next.eq_ignore_ascii_case(word))
    }

    /// Takes a word where it is next.
    pub fn takes(&mut self, word: &str) -> bool {
        let at = self.at(word);
        if at {
            self.tokens = &self.tokens[1..];
        }
        at
    }

    /// Takes a symbol where it is next.
    pub fn symbol(&mut self, symbol: char) -> bool {
        let at = matches!(self.tokens, [Token::Symbol(next), ..] if *next == symbol);
        if at {
            self.tokens = &self.tokens[1..];
        }
        at
    }

    /// Whether a word is still to come.
    #[must_use]
    pub fn anywhere(&self, word: &str) -> bool {
        self.position(word).is_some()
    }

    fn position(&self, word: &str) -> Option<usize> {
        self.tokens.iter().position(|token| matches!(token, Token::Word(next) if next.eq_ignore_ascii_case(word)))
    }

    /// What follows a word.
    #[must_use]
    pub fn after(&self, word: &str) -> Option<&Token<'_>> {
        self.tokens.get(self.position(word)? + 1)
    }

    /// Passes over everything before a word, and over the word; false where it does not come.
    pub fn skip_to(&mut self, word: &str) -> bool {
        let position = self.position(word);
        if let Some(position) = position {
            self.tokens = &self.tokens[position + 1..];
        }
        position.is_some()
    }

    /// Takes a name, bare or in backticks.
    pub fn name(&mut self) -> Option<Ident> {
        let (name, rest) = match self.tokens {
            [Token::Word(word), rest @ ..] if !word.starts_with('@') => ((*word).to_owned(), rest),
            [Token::Quoted(quoted), rest @ ..] if quoted.starts_with('`') => {
                (quoted[1..quoted.len() - 1].replace("``", "`"), rest)
            }
            _ => return None,
        };
        self.tokens = rest;
        Ident::new(&name).ok()
    }

    /// Takes a name that may have its database before it.
    pub fn qualified(&mut self, kind: Kind) -> Option<Target> {
        let first = self.name()?;
        if self.symbol('.') {
            return self.name().map(|name| Target { kind, database: Some(first), name });
        }
        Some(Target { kind, database: None, name: first })
    }

    /// Takes names with these words or commas between them.
    pub fn names(&mut self, kind: Kind, between: &[&str]) -> Vec<Target> {
        let mut targets = Vec::new();
        loop {
            targets.extend(self.qualified(kind));
            let goes_on = between.iter().any(|word| if *word == "," { self.symbol(',') } else { self.takes(word) });
            if !goes_on {
                return targets;
            }
        }
    }

    /// Takes `IF EXISTS` or `IF NOT EXISTS`.
    pub fn if_exists(&mut self) {
        if self.takes("IF") {
            self.takes("NOT");
            self.takes("EXISTS");
        }
    }
}
