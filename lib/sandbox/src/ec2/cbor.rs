//! CBOR (RFC 8949), as far as Smithy's RPC v2 uses it: no byte strings, tags only before times.

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cbor {
    Integer(i64),
    Float(f64),
    /// Seconds since 1970: tag 1.
    Time(f64),
    Text(String),
    List(Vec<Cbor>),
    /// In the order of writing; keys are text.
    Map(Vec<(String, Cbor)>),
    Bool(bool),
    Null,
}

/// How deep a value may lie in others.
const DEPTH_MAX: usize = 16;
const TIME_TAG: u64 = 1;

impl Cbor {
    /// A map.
    pub(super) fn map<const N: usize>(members: [(&str, Cbor); N]) -> Self {
        Self::Map(members.map(|(key, value)| (key.to_owned(), value)).into())
    }

    pub(super) fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    /// Reads the whole of `bytes`; `None` when they are anything else.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader(bytes);
        let value = reader.value(0)?;
        reader.0.is_empty().then_some(value)
    }

    pub(super) fn write(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write_to(&mut out);
        out
    }

    /// A member of a map.
    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        let Self::Map(members) = self else { return None };
        members.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    pub(super) fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    pub(super) fn as_integer(&self) -> Option<i64> {
        if let Self::Integer(number) = self { Some(*number) } else { None }
    }

    /// The elements of a list; none of anything else.
    pub(super) fn elements(&self) -> &[Self] {
        if let Self::List(elements) = self { elements } else { &[] }
    }

    fn write_to(&self, out: &mut Vec<u8>) {
        match self {
            Self::Integer(number) => match u64::try_from(*number) {
                Ok(number) => head(out, 0, number),
                Err(_) => head(out, 1, number.unsigned_abs() - 1),
            },
            Self::Float(number) => {
                out.push(0xfb);
                out.extend(number.to_be_bytes());
            }
            Self::Time(seconds) => {
                head(out, 6, TIME_TAG);
                Self::Float(*seconds).write_to(out);
            }
            Self::Text(text) => {
                head(out, 3, text.len() as u64);
                out.extend(text.bytes());
            }
            Self::List(elements) => {
                head(out, 4, elements.len() as u64);
                elements.iter().for_each(|element| element.write_to(out));
            }
            Self::Map(members) => {
                head(out, 5, members.len() as u64);
                for (key, value) in members {
                    Self::text(key).write_to(out);
                    value.write_to(out);
                }
            }
            Self::Bool(yes) => out.push(if *yes { 0xf5 } else { 0xf4 }),
            Self::Null => out.push(0xf6),
        }
    }
}

/// A major type with its argument, in as few bytes as it takes.
fn head(out: &mut Vec<u8>, major: u8, argument: u64) {
    let bytes = argument.to_be_bytes();
    let (info, width) = match argument {
        0..=23 => return out.push(major << 5 | bytes[7]),
        24..=0xff => (24, 1),
        0x100..=0xffff => (25, 2),
        0x1_0000..=0xffff_ffff => (26, 4),
        _ => (27, 8),
    };
    out.push(major << 5 | info);
    out.extend(&bytes[8 - width..]);
}

/// What has not been read yet.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn value(&mut self, depth: usize) -> Option<Cbor> {
        if depth > DEPTH_MAX {
            return None;
        }
        let [first] = self.take()?;
        let (major, info) = (first >> 5, first & 31);
        Some(match (major, info) {
            (7, 20 | 21) => Cbor::Bool(info == 21),
            (7, 22) => Cbor::Null,
            (7, 26) => Cbor::Float(f32::from_be_bytes(self.take()?).into()),
            (7, 27) => Cbor::Float(f64::from_be_bytes(self.take()?)),
            (3, _) => Cbor::Text(self.text(info)?),
            (4, _) => {
                let count = self.count(info)?;
                let mut elements = Vec::new();
                while self.goes_on(count, elements.len())? {
                    elements.push(self.value(depth + 1)?);
                }
                Cbor::List(elements)
            }
            (5, _) => {
                let count = self.count(info)?;
                let mut members = Vec::new();
                while self.goes_on(count, members.len())? {
                    let Cbor::Text(key) = self.value(depth + 1)? else { return None };
                    members.push((key, self.value(depth + 1)?));
                }
                Cbor::Map(members)
            }
            (0, _) => Cbor::Integer(self.argument(info)?.try_into().ok()?),
            (1, _) => Cbor::Integer(-1 - i64::try_from(self.argument(info)?).ok()?),
            (6, _) if self.argument(info)? == TIME_TAG => match self.value(depth + 1)? {
                Cbor::Float(seconds) => Cbor::Time(seconds),
                Cbor::Integer(seconds) => Cbor::Time(seconds as f64),
                _ => return None,
            },
            _ => return None,
        })
    }

    fn text(&mut self, info: u8) -> Option<String> {
        let length = usize::try_from(self.argument(info)?).ok()?;
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        std::str::from_utf8(text).ok().map(str::to_owned)
    }

    /// How many follow; `None` = until a break.
    fn count(&mut self, info: u8) -> Option<Option<u64>> {
        if info == 31 { Some(None) } else { self.argument(info).map(Some) }
    }

    fn goes_on(&mut self, count: Option<u64>, read: usize) -> Option<bool> {
        if let Some(count) = count {
            return Some((read as u64) < count);
        }
        let is_break = *self.0.first()? == 0xff;
        if is_break {
            self.0 = &self.0[1..];
        }
        Some(!is_break)
    }

    fn argument(&mut self, info: u8) -> Option<u64> {
        Some(match info {
            0..=23 => info.into(),
            24 => u8::from_be_bytes(self.take()?).into(),
            25 => u16::from_be_bytes(self.take()?).into(),
            26 => u32::from_be_bytes(self.take()?).into(),
            27 => u64::from_be_bytes(self.take()?),
            _ => return None,
        })
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_rfc_read_and_write() {
        let list = |numbers: &[i64]| Cbor::List(numbers.iter().copied().map(Cbor::Integer).collect());
        for (hex, value) in [
            ("00", Cbor::Integer(0)),
            ("17", Cbor::Integer(23)),
            ("1818", Cbor::Integer(24)),
            ("1903e8", Cbor::Integer(1_000)),
            ("1a000f4240", Cbor::Integer(1_000_000)),
            ("1b000000e8d4a51000", Cbor::Integer(1_000_000_000_000)),
            ("20", Cbor::Integer(-1)),
            ("3903e7", Cbor::Integer(-1_000)),
            ("fb3ff199999999999a", Cbor::Float(1.1)),
            ("f4", Cbor::Bool(false)),
            ("f5", Cbor::Bool(true)),
            ("f6", Cbor::Null),
            ("62c3bc", Cbor::text("ü")),
            ("83010203", list(&[1, 2, 3])),
            ("a26161016162820203", Cbor::map([("a", Cbor::Integer(1)), ("b", list(&[2, 3]))])),
            ("c1fb41d452d9ec200000", Cbor::Time(1_363_896_240.5)),
        ] {
            let bytes = hex::decode(hex).expect("hex");
            let read = Cbor::read(&bytes).expect(hex);
            assert_eq!(read, value, "{hex}");
            assert_eq!(hex::encode(read.write()), hex);
        }
    }

    #[test]
    fn what_is_written_without_a_length_or_in_short_is_read_too() {
        let read = |hex: &str| Cbor::read(&hex::decode(hex).expect("hex"));
        assert_eq!(read("9f0102ff"), Some(Cbor::List(vec![Cbor::Integer(1), Cbor::Integer(2)])));
        assert_eq!(read("bf6161f5ff"), Some(Cbor::map([("a", Cbor::Bool(true))])));
        assert_eq!(read("fa47c35000"), Some(Cbor::Float(100_000.0)));
        assert_eq!(read("c11a514b67b0"), Some(Cbor::Time(1_363_896_240.0)));
    }

    #[test]
    fn anything_else_is_not_read() {
        let deep = "81".repeat(40) + "01";
        for hex in
            ["", "01 02", "18", "62c3", "61ff", "9f01", "a101", "a1f501", "c16161", "c200", "ff", &deep]
        {
            let bytes = hex::decode(hex.replace(' ', "")).expect("hex");
            assert_eq!(Cbor::read(&bytes), None, "{hex}");
        }
        for first in 0..=u8::MAX {
            for second in [0, 0x5f, 0xff] {
                let _ = Cbor::read(&[first, second, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
            }
        }
    }
}
