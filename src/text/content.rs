//! The text that one replica ever inserted, in the order of its insertions. Spans of the document
//! point into it; deleting never removes from it.

/// Scalars between two noted byte offsets.
const STRIDE: usize = 64;

/// An append-only text that finds its n-th Unicode scalar in bounded time.
#[derive(Clone, Debug, Default)]
pub(super) struct Content {
    text: String,
    /// Of every `STRIDE`-th scalar; empty as long as the text is ASCII.
    marks: Vec<Mark>,
    chars: u32,
    ascii: bool,
    /// How many of its scalars take two UTF-16 units.
    wide: u32,
}

/// Where a scalar stands.
#[derive(Clone, Copy, Debug)]
struct Mark {
    /// Its byte offset.
    byte: u32,
    /// How many before it take two UTF-16 units.
    wide: u32,
}

impl Content {
    pub fn new() -> Content {
        Content {
            ascii: true,
            ..Content::default()
        }
    }

    /// Scalars in all.
    pub fn len(&self) -> u32 {
        self.chars
    }

    /// The content that is this text.
    pub fn of(text: String) -> Content {
        let mut content = Content::new();
        content.text = text;
        content.count(0);
        content
    }

    /// Appends `text`, which is `chars` scalars long.
    pub fn push(&mut self, text: &str, chars: u32) {
        let start = self.text.len();
        self.text.push_str(text);
        if self.ascii && chars as usize == text.len() {
            self.chars += chars;
        } else {
            self.count(start);
        }
    }

    /// Counts the scalars from byte `at` on, and notes where they are.
    fn count(&mut self, mut at: usize) {
        if self.ascii && self.text[at..].is_ascii() {
            self.chars += (self.text.len() - at) as u32;
            return;
        }
        if self.ascii {
            self.ascii = false;
            let plain = (0..self.chars).step_by(STRIDE);
            self.marks = plain.map(|byte| Mark { byte, wide: 0 }).collect();
        }
        let bytes = self.text.as_bytes();
        while at < bytes.len() {
            let whole = (self.chars as usize).is_multiple_of(STRIDE);
            if whole {
                self.marks.push(Mark {
                    byte: at as u32,
                    wide: self.wide,
                });
            }
            match bytes.get(at..at + STRIDE) {
                Some(plain) if whole && plain.is_ascii() => {
                    at += STRIDE;
                    self.chars += STRIDE as u32;
                }
                _ => {
                    let width = width(bytes[at]);
                    self.wide += u32::from(width == 4);
                    at += width;
                    self.chars += 1;
                }
            }
        }
    }

    /// Byte offset of scalar `at`; the text's length if `at` is its end.
    fn offset(&self, at: u32) -> usize {
        if self.ascii {
            return at as usize;
        }
        if at >= self.chars {
            return self.text.len();
        }
        let (mark, rest) = (at as usize / STRIDE, at as usize % STRIDE);
        let start = self.marks[mark].byte as usize;
        if let Some(next) = self.marks.get(mark + 1)
            && next.byte as usize - start == STRIDE
        {
            return start + rest;
        }
        let mut chars = self.text[start..].char_indices();
        start + chars.nth(rest).map_or(0, |(offset, _)| offset)
    }

    /// The `len` scalars from `at` on.
    pub fn slice(&self, at: u32, len: u32) -> &str {
        let start = self.offset(at);
        if self.ascii {
            return &self.text[start..start + len as usize];
        }
        &self.text[start..self.offset(at + len)]
    }

    /// How many of the `len` scalars from `at` on take two UTF-16 units.
    pub fn wide(&self, at: u32, len: u32) -> u32 {
        if self.wide == 0 {
            return 0;
        }
        if len as usize <= STRIDE {
            return wide(self.slice(at, len));
        }
        self.wide_before(at + len) - self.wide_before(at)
    }

    /// How many of the scalars before `at` take two UTF-16 units.
    fn wide_before(&self, at: u32) -> u32 {
        let Some(mark) = self.marks.get(at as usize / STRIDE) else {
            return self.wide; // The end, where no mark is yet.
        };
        mark.wide + wide(&self.text[mark.byte as usize..self.offset(at)])
    }
}

/// How many scalars of `text` lie outside the basic plane, and so take two UTF-16 units.
pub(super) fn wide(text: &str) -> u32 {
    // Exactly their UTF-8 form starts with a byte from 0xF0 on.
    text.bytes().filter(|&byte| byte >= 0xF0).count() as u32
}

/// How long the UTF-8 form of a scalar is that starts with this byte.
fn width(byte: u8) -> usize {
    match byte {
        0..0xC0 => 1,
        0xC0..0xE0 => 2,
        0xE0..0xF0 => 3,
        _ => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_agree_with_chars() {
        let mut content = Content::new();
        let mut plain: Vec<char> = Vec::new();
        for i in 0..200_u32 {
            let piece = match i % 5 {
                _ if i < 30 => "plain",
                0 => "aé",
                1 => "😀",
                2 => "漢字",
                _ => "xyz",
            };
            content.push(piece, piece.chars().count() as u32);
            plain.extend(piece.chars());
        }
        assert_eq!(content.len() as usize, plain.len());
        for at in 0..plain.len() {
            for len in [0, 1, 3, 70] {
                let end = (at + len).min(plain.len());
                let expected: String = plain[at..end].iter().collect();
                let got = content.slice(at as u32, (end - at) as u32);
                assert_eq!(got, expected);
                let count = expected.chars().filter(|c| c.len_utf16() == 2).count();
                assert_eq!(content.wide(at as u32, (end - at) as u32) as usize, count);
            }
        }
    }
}
