//! Numbers at random that can be had again: every storm prints its seed, and takes one from the environment.

/// The seed of `NEXIS_BILLING_TEST_SEED`, else `usual`.
pub(crate) fn seed(usual: u64) -> u64 {
    let told = std::env::var("NEXIS_BILLING_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = told.unwrap_or(usual);
    eprintln!("NEXIS_BILLING_TEST_SEED={seed}");
    seed
}

/// The next number of Knuth's MMIX generator, its upper half.
pub(crate) fn next(seed: &mut u64) -> usize {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    usize::try_from(*seed >> 33).unwrap()
}
