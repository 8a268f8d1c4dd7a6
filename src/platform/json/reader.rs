//! JSON as serde wants it read (RFC 8259), without floating-point numbers and without words for what is wrong.

use std::borrow::Cow;
use std::fmt;

use serde::de::value::{BorrowedStrDeserializer, StringDeserializer};
use serde::de::{DeserializeSeed, Deserializer, Error, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

/// Deeper than this nothing of ours is nested; the stack of a browser is small.
const DEEPEST: u8 = 64;

/// It is not what was promised.
#[derive(Debug)]
pub(super) struct JsonError;

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not as promised")
    }
}

impl std::error::Error for JsonError {}

impl Error for JsonError {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

/// A place in a text.
pub(super) struct JsonReader<'de> {
    rest: &'de str,
    depth: u8,
}

impl<'de> JsonReader<'de> {
    /// At the start of the text.
    pub(super) const fn of(text: &'de str) -> Self {
        Self { rest: text, depth: 0 }
    }

    /// Nothing but blanks is left.
    pub(super) fn end(&mut self) -> Result<(), JsonError> {
        if self.peek() == 0 { Ok(()) } else { Err(JsonError) }
    }

    /// The next byte that is no blank; 0 at the end, where no JSON has one.
    fn peek(&mut self) -> u8 {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
        self.rest.as_bytes().first().copied().unwrap_or(0)
    }

    /// Goes past this mark, if it is the next.
    fn take(&mut self, mark: &str) -> bool {
        self.peek();
        let after = self.rest.strip_prefix(mark);
        self.rest = after.unwrap_or(self.rest);
        after.is_some()
    }

    fn expect(&mut self, mark: &str) -> Result<(), JsonError> {
        if self.take(mark) { Ok(()) } else { Err(JsonError) }
    }

    fn go(&mut self, bytes: usize) -> Result<&'de str, JsonError> {
        let (taken, rest) = self.rest.split_at_checked(bytes).ok_or(JsonError)?;
        self.rest = rest;
        Ok(taken)
    }

    fn text(&mut self) -> Result<Cow<'de, str>, JsonError> {
        self.expect("\"")?;
        let mut whole = String::new();
        loop {
            let end =
                self.rest.bytes().position(|byte| byte == b'"' || byte == b'\\' || byte < b' ').ok_or(JsonError)?;
            let plain = self.go(end)?;
            if self.rest.starts_with('"') {
                self.go(1)?;
                return Ok(if whole.is_empty() { Cow::Borrowed(plain) } else { Cow::Owned(whole + plain) });
            }
            whole.push_str(plain);
            whole.push(self.escaped()?);
        }
    }

    /// What stands behind a backslash.
    fn escaped(&mut self) -> Result<char, JsonError> {
        Ok(match self.go(2)? {
            "\\n" => '\n',
            "\\t" => '\t',
            "\\r" => '\r',
            "\\b" => '\u{8}',
            "\\f" => '\u{c}',
            "\\u" => {
                let first = self.unit()?;
                let code = if (0xd800..0xdc00).contains(&first) {
                    if self.go(2)? != "\\u" {
                        return Err(JsonError);
                    }
                    let second = self.unit()?;
                    if !(0xdc00..0xe000).contains(&second) {
                        return Err(JsonError);
                    }
                    0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00)
                } else {
                    first
                };
                char::from_u32(code).ok_or(JsonError)?
            }
            other => match other.as_bytes() {
                [b'\\', mark @ (b'"' | b'\\' | b'/')] => char::from(*mark),
                _ => return Err(JsonError),
            },
        })
    }

    /// The UTF-16 code unit behind `\\u`: four hexadecimal digits.
    fn unit(&mut self) -> Result<u32, JsonError> {
        let digits = self.go(4)?;
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(JsonError);
        }
        u32::from_str_radix(digits, 16).map_err(|_| JsonError)
    }

    /// A number's text: as JSON writes it.
    fn number(&mut self) -> Result<&'de str, JsonError> {
        self.peek();
        let end = self.rest.bytes().position(|byte| !matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'));
        let number = self.go(end.unwrap_or(self.rest.len()))?;
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let (mantissa, exponent) = number.split_once(['e', 'E']).map_or((number, None), |(m, e)| (m, Some(e)));
        let (whole, fraction) = mantissa.split_once('.').map_or((mantissa, None), |(w, f)| (w, Some(f)));
        let whole = whole.strip_prefix('-').unwrap_or(whole);
        let fits = digits(whole)
            && (whole == "0" || !whole.starts_with('0'))
            && fraction.is_none_or(digits)
            && exponent.is_none_or(|exponent| digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)));
        if fits { Ok(number) } else { Err(JsonError) }
    }

    fn whole(&mut self) -> Result<i64, JsonError> {
        self.number()?.parse().map_err(|_| JsonError)
    }

    /// Goes past a value that nobody asked for.
    fn skip(&mut self) -> Result<(), JsonError> {
        match self.peek() {
            b'{' => {
                let mut list = self.open("{", "}")?;
                while list.next()? {
                    list.name()?;
                    list.reader.skip()?;
                }
            }
            b'[' => {
                let mut list = self.open("[", "]")?;
                while list.next()? {
                    list.reader.skip()?;
                }
            }
            b'"' => drop(self.text()?),
            b't' => self.expect("true")?,
            b'f' => self.expect("false")?,
            b'n' => self.expect("null")?,
            _ => drop(self.number()?),
        }
        Ok(())
    }

    fn open<'r>(&'r mut self, start: &str, end: &'static str) -> Result<JsonList<'r, 'de>, JsonError> {
        self.expect(start)?;
        if self.depth == DEEPEST {
            return Err(JsonError);
        }
        self.depth += 1;
        Ok(JsonList { reader: self, end, first: true })
    }
}

/// What stands between two brackets. Whoever opened it reads until there is no next, which goes past the end.
struct JsonList<'r, 'de> {
    reader: &'r mut JsonReader<'de>,
    end: &'static str,
    first: bool,
}

impl<'de> JsonList<'_, 'de> {
    fn next(&mut self) -> Result<bool, JsonError> {
        if self.reader.take(self.end) {
            self.reader.depth -= 1;
            return Ok(false);
        }
        if !std::mem::replace(&mut self.first, false) {
            self.reader.expect(",")?;
        }
        Ok(true)
    }

    fn name(&mut self) -> Result<Cow<'de, str>, JsonError> {
        let name = self.reader.text()?;
        self.reader.expect(":")?;
        Ok(name)
    }
}

impl<'de> SeqAccess<'de> for JsonList<'_, 'de> {
    type Error = JsonError;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, JsonError> {
        if self.next()? { seed.deserialize(&mut *self.reader).map(Some) } else { Ok(None) }
    }
}

impl<'de> MapAccess<'de> for JsonList<'_, 'de> {
    type Error = JsonError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, JsonError> {
        if !self.next()? {
            return Ok(None);
        }
        match self.name()? {
            Cow::Borrowed(name) => seed.deserialize(BorrowedStrDeserializer::new(name)),
            Cow::Owned(name) => seed.deserialize::<StringDeserializer<JsonError>>(name.into_deserializer()),
        }
        .map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, JsonError> {
        seed.deserialize(&mut *self.reader)
    }
}

impl<'de> Deserializer<'de> for &mut JsonReader<'de> {
    type Error = JsonError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, JsonError> {
        match self.peek() {
            b'{' => self.deserialize_map(visitor),
            b'[' => self.deserialize_seq(visitor),
            b'"' => self.deserialize_str(visitor),
            b't' | b'f' => self.deserialize_bool(visitor),
            b'n' => self.deserialize_unit(visitor),
            _ => self.deserialize_i64(visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, JsonError> {
        let is = self.take("true");
        if !is {
            self.expect("false")?;
        }
        visitor.visit_bool(is)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, JsonError> {
        visitor.visit_i64(self.whole()?)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, JsonError> {
        match self.text()? {
            Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
            Cow::Owned(text) => visitor.visit_string(text),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, JsonError> {
        self.expect("null")?;
        visitor.visit_unit()
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, JsonError> {
        if self.take("null") { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, JsonError> {
        visitor.visit_seq(self.open("[", "]")?)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, JsonError> {
        visitor.visit_map(self.open("{", "}")?)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, JsonError> {
        self.deserialize_map(visitor)
    }

    /// A name alone: none of our answers has more to say in an enumeration.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, JsonError> {
        match self.text()? {
            Cow::Borrowed(name) => visitor.visit_enum(BorrowedStrDeserializer::new(name)),
            Cow::Owned(name) => visitor.visit_enum::<StringDeserializer<JsonError>>(name.into_deserializer()),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, JsonError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, JsonError> {
        self.skip()?;
        visitor.visit_unit()
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, JsonError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, JsonError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, JsonError> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, JsonError> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_u16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, JsonError> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_u8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, JsonError> {
        self.deserialize_i64(visitor)
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i128 u128 f32 f64 char bytes byte_buf unit_struct tuple tuple_struct
    }
}
