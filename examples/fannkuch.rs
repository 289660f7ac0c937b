//! Flipping pancakes: the most reversals that any permutation of 1 to n needs to bring 1 to the front.

const MAX: usize = 10;

/// How often the first `p[0] + 1` elements must be reversed until 0 is in front.
fn flips(permutation: &[usize; MAX]) -> u32 {
    let mut p = *permutation;
    let mut count = 0;
    while p[0] != 0 {
        let first = p[0];
        p[..=first].reverse();
        count += 1;
    }
    count
}

/// The most flips, and the checksum that the benchmarks game asks for.
fn fannkuch(n: usize) -> (u32, i64) {
    let mut permutation = [0; MAX];
    for i in 0..n {
        permutation[i] = i;
    }
    let mut counts = [0; MAX];
    let mut most = 0;
    let mut checksum = 0;
    let mut even = true;
    loop {
        let flipped = flips(&permutation);
        most = most.max(flipped);
        checksum += if even { i64::from(flipped) } else { -i64::from(flipped) };
        even = !even;
        // The next permutation: rotate ever longer prefixes, each as often as it has elements.
        let mut length = 1;
        loop {
            if length == n {
                return (most, checksum);
            }
            let first = permutation[0];
            for i in 0..length {
                permutation[i] = permutation[i + 1];
            }
            permutation[length] = first;
            counts[length] += 1;
            if counts[length] <= length {
                break;
            }
            counts[length] = 0;
            length += 1;
        }
    }
}

fn main() {
    for n in 5..=8 {
        let (most, checksum) = fannkuch(n);
        println!("Pfannkuchen({n}) = {most}, checksum {checksum}");
    }
}
