//! Parallel copies as a sequence: the arguments of a branch go to the parameters of its target all at once.
//!
//! The usual algorithm (e.g. May, *The parallel assignment problem redefined*, 1989): copies whose destination nobody
//! reads any more go first; what remains is cycles, each broken through one scratch register.

use std::collections::HashMap;

/// Appends to `sequence` copies `(to, from)` that do what `parallel` does all at once. Destinations are distinct.
pub(crate) fn sequentialize(parallel: &[(u32, u32)], scratch: u32, sequence: &mut Vec<(u32, u32)>) {
    // The common cases need no tables.
    match parallel {
        [] => return,
        [(to, from)] => {
            if to != from {
                sequence.push((*to, *from));
            }
            return;
        }
        _ => {}
    }
    // Where the value that a register held at the start is now, and how many copies still read it.
    let mut source: HashMap<u32, u32> = HashMap::with_capacity(parallel.len());
    let mut readers: HashMap<u32, u32> = HashMap::with_capacity(parallel.len());
    for &(to, from) in parallel.iter().filter(|(to, from)| to != from) {
        source.insert(to, from);
        *readers.entry(from).or_default() += 1;
    }
    // In the order of `parallel`, so that the result does not depend on hashing.
    let mut ready: Vec<u32> = parallel
        .iter()
        .map(|&(to, _)| to)
        .filter(|to| source.contains_key(to) && !readers.contains_key(to))
        .collect();
    let emit = |to: u32,
                source: &mut HashMap<u32, u32>,
                readers: &mut HashMap<u32, u32>,
                ready: &mut Vec<u32>,
                sequence: &mut Vec<(u32, u32)>| {
        let Some(from) = source.remove(&to) else { return };
        sequence.push((to, from));
        if let Some(count) = readers.get_mut(&from) {
            *count -= 1;
            if *count == 0 {
                readers.remove(&from);
                if source.contains_key(&from) {
                    ready.push(from);
                }
            }
        }
    };
    for &(start, _) in parallel {
        while let Some(to) = ready.pop() {
            emit(to, &mut source, &mut readers, &mut ready, sequence);
        }
        // Only cycles are left: save one register, so that it may be written, and redirect its only reader.
        if source.contains_key(&start) {
            sequence.push((scratch, start));
            let reader = parallel
                .iter()
                .find(|(to, from)| *from == start && source.contains_key(to))
                .map(|&(to, _)| to);
            if let Some(reader) = reader {
                source.insert(reader, scratch);
                readers.remove(&start);
                ready.push(start);
            }
        }
    }
    while let Some(to) = ready.pop() {
        emit(to, &mut source, &mut readers, &mut ready, sequence);
    }
}

#[cfg(test)]
mod tests {
    use super::sequentialize;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

        #[test]
        fn the_sequence_does_what_the_parallel_copy_does(
            from in proptest::collection::vec(0u32..12, 0..12),
            shuffle in Just((0u32..12).collect::<Vec<_>>()).prop_shuffle(),
        ) {
            let parallel: Vec<(u32, u32)> = shuffle.iter().copied().zip(from).collect();
            let mut registers: Vec<u32> = (0..13).collect();
            let mut expected = registers.clone();
            for &(to, from) in &parallel {
                expected[to as usize] = from;
            }
            let mut sequence = Vec::new();
            sequentialize(&parallel, 12, &mut sequence);
            for (to, from) in sequence {
                registers[to as usize] = registers[from as usize];
            }
            prop_assert_eq!(&registers[..12], &expected[..12]);
        }
    }
}
