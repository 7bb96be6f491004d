//! How many make a quorum.

/// The smallest number of `n` nodes such that any two such sets share a node.
pub const fn majority(n: usize) -> usize {
    n / 2 + 1
}

/// The most Byzantine nodes that `n` replicas can bear: the largest f with n >= 3f + 1
/// (Pease, Shostak and Lamport 1980).
pub const fn byzantine_faults(n: usize) -> usize {
    n.saturating_sub(1) / 3
}

/// The smallest set of `n` replicas such that any two share more than
/// [`byzantine_faults`]`(n)` replicas, hence a correct one: 2f + 1 when n = 3f + 1.
pub const fn byzantine_quorum(n: usize) -> usize {
    (n + byzantine_faults(n) + 2) / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quorums_intersect_as_they_must() {
        for n in 1..=101 {
            let (m, f, q) = (majority(n), byzantine_faults(n), byzantine_quorum(n));
            assert!(2 * m > n && 2 * (m - 1) <= n);
            assert!(2 * q - n > f, "n = {n}");
            assert!(2 * (q - 1) < n + f + 1, "n = {n}: a smaller set would do");
            if n == 3 * f + 1 {
                assert_eq!(q, 2 * f + 1);
            }
        }
    }
}
