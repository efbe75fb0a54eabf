//! `--format`: how a command prints and, of the commands that make a document, its form.

use clap::ValueEnum;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::output;

/// What `--format` takes. `diagram` and `report` have an argument of the same id as the global one, which clap then leaves out for
/// them; since clap hands a global argument's value to every level, all have one type, and differ in what they take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FormatArg {
    /// Lines and tables for people
    Human,
    /// One JSON object a line, the last with `command` and `outcome`
    Json,
    /// Findings as annotations of GitHub Actions, from commands that look for some
    Github,
    /// A picture
    Svg,
    /// The text that GitHub and others draw where it stands in Markdown
    Mermaid,
    /// One page that holds all it needs
    Html,
    /// A folder with a file a table and an index
    Markdown,
}

/// What every command takes.
pub(super) const PRINTED: &[FormatArg] = &[FormatArg::Human, FormatArg::Json, FormatArg::Github];

impl FormatArg {
    /// How events, outcomes and errors are printed, of which a document's form says nothing.
    #[must_use]
    pub fn output(self) -> output::Format {
        match self {
            Self::Json => output::Format::Json,
            Self::Github => output::Format::Github,
            Self::Human | Self::Svg | Self::Mermaid | Self::Html | Self::Markdown => output::Format::Human,
        }
    }
}

/// Takes some of the forms.
pub(super) fn among(forms: &[FormatArg]) -> impl TypedValueParser<Value = FormatArg> + use<> {
    PossibleValuesParser::new(forms.iter().filter_map(ValueEnum::to_possible_value))
        .try_map(|name| FormatArg::from_str(&name, false))
}
