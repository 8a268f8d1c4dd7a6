//! Where in a segment a trigram or a kind is: one bit a block of lines, in pages of neighboring buckets.

use billing_domain::TransactionKind;

use super::{PART_LINES, SEGMENT_LINES};
use crate::db::StoredCode as _;
use crate::search_text::{BUCKETS, hash_trigram};

/// Lines of a block.
pub(crate) const BLOCK_LINES: i64 = 16;
/// Of the blocks of a segment.
const WORDS: usize = 8;
/// Buckets of a page.
const PAGE_BUCKETS: u32 = 32;
/// More blocks than this are written as bits instead of numbers.
const LISTED: usize = 31;
const AS_BITS: u8 = 255;

/// The blocks of a segment that may have what is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Blocks(pub(crate) [u64; WORDS]);

impl Blocks {
    pub(crate) const ALL: Self = Self([u64::MAX; WORDS]);
    pub(crate) const NONE: Self = Self([0; WORDS]);

    fn add(&mut self, block: usize) {
        self.0[block / 64 % WORDS] |= 1 << (block % 64);
    }

    /// All blocks of this part of the segment.
    pub(crate) fn add_part(&mut self, part: i64) {
        let first = usize::try_from(part * PART_LINES / BLOCK_LINES).unwrap_or_default();
        for block in 0..usize::try_from(PART_LINES / BLOCK_LINES).unwrap_or_default() {
            self.add(first + block);
        }
    }

    pub(crate) fn and(self, other: Self) -> Self {
        Self(std::array::from_fn(|word| self.0[word] & other.0[word]))
    }

    pub(crate) fn or(self, other: Self) -> Self {
        Self(std::array::from_fn(|word| self.0[word] | other.0[word]))
    }

    fn count(self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Newest first.
    pub(crate) fn numbers(self) -> impl Iterator<Item = usize> {
        (0..WORDS * 64).rev().filter(move |block| self.0[block / 64] >> (block % 64) & 1 == 1)
    }
}

/// The bucket of a kind: of three signs that no text has.
pub(crate) fn kind_bucket(kind: TransactionKind) -> u32 {
    let code = u32::try_from(kind.code()).ok().and_then(char::from_u32).unwrap_or_default();
    hash_trigram(['\0', '\0', code])
}

/// The page that a bucket is on.
pub(crate) fn page_of(bucket: u32) -> i64 {
    i64::from(bucket / PAGE_BUCKETS)
}

/// A signature in the making.
pub(super) struct Signature(Vec<Blocks>);

impl Signature {
    pub(super) fn empty() -> Self {
        Self(vec![Blocks::NONE; BUCKETS as usize])
    }

    /// `place`: of the line in its segment, from 0.
    pub(super) fn add(&mut self, bucket: u32, place: i64) {
        let block = usize::try_from(place % SEGMENT_LINES / BLOCK_LINES).unwrap_or_default();
        self.0[bucket as usize].add(block);
    }

    /// One bit a bucket.
    pub(super) fn buckets(&self) -> Vec<u8> {
        let byte = |buckets: &[Blocks]| {
            let bits = buckets.iter().enumerate().map(|(bit, blocks)| u8::from(*blocks != Blocks::NONE) << bit);
            bits.fold(0, |byte, bit| byte | bit)
        };
        self.0.chunks(8).map(byte).collect()
    }

    /// The pages that have anything, by number.
    pub(super) fn pages(&self) -> impl Iterator<Item = (i64, Vec<u8>)> {
        let pages = (0_i64..).zip(self.0.chunks(PAGE_BUCKETS as usize));
        pages.filter(|(_, buckets)| buckets.iter().any(|blocks| *blocks != Blocks::NONE)).map(|(page, buckets)| {
            let mut bytes = Vec::new();
            for blocks in buckets {
                write_blocks(*blocks, &mut bytes);
            }
            (page, bytes)
        })
    }
}

fn write_blocks(blocks: Blocks, bytes: &mut Vec<u8>) {
    let count = blocks.count();
    match u8::try_from(count) {
        Ok(few) if count <= LISTED => {
            bytes.push(few);
            for block in blocks.numbers() {
                bytes.extend(u16::try_from(block).unwrap_or_default().to_be_bytes());
            }
        }
        _ => {
            bytes.push(AS_BITS);
            bytes.extend(blocks.0.iter().flat_map(|word| word.to_be_bytes()));
        }
    }
}

/// The blocks of a bucket on its page; `None`: the page is not whole.
pub(crate) fn read_blocks(mut page: &[u8], bucket: u32) -> Option<Blocks> {
    for place in 0..PAGE_BUCKETS {
        let (form, rest) = page.split_first()?;
        let length = if *form == AS_BITS { WORDS * 8 } else { usize::from(*form) * 2 };
        let (bytes, rest) = rest.split_at_checked(length)?;
        if place == bucket % PAGE_BUCKETS {
            let mut blocks = Blocks::NONE;
            if *form == AS_BITS {
                for (word, bytes) in blocks.0.iter_mut().zip(bytes.as_chunks().0) {
                    *word = u64::from_be_bytes(*bytes);
                }
            } else {
                for number in bytes.as_chunks().0 {
                    blocks.add(usize::from(u16::from_be_bytes(*number)));
                }
            }
            return Some(blocks);
        }
        page = rest;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let mut signature = Signature::empty();
        for place in 0..SEGMENT_LINES {
            signature.add(7, place);
            if place % 500 == 3 {
                signature.add(8, place);
            }
        }
        signature.add(BUCKETS - 1, 17);
        let pages: Vec<_> = signature.pages().collect();
        assert_eq!(pages.iter().map(|(page, _)| *page).collect::<Vec<_>>(), [0, 511]);
        assert_eq!(read_blocks(&pages[0].1, 7), Some(Blocks::ALL));
        assert_eq!(read_blocks(&pages[0].1, 8).unwrap().count(), 17);
        assert_eq!(read_blocks(&pages[0].1, 9), Some(Blocks::NONE));
        assert_eq!(read_blocks(&pages[1].1, BUCKETS - 1).unwrap().numbers().collect::<Vec<_>>(), [1]);
        assert_eq!(read_blocks(&pages[0].1[..40], 31), None);
        assert_eq!((signature.buckets()[0], signature.buckets()[1], signature.buckets()[2047]), (0x80, 1, 0x80));
    }
}
