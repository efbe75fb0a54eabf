//! How a table's partitions are written: found from the server's own text, never from a flag. Pure.

use chrono::DateTime;

use super::month::Month;
use crate::db::ident::Ident;

/// A way to partition by month. Only `Columns` is pruned for `<`, `>=` and BETWEEN (facts.md); all prune `=`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// `RANGE COLUMNS (d)`, on a DATE or DATETIME.
    Columns,
    /// `RANGE (YEAR(d) * 100 + MONTH(d))`, on a DATE or DATETIME.
    YearMonth,
    /// `RANGE (UNIX_TIMESTAMP(d))`, the one way for a TIMESTAMP; months begin in UTC.
    UnixTime,
}

/// Where a partition ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bound {
    /// Before the first day of this month.
    Before(Month),
    /// `MAXVALUE`
    Max,
    /// Anything else, as the server writes it.
    Other(String),
}

impl Scheme {
    /// Reads what `information_schema.PARTITIONS` says: the method and the expression, which must be one of `column`.
    #[must_use]
    pub fn read(method: &str, expression: &str, column: &Ident) -> Option<Self> {
        let expression = expression.to_lowercase();
        let is = |text: String| expression == text.to_lowercase();
        match method {
            "RANGE COLUMNS" if is(column.to_string()) => Some(Self::Columns),
            "RANGE" if is(format!("((year({column}) * 100) + month({column}))")) => Some(Self::YearMonth),
            "RANGE" if is(format!("unix_timestamp({column})")) => Some(Self::UnixTime),
            _ => None,
        }
    }

    /// Reads `information_schema.PARTITIONS.PARTITION_DESCRIPTION`.
    #[must_use]
    pub fn bound(self, description: &str) -> Bound {
        if description == "MAXVALUE" {
            return Bound::Max;
        }
        let month = match self {
            Self::Columns => {
                let text = description.trim_matches('\'');
                let starts = text.get(7..).is_some_and(|day| matches!(day, "-01" | "-01 00:00:00"));
                Month::read(text).filter(|_| starts)
            }
            // 202413, which a hand may write behind December, is 202501
            Self::YearMonth => description.parse::<u32>().ok().and_then(|number| match (number / 100, number % 100) {
                (year, 13) => Month::new(year + 1, 1),
                (year, month) => Month::new(year, month),
            }),
            Self::UnixTime => description
                .parse()
                .ok()
                .and_then(|seconds| DateTime::from_timestamp(seconds, 0))
                .map(|time| (time, Month::of(time.date_naive())))
                .filter(|(time, month)| time.format("%Y-%m-%d %H:%M:%S").to_string() == format!("{month}-01 00:00:00"))
                .map(|(_, month)| month),
        };
        month.map_or_else(|| Bound::Other(description.to_owned()), Bound::Before)
    }

    /// The bound of a partition that ends before this month, as `VALUES LESS THAN` takes it.
    #[must_use]
    pub fn literal(self, end: Month) -> String {
        match self {
            Self::Columns => format!("'{}'", end.first_day()),
            Self::YearMonth => format!("{:04}{:02}", end.year(), end.number()),
            Self::UnixTime => {
                let date = chrono::NaiveDate::parse_from_str(&end.first_day(), "%Y-%m-%d").unwrap_or_default();
                date.and_time(chrono::NaiveTime::MIN).and_utc().timestamp().to_string()
            }
        }
    }

    /// The months that a partition can be made for: its end must be a value that the column can have (MySQL manual, "The
    /// DATE, DATETIME, and TIMESTAMP Types"; a TIMESTAMP is of 1970 to January 2038).
    #[must_use]
    pub fn months(self) -> (Month, Month) {
        let month = |year, month| Month::new(year, month).unwrap_or(Month::of(chrono::NaiveDate::MAX));
        match self {
            Self::Columns | Self::YearMonth => (month(1, 1), month(9999, 11)),
            Self::UnixTime => (month(1970, 1), month(2037, 12)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn month(text: &str) -> Month {
        Month::read(text).unwrap()
    }

    #[test]
    fn a_scheme_is_read_from_the_servers_text() {
        let column = Ident::new("Day`s").unwrap();
        for (method, expression, scheme) in [
            ("RANGE COLUMNS", "`day``s`", Some(Scheme::Columns)),
            ("RANGE", "((year(`day``s`) * 100) + month(`day``s`))", Some(Scheme::YearMonth)),
            ("RANGE", "unix_timestamp(`Day``s`)", Some(Scheme::UnixTime)),
            ("RANGE", "to_days(`day``s`)", None),
            ("RANGE", "year(`day``s`)", None),
            ("RANGE COLUMNS", "`other`", None),
            ("RANGE COLUMNS", "`day``s`,`other`", None),
            ("LIST COLUMNS", "`day``s`", None),
            ("KEY", "`day``s`", None),
        ] {
            assert_eq!(Scheme::read(method, expression, &column), scheme, "{method} {expression}");
        }
    }

    #[test]
    fn bounds_are_months_or_not() {
        for (scheme, description, bound) in [
            (Scheme::Columns, "'2024-02-01'", Some("2024-02")),
            (Scheme::Columns, "'2024-02-01 00:00:00'", Some("2024-02")),
            (Scheme::Columns, "'1968-01-01'", Some("1968-01")),
            (Scheme::Columns, "'2024-02-02'", None),
            (Scheme::Columns, "'2024-02-01 00:00:01'", None),
            (Scheme::YearMonth, "202402", Some("2024-02")),
            (Scheme::YearMonth, "202413", Some("2025-01")),
            (Scheme::YearMonth, "202400", None),
            (Scheme::YearMonth, "202414", None),
            (Scheme::UnixTime, "1706745600", Some("2024-02")),
            (Scheme::UnixTime, "1706745601", None),
            (Scheme::UnixTime, "1706742000", None),
        ] {
            let expected =
                bound.map_or_else(|| Bound::Other(description.to_owned()), |text| Bound::Before(month(text)));
            assert_eq!(scheme.bound(description), expected, "{description}");
        }
        assert_eq!(Scheme::YearMonth.bound("MAXVALUE"), Bound::Max);
    }

    #[test]
    fn a_literal_is_read_back() {
        for scheme in [Scheme::Columns, Scheme::YearMonth, Scheme::UnixTime] {
            let (first, last) = scheme.months();
            for month in [first.next().unwrap(), month("2024-02"), last.next().unwrap()] {
                assert_eq!(scheme.bound(&scheme.literal(month)), Bound::Before(month), "{scheme:?}");
            }
        }
        assert_eq!(Scheme::Columns.literal(month("2026-12")), "'2026-12-01'");
        assert_eq!(Scheme::YearMonth.literal(month("0999-12")), "099912");
        assert_eq!(Scheme::UnixTime.literal(month("2024-02")), "1706745600");
    }
}
