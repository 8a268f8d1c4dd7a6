//! English as Rust: a module for each area, a function for each message, an argument for each placeholder.

use std::fmt::Write;

use crate::message::{Catalogue, Message, placeholders};
use crate::{ENGLISH, MAILS, OTHERS, is_looked_up};

/// The source text. It calls `find_text`, `say` and `plural` of the module that includes it; values come in the order in which
/// English names them.
pub fn write_functions(english: &Catalogue) -> String {
    let mut out = String::from("/// Every language's code and name.\npub(crate) const LANGUAGES: &[(&str, &str)] = &[");
    for source in [ENGLISH].iter().chain(&OTHERS) {
        push_text(&mut out, format_args!("({:?}, {:?}), ", source.language, source.name));
    }
    out.push_str("];\n");
    let mut line = 0;
    for (area, messages) in english.areas.iter().filter(|(area, _)| *area != MAILS) {
        if is_looked_up(area) {
            let (first, end) = (line, line + messages.len());
            line = end;
            push_text(
                &mut out,
                format_args!(
                    "/// The lines of `{area}`.\npub(crate) const {}: std::ops::Range<usize> = {first}..{end};\n",
                    area.to_uppercase()
                ),
            );
            continue;
        }
        push_text(&mut out, format_args!("pub(crate) mod {area} {{\n"));
        for (name, message) in messages {
            out.push_str(&write_function(line, name, message));
            line += 1;
        }
        out.push_str("}\n");
    }
    out
}

fn write_function(line: usize, name: &str, message: &Message) -> String {
    let mut out = String::new();
    let shown = message.forms().last().map_or("", |(_, text)| *text);
    push_text(&mut out, format_args!("    /// `{}`\n", shown.replace('`', "'")));
    match message {
        Message::Text(english) => {
            let names = placeholders(english);
            if names.is_empty() {
                push_text(
                    &mut out,
                    format_args!(
                        "    pub(crate) fn {name}() -> &'static str {{ super::find_text({line}, {english:?}) }}\n"
                    ),
                );
            } else {
                let (arguments, values) = (write_arguments(&names), names.join(", "));
                push_text(
                    &mut out,
                    format_args!(
                        "    pub(crate) fn {name}({arguments}) -> String {{ super::say({line}, {english:?}, &[{values}]) }}\n"
                    ),
                );
                push_text(
                    &mut out,
                    format_args!(
                        "    /// The same with its placeholders, for those who put parts of a page there.\n    pub(crate) fn {name}_template() -> &'static str {{ super::find_text({line}, {english:?}) }}\n"
                    ),
                );
            }
        }
        Message::Plural(forms) => {
            let form = |category: &str| forms.get(category).map_or("", String::as_str);
            let mut names = placeholders(form("other"));
            names.retain(|name| *name != "count");
            let (arguments, values) = (write_arguments(&names), names.join(", "));
            let (one, other) = (form("one"), form("other"));
            push_text(
                &mut out,
                format_args!(
                    "    pub(crate) fn {name}(count: u64, {arguments}) -> String {{ super::plural({line}, count, {one:?}, {other:?}, &[{values}]) }}\n"
                ),
            );
        }
    }
    out
}

fn write_arguments(names: &[&str]) -> String {
    names.iter().map(|name| format!("{name}: &str")).collect::<Vec<_>>().join(", ")
}

fn push_text(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing into a string never fails.
    let _ = out.write_fmt(text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_looked_up_is_a_range_of_lines() {
        let source = write_functions(
            &Catalogue::parse(r#"{"a":{"b":"x"},"problems":{"c":"x","d":"x"},"z":{"e":"x"}}"#).unwrap(),
        );
        assert!(source.contains("const PROBLEMS: std::ops::Range<usize> = 1..3;"));
        assert!(source.contains("super::find_text(3, \"x\")") && !source.contains("fn c()"));
    }

    #[test]
    fn each_message_becomes_a_function_that_knows_its_line() {
        let json = r#"{"b":{"x":"say \"1\""},"a":{"y":"{who} of {whom}","z":{"one":"{count} line","other":"{count} lines in {where}"}}}"#;
        let source = write_functions(&Catalogue::parse(json).unwrap());
        assert!(
            source.contains(
                r#"fn y(who: &str, whom: &str) -> String { super::say(0, "{who} of {whom}", &[who, whom]) }"#
            )
        );
        assert!(source.contains(r#"fn y_template() -> &'static str { super::find_text(0, "{who} of {whom}") }"#));
        assert!(source.contains(r#"fn z(count: u64, where: &str) -> String { super::plural(1, count, "{count} line", "{count} lines in {where}", &[where]) }"#));
        assert!(source.contains(r#"fn x() -> &'static str { super::find_text(2, "say \"1\"") }"#));
    }
}
