//! What was measured: tables for people, `results.json` for programs, and ratios to what stands beside it.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::{Map, Value, json};

/// What a value counts, and whether more of it is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    PerSecond,
    Nanoseconds,
    Bytes,
    Count,
}

impl Unit {
    const fn name(self) -> &'static str {
        match self {
            Self::PerSecond => "per second",
            Self::Nanoseconds => "ns",
            Self::Bytes => "bytes",
            Self::Count => "count",
        }
    }

    /// A value for people.
    fn show(self, value: u64) -> String {
        match self {
            Self::PerSecond => format!("{}/s", group_digits(value)),
            Self::Nanoseconds => {
                show_scaled(value, &[(1, "ns"), (1_000, "µs"), (1_000_000, "ms"), (1_000_000_000, "s")])
            }
            Self::Bytes => show_scaled(value, &[(1, "B"), (1_000, "KB"), (1_000_000, "MB")]),
            Self::Count => group_digits(value),
        }
    }
}

/// In the largest unit that leaves two digits before the point, with one decimal below a hundred.
fn show_scaled(value: u64, scales: &[(u64, &str)]) -> String {
    let (scale, name) =
        scales.iter().rev().find(|(scale, _)| value >= scale.saturating_mul(10) || *scale == 1).unwrap_or(&scales[0]);
    let whole = value / scale;
    if *scale == 1 || whole >= 100 {
        format!("{} {name}", group_digits(whole))
    } else {
        format!("{whole}.{} {name}", value % scale * 10 / scale)
    }
}

/// Written as `10,000,000`.
pub(crate) fn group_digits(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Hundredths of `value / other`, as `1.04 ×`.
pub(crate) fn show_ratio(value: u64, other: u64) -> String {
    let hundredths = u128::from(value) * 100 / u128::from(other.max(1));
    if hundredths >= 1_000 {
        format!("{} ×", hundredths / 100)
    } else {
        format!("{}.{:02} ×", hundredths / 100, hundredths % 100)
    }
}

/// One measured value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Figure {
    /// Which part of the run it is of.
    pub(crate) section: String,
    /// `SQLite`, `PostgreSQL`.
    pub(crate) database: String,
    pub(crate) name: String,
    pub(crate) value: u64,
    pub(crate) unit: Unit,
    /// What it is compared with, measured in the same unit in the same run.
    pub(crate) peer: Option<(String, u64)>,
}

impl Figure {
    fn same_subject(&self, other: &Self) -> bool {
        (&self.section, &self.database, &self.name) == (&other.section, &other.database, &other.name)
    }

    fn to_json(&self) -> Value {
        let mut value = json!({
            "section": self.section, "database": self.database, "name": self.name,
            "value": self.value, "unit": self.unit.name(), "shown": self.unit.show(self.value),
        });
        if let Some((name, peer)) = &self.peer {
            value["peer"] = json!({"name": name, "value": peer, "shown": self.unit.show(*peer)});
            value["ratio"] = show_ratio(self.value, *peer).into();
        }
        value
    }

    fn read(value: &Value) -> Option<Self> {
        let text = |name: &str| value[name].as_str().map(str::to_owned);
        let units = [Unit::PerSecond, Unit::Nanoseconds, Unit::Bytes, Unit::Count];
        let unit = units.into_iter().find(|unit| value["unit"] == unit.name())?;
        let peer = value["peer"]["name"].as_str().map(str::to_owned).zip(value["peer"]["value"].as_u64());
        let value_of = value["value"].as_u64()?;
        Some(Self {
            section: text("section")?,
            database: text("database")?,
            name: text("name")?,
            value: value_of,
            unit,
            peer,
        })
    }
}

/// All figures of one state of the program on one machine.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// Machine, commit, and how it was measured.
    about: Map<String, Value>,
    figures: Vec<Figure>,
}

impl Report {
    pub(crate) fn new(about: Map<String, Value>) -> Self {
        Self { about, figures: Vec::new() }
    }

    /// What a file holds; nothing where there is none.
    pub(crate) fn read(file: &Path) -> Result<Self> {
        if !file.exists() {
            return Ok(Self::default());
        }
        let text = std::fs::read_to_string(file)?;
        let value: Value = serde_json::from_str(&text).with_context(|| format!("{} is no report", file.display()))?;
        let figures = value["figures"].as_array().into_iter().flatten().filter_map(Figure::read).collect();
        let mut about = value.as_object().cloned().unwrap_or_default();
        about.remove("figures");
        Ok(Self { about, figures })
    }

    /// Takes over what was measured before and not now, where it was measured on the same state in the same way.
    pub(crate) fn take_over(&mut self, earlier: Self) {
        let like = ["machine", "commit", "quick"];
        if like.iter().any(|name| self.about.get(*name) != earlier.about.get(*name)) {
            return;
        }
        for figure in earlier.figures {
            if !self.figures.iter().any(|own| own.same_subject(&figure)) {
                self.figures.push(figure);
            }
        }
    }

    /// Adds a figure and prints its row.
    #[expect(clippy::print_stdout, reason = "a command-line tool speaks on the standard output")]
    pub(crate) fn add(&mut self, figure: Figure) {
        let begins = self
            .figures
            .last()
            .is_none_or(|last| (&last.section, &last.database) != (&figure.section, &figure.database));
        if begins {
            println!("\n{} · {}", figure.section, figure.database);
        }
        println!("{}", show_row(&figure));
        self.figures.push(figure);
    }

    /// Writes `results.json`.
    pub(crate) fn write(&self, file: &Path) -> Result<()> {
        let mut value = Value::Object(self.about.clone());
        value["figures"] = self.figures.iter().map(Figure::to_json).collect();
        std::fs::write(file, serde_json::to_string_pretty(&value)? + "\n").with_context(|| file.display().to_string())
    }

    /// All of it as Markdown, beside an earlier report where there is one.
    pub(crate) fn to_markdown(&self, before: Option<&Self>) -> String {
        let mut text = String::new();
        let mut figures: Vec<_> = self.figures.iter().collect();
        // Stable: in the order of measuring within a table.
        figures.sort_by_key(|figure| (section_place(&self.figures, figure), figure.database != "SQLite"));
        let mut table = None;
        for figure in figures {
            if table != Some((&figure.section, &figure.database)) {
                table = Some((&figure.section, &figure.database));
                let (title, rule) = if before.is_some() { (" before | ×  |", "--:|--:|") } else { ("", "") };
                let _ = write!(
                    text,
                    "\n{} · {}\n\n|  | measured |{title} beside it | ratio |\n|---|--:|{rule}---|--:|\n",
                    figure.section, figure.database
                );
            }
            let earlier = before.and_then(|before| before.figures.iter().find(|other| figure.same_subject(other)));
            let earlier = match (before, earlier) {
                (None, _) => String::new(),
                (_, None) => " | |".to_owned(),
                (_, Some(earlier)) => {
                    format!(" {} | {} |", earlier.unit.show(earlier.value), show_ratio(figure.value, earlier.value))
                }
            };
            text.push_str(&show_markdown_row(figure, &earlier));
        }
        text
    }
}

fn section_place(figures: &[Figure], figure: &Figure) -> usize {
    figures.iter().position(|other| other.section == figure.section).unwrap_or(usize::MAX)
}

fn show_row(figure: &Figure) -> String {
    let pad = 46_usize.saturating_sub(figure.name.chars().count());
    let beside = figure.peer.as_ref().map_or_else(String::new, |(name, value)| {
        format!("   {} of {name} ({})", show_ratio(figure.value, *value), figure.unit.show(*value))
    });
    format!("  {}{:pad$}{:>14}{beside}", figure.name, "", figure.unit.show(figure.value))
}

/// `earlier` are the columns of the earlier report, where there is one.
fn show_markdown_row(figure: &Figure, earlier: &str) -> String {
    let (name, value) = (&figure.name, figure.unit.show(figure.value));
    match &figure.peer {
        Some((peer, theirs)) => {
            let (shown, ratio) = (figure.unit.show(*theirs), show_ratio(figure.value, *theirs));
            format!("| {name} | {value} |{earlier} {peer}: {shown} | {ratio} |\n")
        }
        None => format!("| {name} | {value} |{earlier} | |\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(name: &str, value: u64) -> Figure {
        Figure {
            section: "usage".to_owned(),
            database: "SQLite".to_owned(),
            name: name.to_owned(),
            value,
            unit: Unit::Nanoseconds,
            peer: Some(("by hand".to_owned(), 20_000)),
        }
    }

    #[test]
    fn values_are_shown_in_the_unit_that_says_most() {
        assert_eq!(Unit::Nanoseconds.show(950), "950 ns");
        assert_eq!(Unit::Nanoseconds.show(18_900), "18.9 µs");
        assert_eq!(Unit::Nanoseconds.show(1_730_000_000), "1,730 ms");
        assert_eq!(Unit::Bytes.show(1_194), "1,194 B");
        assert_eq!(Unit::Bytes.show(23_400), "23.4 KB");
        assert_eq!(Unit::PerSecond.show(50_123), "50,123/s");
        assert_eq!((show_ratio(104, 100).as_str(), show_ratio(1_250, 100).as_str()), ("1.04 ×", "12 ×"));
    }

    #[test]
    fn a_report_reads_back_and_takes_over_what_was_not_measured_again() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("results.json");
        let about = |commit: &str| Map::from_iter([("commit".to_owned(), commit.into())]);
        let mut first = Report::new(about("a"));
        first.add(figure("one", 10_000));
        first.add(figure("two", 11_000));
        first.write(&file).unwrap();
        let mut second = Report::new(about("a"));
        second.add(figure("one", 9_000));
        second.take_over(Report::read(&file).unwrap());
        assert_eq!(second.figures, [figure("one", 9_000), figure("two", 11_000)]);
        let mut other = Report::new(about("b"));
        other.take_over(Report::read(&file).unwrap());
        assert_eq!(other.figures, []);
        let table = second.to_markdown(Some(&first));
        assert!(table.contains("| one | 9,000 ns | 10.0 µs | 0.90 × | by hand: 20.0 µs | 0.45 × |"), "{table}");
    }
}
