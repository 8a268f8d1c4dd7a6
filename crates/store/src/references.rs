//! Which references of usage a wallet has. Nearly every one is new, and a filter in memory (Bloom's, in blocks) says so
//! without a look at the database; what it cannot rule out is looked for.
//! See docs/decisions/0097-reference-filters.md.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use billing_domain::ledger::Hash;
use sha2::{Digest as _, Sha256};

use crate::wallet_id::WalletId;

/// Lines that share an entry's first part in the index `ledger_digest`; its SQL says so too.
pub(crate) const RUN_LINES: i64 = 8192;
/// Lines of a whole piece; the first pieces are smaller, since most wallets are.
pub(crate) const PIECE_LINES: i64 = 64 * RUN_LINES;
/// Of a filter, a line: one new reference in about a hundred thousand is looked for in vain.
const BITS_A_LINE: i64 = 32;
/// Words of 64 bits in a block, which is one line of the processor's cache.
const BLOCK_WORDS: usize = 8;
/// In memory, of all wallets together.
const MAX_WORDS: usize = 256 * 1024 * 1024 / 8;

/// What is indexed of a reference: the beginning of its SHA-256.
pub(crate) fn digest_reference(reference: &str) -> i64 {
    let hash: [u8; 32] = Sha256::digest(reference.as_bytes()).into();
    hash.first_chunk().map_or(0, |beginning| i64::from_be_bytes(*beginning))
}

/// The first sixteen bytes of the SHA-256 of a reference: what is indexed of it, and the eight that follow.
pub(crate) fn digest_longer(reference: &str) -> (i64, i64) {
    let hash: [u8; 32] = Sha256::digest(reference.as_bytes()).into();
    let number = |from: usize| {
        let part = hash.get(from..).and_then(|rest| rest.first_chunk());
        part.map_or(0, |part| i64::from_be_bytes(*part))
    };
    (number(0), number(8))
}

/// How far a filter knows the ledger. The hash shows that it is still that ledger: after a failover it may not be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ChainPosition {
    pub(crate) seq: i64,
    pub(crate) hash: Hash,
}

impl ChainPosition {
    /// Of an empty ledger.
    pub(crate) const BEGINNING: Self = Self { seq: 0, hash: Hash::GENESIS };
}

/// Lines of one posting, to be entered once they are committed.
#[derive(Clone, Debug)]
pub(crate) struct Committed {
    pub(crate) wallet: WalletId,
    pub(crate) before: ChainPosition,
    pub(crate) after: ChainPosition,
    /// Of usage lines: their `seq` and digest.
    pub(crate) digests: Vec<(i64, i64)>,
}

/// A span of lines: those above `after` up to `until`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) after: i64,
    pub(crate) until: i64,
}

impl Span {
    /// The piece that the line after `seq` belongs to: 8,192 lines, as many again, twice as many, and so on.
    pub(crate) fn following(seq: i64) -> Self {
        if seq < RUN_LINES {
            return Self { after: 0, until: RUN_LINES };
        }
        if seq >= PIECE_LINES {
            let after = seq - seq % PIECE_LINES;
            return Self { after, until: after.saturating_add(PIECE_LINES) };
        }
        let mut after = RUN_LINES;
        while after * 2 <= seq {
            after *= 2;
        }
        Self { after, until: after * 2 }
    }

    /// Only whole pieces are kept in the database.
    pub(crate) const fn is_whole(self) -> bool {
        self.until - self.after == PIECE_LINES
    }

    /// The first runs of its lines and the last, newest first.
    pub(crate) fn runs(self, last_seq: i64) -> impl Iterator<Item = i64> {
        let last = (self.until.min(last_seq) - 1) / RUN_LINES;
        (self.after / RUN_LINES..=last).rev()
    }
}

/// A filter over the digests of one span.
#[derive(Clone, Debug)]
struct Piece {
    span: Span,
    words: Box<[u64]>,
    saved: bool,
}

/// Odd numbers that spread a digest over the words of a block: the fractional parts of the square roots of primes.
const SPREAD: [u64; BLOCK_WORDS] = [
    0x6a09_e667_f3bc_c909,
    0xbb67_ae85_84ca_a73b,
    0x3c6e_f372_fe94_f82b,
    0xa54f_f53a_5f1d_36f1,
    0x510e_527f_ade6_82d1,
    0x9b05_688c_2b3e_6c1f,
    0x1f83_d9ab_fb41_bd6b,
    0x5be0_cd19_137e_2179,
];

impl Piece {
    fn empty(span: Span) -> Self {
        let words = usize::try_from((span.until - span.after) * BITS_A_LINE / 64).unwrap_or(BLOCK_WORDS);
        Self { span, words: vec![0; words.max(BLOCK_WORDS)].into_boxed_slice(), saved: false }
    }

    /// The first word of the digest's block, and the bit in each of its words.
    fn places(&self, digest: i64) -> (usize, [u64; BLOCK_WORDS]) {
        let bits = digest.cast_unsigned();
        let blocks = u64::try_from(self.words.len() / BLOCK_WORDS).unwrap_or(1);
        // The upper half says the block (a product instead of a remainder), the whole the bits.
        let block = usize::try_from(((bits >> 32) * blocks) >> 32).unwrap_or_default();
        (block * BLOCK_WORDS, SPREAD.map(|odd| 1 << (bits.wrapping_mul(odd) >> 58)))
    }

    fn add(&mut self, digest: i64) {
        let (first, bits) = self.places(digest);
        for (word, bit) in self.words[first..].iter_mut().zip(bits) {
            *word |= bit;
        }
    }

    fn may_have(&self, digest: i64) -> bool {
        let (first, bits) = self.places(digest);
        self.words[first..].iter().zip(bits).all(|(word, bit)| word & bit != 0)
    }

    fn to_bytes(&self) -> Vec<u8> {
        self.words.iter().flat_map(|word| word.to_be_bytes()).collect()
    }

    fn from_bytes(span: Span, bytes: &[u8]) -> Option<Self> {
        let mut piece = Self { saved: true, ..Self::empty(span) };
        let (stored, rest) = bytes.as_chunks();
        if stored.len() != piece.words.len() || !rest.is_empty() {
            return None;
        }
        for (word, stored) in piece.words.iter_mut().zip(stored) {
            *word = u64::from_be_bytes(*stored);
        }
        Some(piece)
    }
}

#[derive(Debug)]
struct Filter {
    at: ChainPosition,
    pieces: Vec<Piece>,
    used: u64,
}

#[derive(Debug, Default)]
struct Filters {
    wallets: HashMap<WalletId, Filter>,
    words: usize,
    uses: u64,
}

/// The filters of a server's wallets. What is in one may be too much (a posting that was rolled back), never too little up
/// to its position.
#[derive(Debug, Default)]
pub(crate) struct ReferenceFilters(Mutex<Filters>);

impl ReferenceFilters {
    fn lock(&self) -> MutexGuard<'_, Filters> {
        // Each change under this lock is complete in itself.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How far the wallet's filter knows its ledger.
    pub(crate) fn position(&self, wallet: WalletId) -> ChainPosition {
        self.lock().wallets.get(&wallet).map_or(ChainPosition::BEGINNING, |filter| filter.at)
    }

    /// Forgets what is known of a wallet.
    pub(crate) fn forget(&self, wallet: WalletId) {
        self.lock().forget(wallet);
    }

    /// Enters lines that follow those it knows; if it knows others by now, somebody else has entered these.
    pub(crate) fn enter(&self, committed: &Committed) {
        let mut filters = self.lock();
        let filter = filters.filter(committed.wallet);
        if filter.at != committed.before {
            return;
        }
        let mut added = 0;
        for (seq, digest) in &committed.digests {
            added += filter.piece(*seq);
            if let Some(piece) = filter.pieces.iter_mut().rev().find(|piece| piece.span.after < *seq) {
                piece.add(*digest);
            }
        }
        filter.at = committed.after;
        filters.grow(committed.wallet, added);
    }

    /// Takes over a whole piece as it was kept, if that follows what it knows; whether it does and could be read.
    pub(crate) fn enter_kept(
        &self,
        wallet: WalletId,
        before: ChainPosition,
        after: ChainPosition,
        bytes: &[u8],
    ) -> bool {
        let span = Span::following(before.seq);
        let Some(piece) = Piece::from_bytes(span, bytes) else { return false };
        let mut filters = self.lock();
        let filter = filters.filter(wallet);
        if filter.at != before || span.until != after.seq {
            return false;
        }
        let words = piece.words.len();
        filter.pieces.push(piece);
        filter.at = after;
        filters.grow(wallet, words);
        true
    }

    /// A whole piece that is not kept yet, and from now on counts as kept: where it begins, and its bytes.
    pub(crate) fn take_unsaved(&self, wallet: WalletId) -> Option<(i64, Vec<u8>)> {
        let mut filters = self.lock();
        let filter = filters.wallets.get_mut(&wallet)?;
        let done = filter.at.seq;
        let full = |piece: &&mut Piece| !piece.saved && piece.span.is_whole() && piece.span.until <= done;
        let piece = filter.pieces.iter_mut().find(full)?;
        piece.saved = true;
        Some((piece.span.after, piece.to_bytes()))
    }

    /// Those of the digests that cannot be ruled out, by the span in which they may be: newest first. `None`: the filter does
    /// not know the ledger as far as `at`, perhaps because it was forgotten meanwhile.
    pub(crate) fn suspects(
        &self,
        wallet: WalletId,
        at: ChainPosition,
        digests: &[i64],
    ) -> Option<Vec<(Span, Vec<i64>)>> {
        if at == ChainPosition::BEGINNING {
            return Some(Vec::new());
        }
        let filters = self.lock();
        let filter = filters.wallets.get(&wallet)?;
        if filter.at != at && filter.at.seq <= at.seq {
            return None;
        }
        let suspects = |piece: &Piece| {
            let found: Vec<_> = digests.iter().copied().filter(|digest| piece.may_have(*digest)).collect();
            (!found.is_empty()).then_some((piece.span, found))
        };
        Some(filter.pieces.iter().rev().filter_map(suspects).collect())
    }
}

impl Filter {
    /// Makes the piece of a line if it is not there; how many words that took.
    fn piece(&mut self, seq: i64) -> usize {
        let span = Span::following(seq.saturating_sub(1));
        if self.pieces.last().is_some_and(|piece| piece.span.after >= span.after) {
            return 0;
        }
        self.pieces.push(Piece::empty(span));
        self.pieces.last().map_or(0, |piece| piece.words.len())
    }
}

impl Filters {
    fn filter(&mut self, wallet: WalletId) -> &mut Filter {
        self.uses += 1;
        let used = self.uses;
        let new = || Filter { at: ChainPosition::BEGINNING, pieces: Vec::new(), used };
        let filter = self.wallets.entry(wallet).or_insert_with(new);
        filter.used = used;
        filter
    }

    fn forget(&mut self, wallet: WalletId) {
        if let Some(filter) = self.wallets.remove(&wallet) {
            self.words -= filter.pieces.iter().map(|piece| piece.words.len()).sum::<usize>();
        }
    }

    /// One has grown: where that is too much in all, those go that were not used for longest.
    fn grow(&mut self, wallet: WalletId, words: usize) {
        self.words += words;
        while self.words > MAX_WORDS {
            let others = self.wallets.iter().filter(|(other, _)| **other != wallet);
            let Some(oldest) = others.min_by_key(|(_, filter)| filter.used).map(|(oldest, _)| *oldest) else { return };
            self.forget(oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(seq: i64) -> ChainPosition {
        ChainPosition { seq, hash: Hash::GENESIS }
    }

    fn digest(number: i64) -> i64 {
        digest_reference(&format!("call-{number}"))
    }

    fn entered(filters: &ReferenceFilters, after: i64, until: i64) {
        let digests = (after + 1..=until).map(|seq| (seq, digest(seq))).collect();
        let wallet = WalletId::default();
        filters.enter(&Committed { wallet, before: position(after), after: position(until), digests });
    }

    #[test]
    fn spans_meet_and_grow_to_whole_pieces() {
        let (mut seq, mut spans) = (0, Vec::new());
        while spans.len() < 10 {
            let span = Span::following(seq);
            assert_eq!(span.after, seq);
            assert!((span.after..span.until).step_by(1111).all(|inside| Span::following(inside) == span));
            seq = span.until;
            spans.push(span);
        }
        assert_eq!(spans.iter().filter(|span| span.is_whole()).count(), 3);
        assert_eq!(spans[7], Span { after: PIECE_LINES, until: 2 * PIECE_LINES });
        assert_eq!(spans[1].runs(RUN_LINES + 1).collect::<Vec<_>>(), [1]);
        assert_eq!(spans[2].runs(i64::MAX).collect::<Vec<_>>(), [3, 2]);
    }

    #[test]
    fn what_was_entered_is_always_suspected_and_other_hardly_ever() {
        let (filters, wallet) = (ReferenceFilters::default(), WalletId::default());
        for (after, until) in [(0, 5000), (5000, 8192), (8192, 8193), (8193, 40_000), (40_000, 100_000)] {
            entered(&filters, after, until);
            assert_eq!(filters.position(wallet), position(until));
        }
        let known: Vec<_> = (1..=100_000).map(digest).collect();
        let found: usize =
            filters.suspects(wallet, position(100_000), &known).unwrap().iter().map(|(_, digests)| digests.len()).sum();
        assert!(found >= known.len(), "{found}");
        let strange: Vec<_> = (200_001..=300_000).map(digest).collect();
        let found: usize = filters
            .suspects(wallet, position(100_000), &strange)
            .unwrap()
            .iter()
            .map(|(_, digests)| digests.len())
            .sum();
        assert!(found < 20, "{found} of a hundred thousand");
        assert!(filters.suspects(wallet, position(100_000), &[digest(70_000)]).unwrap()[0].0.after >= 65_536);
    }

    #[test]
    fn lines_that_do_not_follow_are_left_out_and_known_ones_can_be_forgotten() {
        let (filters, wallet) = (ReferenceFilters::default(), WalletId::default());
        entered(&filters, 0, 10);
        entered(&filters, 5, 12);
        assert_eq!(filters.position(wallet), position(10));
        filters.forget(wallet);
        assert_eq!((filters.position(wallet), filters.lock().words), (ChainPosition::BEGINNING, 0));
        assert_eq!(filters.suspects(wallet, position(10), &[digest(1)]), None, "nothing is ruled out without a filter");
    }

    #[test]
    fn a_whole_piece_is_kept_once_and_read_back() {
        let (filters, wallet) = (ReferenceFilters::default(), WalletId::default());
        entered(&filters, 0, PIECE_LINES);
        assert_eq!(filters.take_unsaved(wallet), None, "the pieces before are small");
        entered(&filters, PIECE_LINES, 2 * PIECE_LINES);
        let (after, bytes) = filters.take_unsaved(wallet).unwrap();
        assert_eq!((after, filters.take_unsaved(wallet)), (PIECE_LINES, None));
        let other = ReferenceFilters::default();
        entered(&other, 0, PIECE_LINES);
        assert!(!other.enter_kept(wallet, position(PIECE_LINES), position(2 * PIECE_LINES), &bytes[1..]));
        assert!(other.enter_kept(wallet, position(PIECE_LINES), position(2 * PIECE_LINES), &bytes));
        let line = digest(PIECE_LINES + 77);
        let end = position(2 * PIECE_LINES);
        assert_eq!(other.suspects(wallet, end, &[line]), filters.suspects(wallet, end, &[line]));
        assert_eq!(other.take_unsaved(wallet), None);
    }
}
